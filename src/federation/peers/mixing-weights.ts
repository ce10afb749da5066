import type { Graph } from './graph.js'

/** How a peer weighs what it has. */
export const weightRules = ['metropolis', 'uniform'] as const
export type WeightRule = (typeof weightRules)[number]

/**
 * The row of the mixing matrix W of one peer in one round, for those whose models have come, itself among them.
 *
 *   metropolis:  W_ij = 1 / (1 + max(d_i, d_j)) for a neighbour j, and what is left for itself
 *   uniform:     the same for all that it has
 *
 * Metropolis-Hastings weights (Xiao and Boyd, Systems and Control Letters 2004, section 4) make W symmetric, and so doubly
 * stochastic whatever the graph; what has not come leaves its weight with the peer itself. Uniform ones do so only where all
 * peers have as many neighbours, and all has come.
 */
export const mixingWeights = (rule: WeightRule, graph: Graph, client: number, round: number, came: readonly number[]): Float64Array => {
  const weights = new Float64Array(came.length)
  if (rule === 'uniform') return weights.fill(1 / came.length)
  const degree = graph.neighbours(client, round).length
  let own = 1
  came.forEach((other, i) => {
    if (other === client) return
    weights[i] = 1 / (1 + Math.max(degree, graph.neighbours(other, round).length))
    own -= weights[i]
  })
  weights[came.indexOf(client)] = Math.max(0, own)
  return weights
}
