import { z } from 'zod'

import { strategyEntry } from './entry.js'
import { sampleWeights, weightedSum } from './fold.js'

/**
 * pFedMe: each client's personal model minimises its loss near the client's copy of the common model (a Moreau
 * envelope), and that copy is drawn towards the personal model.
 *
 *     theta <- argmin f_k(theta) + (lambda / 2) |theta - w_k|^2,   by SGD from w_k         R times in a round
 *     w_k <- w_k - eta lambda (w_k - theta)
 *     w <- (1 - beta) w + beta sum_k (n_k / n) w_k
 *
 * Dinh, Tran, Nguyen, "Personalized Federated Learning with Moreau Envelopes", NeurIPS 2020, algorithm 1, which averages
 * uniformly over sampled clients and solves each inner problem with K steps on one minibatch. Here the R inner problems
 * share out the batches of the client's epochs, so that a round has the same examples as FedAvg's; where there are fewer
 * batches than problems, the last ones have none and leave the copy where it is. The client serves theta. `rate` is eta; with R = 5, eta lambda = 0.25 takes w_k three quarters of the way, as the paper's settings do.
 */
export const pFedMe = strategyEntry({
  kind: 'pfedme',
  sentence: 'personal models near each client’s copy of the common one, and copies drawn towards them',
  source: 'Dinh et al., NeurIPS 2020, algorithm 1',
  schema: z.strictObject({
    kind: z.literal('pfedme'),
    lambda: z.number().positive().default(1).describe('Strength of (lambda / 2) |theta - w|^2'),
    rate: z.number().positive().default(0.25).describe('eta: the copy moves eta lambda of the way to the personal model'),
    inner: z.int().min(1).default(5).describe('R: inner problems in a round'),
    beta: z.number().positive().default(1).describe('How far the common model goes to the mean of the copies'),
  }),
  define: ({ lambda, rate, inner, beta }) => ({
    legs: [
      {
        name: 'inner',
        epochs: 1 / inner,
        repeats: inner,
        start: ({ made, received }) => made.copy ?? received,
        proximal: { mu: lambda },
        leaves: ({ made, received }, personal) => {
          const copy = made.copy ?? received
          return { personal, copy: copy.map((w, i) => w - rate * lambda * (w - personal[i])) }
        },
      },
    ],
    finish: ({ made }) => ({ sent: made.copy, kept: { personal: made.personal } }),
    serves: { kept: 'personal' },
    convex: true,
    fold: (state, updates) => {
      const mean = weightedSum(updates, sampleWeights(updates))
      return { ...state, values: beta === 1 ? mean : state.values.map((w, i) => w + beta * (mean[i] - w)) }
    },
    needs: { updates: 'mean', clientState: true },
    absent: 'Left out of the mean; its personal model stays as it is.',
  }),
})
