import type { StaleUpdate } from '../strategies/stale-updates.js'
import type { PartState } from '../strategies/strategy.js'
import { fromRing, greatest, toRing } from './fixed-point.js'
import type { SecureAggregationTerms } from './secure-aggregation.js'

/** What a client puts under masks of one part, and what of it could not be said in fixed point. */
export interface Input {
  /** [length + 1], of the ring: w Delta, and w in units of its own. */
  readonly ring: Uint32Array
  /** Numbers that were beyond the range, and were cut off there. */
  readonly beyond: number
  /** Some number was not finite: all of it is 0, its weight too, so that it counts for nothing. */
  readonly notFinite: boolean
}

type Terms = Pick<SecureAggregationTerms, 'fixedPoint' | 'mostRows'>

/** A weight as a whole number: 1 where all count alike; else rows themselves, as long as those of all fit; above 0 for whoever has any. */
const weightOf = (rows: number, { fixedPoint, mostRows }: Terms): number => {
  if (mostRows === undefined) return 1
  const top = greatest(fixedPoint)
  if (mostRows <= top || rows === 0) return rows
  return Math.max(1, Math.round((rows * top) / mostRows))
}

/** The weight of the client that has most rows. */
const topWeight = (terms: Terms): number => Math.max(1, weightOf(terms.mostRows ?? 1, terms))

/**
 * What a client puts under masks: w Delta with w = rows / the largest number of rows, and the weight, since its owner does not see
 * either of them alone.
 */
export const inputOf = (sent: Float32Array, received: Float32Array, rows: number, terms: Terms): Input => {
  const { length } = sent
  const { range } = terms.fixedPoint
  const weight = weightOf(rows, terms)
  const share = weight / topWeight(terms)
  const moved = new Float64Array(length)
  let beyond = 0
  for (let i = 0; i < length; i++) {
    const value = share * (sent[i] - received[i])
    if (!Number.isFinite(value)) return { ring: new Uint32Array(length + 1), beyond: 0, notFinite: true }
    if (Math.abs(value) > range) beyond++
    moved[i] = value
  }
  const ring = new Uint32Array(length + 1)
  ring.set(toRing(moved, terms.fixedPoint))
  ring[length] = weight
  return { ring, beyond, notFinite: false }
}

/**
 * All that a strategy is given of the updates of a round: one, of nobody, that moves the part by their mean,
 *
 *     (sum of w Delta) / (sum of w)
 *
 * undefined: their weights are 0, and there is none. With n inputs each number of it is within n step / (2 sum of w) of the mean of
 * what clients have moved, where a step is range / (2^(bits - 1) - 1) and the largest w is 1.
 */
export const maskedMean = (sum: Uint32Array, before: PartState, round: number, terms: Terms): StaleUpdate | undefined => {
  const { values: base } = before
  const { length } = base
  // A sum of weights is above 0 and has room as any other number of the ring.
  const weight = sum[length] / topWeight(terms)
  if (weight === 0) return undefined
  const moved = fromRing(sum.subarray(0, length), terms.fixedPoint)
  const values = Float32Array.from(moved, (value, i) => base[i] + value / weight)
  return { update: { client: '', round, examples: 1, steps: 1, values, extras: {} }, base, staleness: 0 }
}
