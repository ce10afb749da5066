import { z } from 'zod'

import { shareUp } from '../../shares.js'
import { strategyEntry } from './entry.js'
import { byCoordinate, meanWithoutEnds } from './order-statistics.js'

/** How many of `count` values are cut at each end: beta of them, rounded up, as long as one is left. */
export const cutOf = (count: number, beta: number): number =>
  Math.min(Math.max(0, shareUp(beta, count)), (count - 1) >> 1)

/**
 * The coordinate-wise trimmed mean: theta[i] <- the mean of theta_k[i] without the share beta of the smallest and the
 * share beta of the largest. Every client counts alike. It holds while at most that share is corrupt.
 *
 * Yin, Chen, Ramchandran, Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
 * ICML 2018, definition 2 and algorithm 1 (option II), on models in place of gradients. The cut is rounded up, or
 * few answers would not be trimmed at all; beta = 0.2, one of five, is this library's choice.
 */
export const trimmedMean = strategyEntry({
  kind: 'trimmed-mean',
  sentence: 'the mean of every coordinate without its extremes',
  source: 'Yin et al., ICML 2018, definition 2 and algorithm 1',
  schema: z.strictObject({
    kind: z.literal('trimmed-mean'),
    beta: z.number().min(0).lt(0.5).default(0.2).describe('Share of the answers cut at each end'),
  }),
  define: ({ beta }) => ({
    fold: (state, updates) => {
      const cut = cutOf(updates.length, beta)
      return { ...state, values: byCoordinate(updates, (ordered) => meanWithoutEnds(ordered, cut)) }
    },
    absent: 'The share cut is a share of those that answered, rounded up.',
  }),
})
