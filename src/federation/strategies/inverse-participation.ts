import { z } from 'zod'

import { averageStatistics, deltasOf, sharesBy, weightings, type Weighting } from './deltas.js'
import { strategyEntry } from './entry.js'
import { seatOf } from './fold.js'
import type { FoldContext, PartState, Update } from './strategy.js'
import { combine, moved } from './vectors.js'

/** What is known of how often clients take part: one entry per client, [clients]. */
interface Participation {
  /** omega_k: the estimated inverse of its probability to take part. */
  readonly weight: Float32Array
  /** S_k: rounds since its last interval ended. */
  readonly waited: Float32Array
  /** M_k: intervals seen. */
  readonly intervals: Float32Array
}

/**
 * One round of FedAU's estimate (Wang and Ji 2024, algorithm 2): an interval ends when the client takes part, or after
 * `cutoff` rounds; omega is the mean length of the intervals, 1 before the first.
 */
export const observe = (before: Participation, present: readonly boolean[], cutoff: number): Participation => {
  const weight = before.weight.slice()
  const waited = before.waited.slice()
  const intervals = before.intervals.slice()
  for (let k = 0; k < weight.length; k++) {
    waited[k] += 1
    if (!present[k] && waited[k] < cutoff) continue
    weight[k] = intervals[k] === 0 ? waited[k] : (intervals[k] * weight[k] + waited[k]) / (intervals[k] + 1)
    intervals[k] += 1
    waited[k] = 0
  }
  return { weight, waited, intervals }
}

/** What the part remembers, brought up to the beginning of `round`: rounds that folded nothing had nobody take part. */
const recall = ({ memory }: PartState, clients: number, round: number, cutoff: number): Participation => {
  const nobody = Array.from({ length: clients }, () => false)
  let known: Participation = {
    weight: memory.weight ?? new Float32Array(clients).fill(1),
    waited: memory.waited ?? new Float32Array(clients),
    intervals: memory.intervals ?? new Float32Array(clients),
  }
  for (let missed = (memory.round?.[0] ?? 0) + 1; missed < round; missed++) known = observe(known, nobody, cutoff)
  return known
}

const foldByParticipation = (
  state: PartState,
  updates: readonly Update[],
  { round, clients, segments }: FoldContext,
  { cutoff, weighting }: { readonly cutoff: number; readonly weighting: Weighting },
): PartState => {
  const known = recall(state, clients.length, round, cutoff)
  const shares = sharesBy(weighting, clients)
  const places = updates.map(({ client }) => seatOf(clients, client))
  const weights = places.map((place) => shares[place] * known.weight[place])
  const values = moved(state.values, combine(deltasOf(state, updates), weights))
  const present = new Set(places)
  const after = observe(known, clients.map((_, place) => present.has(place)), cutoff)
  const memory = { ...after, round: Float32Array.of(round) }
  return { ...state, values: averageStatistics(values, updates, segments), memory }
}

/**
 * Inverse-participation weighting: theta <- theta + sum over who answered of p_k omega_k Delta_k, where omega_k estimates
 * one over the probability that k takes part, so that in expectation every client counts by its share p_k of all rows,
 * however seldom it comes. omega_k is FedAU's: the mean number of rounds between its answers, intervals cut at `cutoff`,
 * from the rounds before this one.
 *
 * Wang, Ji, "A Lightweight Method for Tackling Unknown Participation Statistics in Federated Averaging", ICLR 2024,
 * algorithms 1 and 2 (there p_k = 1 / K, `uniform`); cutoff 50 is the paper's.
 */
export const inverseParticipation = strategyEntry({
  kind: 'inverse-participation',
  sentence: 'deltas weighted by one over how often their client takes part, estimated as in FedAU',
  source: 'Wang and Ji, ICLR 2024, algorithms 1 and 2',
  schema: z.strictObject({
    kind: z.literal('inverse-participation'),
    cutoff: z.int().min(1).default(50).describe('Rounds after which an interval between answers ends by itself'),
    weighting: z.enum(weightings).default('examples').describe('Shares of the clients: by rows, or all alike'),
  }),
  define: (options) => ({
    fold: (state, updates, about) => foldByParticipation(state, updates, about, options),
    needs: { updates: 'sum' },
    absent: 'It adds nothing to the round, and counts the more when it comes, by the mean interval between its answers.',
  }),
})
