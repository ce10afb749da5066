import { z } from 'zod'

import { allFinite } from '../finite.js'
import { strategyEntry } from './entry.js'
import { byCoordinate, middle } from './order-statistics.js'
import type { Update } from './strategy.js'
import { axpy, combine, difference, moved, norm, squaredDistance, type Vector } from './vectors.js'

/** Where a step is shorter than this share of the usual distance, float32 does not show it. */
const still = 1e-8

const distances = (points: readonly Vector[], from: Vector): Float64Array =>
  Float64Array.from(points, (point) => Math.sqrt(squaredDistance(point, from)))

/**
 * From `start` to where the sum of the distances to all points is least, as far as so many steps of Weiszfeld's algorithm
 * come:
 *
 *     v <- sum_k beta_k theta_k / sum_k beta_k,  beta_k = 1 / |theta_k - v|
 *
 * nu is `smoothing` times the median distance from `start`. Where that is zero more than half of the points lie there, and
 * so does their geometric median. From a point that is within nu of v the smoothed algorithm, whose beta_k is at most
 * 1 / nu, gets away only in very small steps; here m such points hold v back by m / r of the way, r being the pull of the
 * others, and altogether where r <= m (Vardi and Zhang, PNAS 97, 2000): then they are the median.
 */
export const weiszfeld = (points: readonly Vector[], start: Vector, smoothing: number, iterations: number): Float64Array => {
  const usual = middle(distances(points, start).sort())
  /** Steps are taken from `start`, so that what all have in common costs no digits. */
  const offsets = points.map((point) => Float64Array.from(point, (value, i) => value - start[i]))
  const step = new Float64Array(start.length)
  if (usual === 0) return step
  for (let i = 0; i < iterations; i++) {
    const pulls = distances(offsets, step).map((distance) => (distance <= smoothing * usual ? 0 : 1 / distance))
    const total = pulls.reduce((sum, pull) => sum + pull, 0)
    if (total === 0) break
    const way = difference(combine(offsets, pulls.map((pull) => pull / total)), step)
    const [here, pull] = [pulls.filter((own) => own === 0).length, total * norm(way)]
    const share = here === 0 ? 1 : Math.max(0, 1 - here / pull)
    axpy(step, share, way)
    if (share * norm(way) <= still * usual) break
  }
  return step
}

/**
 * Robust federated averaging (RFA): the geometric median of what clients sent, by Weiszfeld's algorithm, smoothed. Every
 * client counts alike. It holds while fewer than half of those that answered are corrupt, and unlike rules on coordinates
 * it does not depend on the axes.
 *
 * Pillutla, Kakade, Harchaoui, "Robust Aggregation for Federated Learning", IEEE Transactions on Signal Processing 70,
 * 2022, algorithm 2. There nu is 1e-6 in the unit of the parameters, and three or so steps are taken, each of which is a
 * secure average over the network. Here the owner has all updates before it: steps cost no messages, so they go on until
 * nothing moves, and nu goes with the spread of the round. They begin at the coordinate-wise median, which, unlike the
 * mean, no minority carries away. An update that is not finite is left out.
 */
export const geometricMedian = strategyEntry({
  kind: 'geometric-median',
  sentence: 'the point with the least sum of distances to what clients sent (RFA)',
  source: 'Pillutla et al., IEEE TSP 70, 2022, algorithm 2',
  schema: z.strictObject({
    kind: z.literal('geometric-median'),
    smoothing: z.number().positive().max(1).default(1e-6)
      .describe('nu as a share of the median distance of an update from the coordinate-wise median'),
    iterations: z.int().min(1).max(10_000).default(100).describe('Steps at most'),
  }),
  define: ({ smoothing, iterations }) => ({
    fold: (state, updates: readonly Update[]) => {
      const sound = updates.filter(({ values }) => allFinite(values))
      if (sound.length === 0) return state
      const start = byCoordinate(sound, middle)
      const step = weiszfeld(sound.map(({ values }) => values), start, smoothing, iterations)
      return { ...state, values: moved(start, step) }
    },
    absent: 'The median is of those that answered, so fewer answers bear fewer corrupt ones.',
  }),
})
