import { z } from 'zod'

import { uniformWeights } from './deltas.js'
import { strategyEntry } from './entry.js'
import { lotsOf, weightedSum } from './fold.js'
import { pairwise, squaredDistance } from './vectors.js'

/** Squared distances between updates, [n][n]; one that is no number is infinite. */
export const krumDistances = (values: readonly Float32Array[]): Float64Array[] =>
  pairwise(values, (a, b) => {
    const distance = squaredDistance(a, b)
    return Number.isFinite(distance) ? distance : Infinity
  })

/**
 * Scores of Krum among some of the updates: s(k) is the sum of the squared distances from update k to its n - f - 2 nearest
 * others (at least one).
 */
export const scoresOf = (distances: readonly Float64Array[], among: readonly number[], byzantine: number): Float64Array => {
  const near = Math.min(Math.max(1, among.length - byzantine - 2), among.length - 1)
  return Float64Array.from(among, (k) =>
    Float64Array.from(among, (j) => distances[k][j])
      .filter((_, j) => among[j] !== k)
      .sort()
      .subarray(0, near)
      .reduce((sum, distance) => sum + distance, 0),
  )
}

/** Scores of Krum among all of them. */
export const krumScores = (values: readonly Float32Array[], byzantine: number): Float64Array =>
  scoresOf(krumDistances(values), values.map((_, k) => k), byzantine)

/**
 * Indices of the `keep` lowest scores, ascending. Ties are the rule where one neighbour counts, since two that are each
 * other's nearest score alike: of equal scores that with the lowest lot is taken.
 */
export const lowest = (scores: Float64Array, keep: number, lots: readonly number[]): number[] =>
  Array.from(scores.keys())
    .sort((a, b) => (scores[a] === scores[b] ? lots[a] - lots[b] : scores[a] - scores[b]))
    .slice(0, keep)
    .sort((a, b) => a - b)

/**
 * Krum and multi-Krum: the update nearest to its neighbours, or the plain mean of the `keep` nearest.
 *
 *     s(k) = sum of |theta_k - theta_j|^2 over the n - f - 2 nearest j != k
 *     theta <- mean of theta_k over the `keep` lowest s(k)
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
 * NeurIPS 2017, section 4 (Krum, keep = 1) and its multi-Krum. The proof asks for n > 2f + 2 answers; with fewer the
 * rule goes on with at least one neighbour. Each owner judges its own part, so parts may choose different clients.
 */
export const krum = strategyEntry({
  kind: 'krum',
  sentence: 'the update that lies nearest to its neighbours, or the mean of the nearest few (multi-Krum)',
  source: 'Blanchard et al., NeurIPS 2017, section 4',
  schema: z.strictObject({
    kind: z.literal('krum'),
    byzantine: z.int().min(0).default(1).describe('f: how many clients may be corrupt'),
    keep: z.int().min(1).default(1).describe('How many updates are averaged: 1 is Krum, more is multi-Krum'),
  }),
  define: ({ byzantine, keep }) => ({
    fold: (state, updates, about) => {
      const scores = krumScores(updates.map(({ values }) => values), byzantine)
      const kept = lowest(scores, keep, lotsOf(updates, about, 'krum')).map((k) => updates[k])
      return { ...state, values: weightedSum(kept, uniformWeights(kept)) }
    },
    absent: 'Only those that answered are compared; below 2 f + 3 of them the guarantee is gone.',
  }),
})
