import { onePerScenario, sampleWeights, weightedSum } from './fold.js'
import type { Strategy } from './strategy.js'

/**
 * FedAvg: theta <- sum_k (n_k / n) theta_k over the clients that answered.
 *
 * McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
 * Decentralized Data", AISTATS 2017, algorithm 1. Everything is shared, running statistics of batch norm included.
 */
export const fedAvg = (): Strategy => ({
  name: 'fedavg',
  source: 'McMahan et al., AISTATS 2017, algorithm 1',
  convex: true,
  template: () => 'global',
  mu: 0,
  arrange: onePerScenario,
  weights: sampleWeights,
  fold: (_state, updates) => weightedSum(updates, sampleWeights(updates)),
})
