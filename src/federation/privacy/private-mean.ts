import { sentTo } from '../strategies/fold.js'
import type { StaleUpdate } from '../strategies/stale-updates.js'
import type { PartState } from '../strategies/strategy.js'
import { difference, norm } from '../strategies/vectors.js'
import { addGaussian } from './gaussian.js'
import { boundOf, type PrivacyTerms } from './privacy.js'

/**
 * All that a strategy is given of the updates of a round: one, of nobody, that moves the part by
 *
 *     (sum_k Delta_k + N(0, (noise C)^2 on every number)) / divisor
 *
 * McMahan et al., ICLR 2018, algorithm 1. Where clients have added the noise it is in the Deltas. Where owners add it, each
 * Delta is held to its bound once more: rounding, or one that does not clip, moves nothing further.
 */
export const privateMean = (
  terms: PrivacyTerms, part: string, state: PartState, updates: readonly StaleUpdate[], round: number, life: number,
): StaleUpdate => {
  const { values: before } = state
  const bound = boundOf(terms)
  const sum = new Float64Array(before.length)
  for (const { update: { client, values } } of updates) {
    const delta = difference(values, sentTo(state, client))
    const length = terms.where === 'server' ? norm(delta) : 0
    const share = length > bound ? bound / length : 1
    for (let i = 0; i < sum.length; i++) sum[i] += share * delta[i]
  }
  if (terms.where === 'server') addGaussian(sum, terms.noise * terms.clip, terms.draws(part, round, '', life))
  const values = Float32Array.from(sum, (value, i) => before[i] + value / terms.divisor)
  return { update: { client: '', round, examples: 1, steps: 1, values, extras: {} }, base: before, staleness: 0 }
}
