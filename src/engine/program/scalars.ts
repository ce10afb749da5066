import type { Optimizer } from './optimizer.js'

/*
 * What the host computes of an optimizer. Apart from `update.ts` so that workers need not load TensorFlow.js.
 */

/** Names of the state that an optimizer keeps per segment; each starts at zero. */
export const slotsOf = (optimizer: Optimizer): readonly string[] => {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum > 0 ? ['velocity'] : []
    case 'adam':
      return ['m', 'v']
    case 'adagrad':
      return ['sum']
    default:
      return optimizer satisfies never
  }
}

/**
 * The numbers that step t (from 1, over the client's whole life with this optimizer state) needs from the host, by
 * name. `factor` scales the learning rate: what a schedule of rates makes of it.
 *
 * Adam keeps M = m / (1 - beta1) and V = v / (1 - beta2) instead of m and v, which saves two passes over the parameters
 * a step, and all that is missing goes into two numbers: with c1 = 1 - beta1^t and c2 = 1 - beta2^t, PyTorch's
 * rate / c1 * m / (sqrt(v / c2) + epsilon) is `rate` * M / (sqrt(V) + `epsilon`).
 */
export const scalarsOf = (optimizer: Optimizer, t: number, factor = 1): Readonly<Record<string, number>> => {
  const rate = optimizer.rate * factor
  switch (optimizer.kind) {
    case 'sgd':
      return { rate }
    case 'adam': {
      const { beta1, beta2, epsilon, weightDecay } = optimizer
      const scale = Math.sqrt((1 - beta2 ** t) / (1 - beta2))
      return {
        rate: (rate * scale * (1 - beta1)) / (1 - beta1 ** t),
        epsilon: epsilon * scale,
        ...(weightDecay !== undefined && { keep: 1 - rate * weightDecay }),
      }
    }
    case 'adagrad':
      return { rate, epsilon: optimizer.epsilon }
    default:
      return optimizer satisfies never
  }
}
