import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { byTask, inOrder } from './by-task.js'

/**
 * Weights that decay or grow by epoch: w_k(t) = w_k,0 gamma_k^t, where t counts the passes over its rows that a client
 * has finished in its whole life. Tang et al., RecSys 2020, the joint loss of PLE.
 */
export const decay = balancerEntry({
  kind: 'decay',
  sentence: 'weights that decay or grow by a factor per local epoch',
  source: 'Tang, Liu, Zhao and Gong, RecSys 2020 (PLE), joint loss optimization: w_k(t) = w_k,0 gamma_k^t',
  schema: z.strictObject({
    kind: z.literal('decay'),
    weights: byTask.prefault({}).describe('Weight of each task’s loss in the first epoch; 1 where not given'),
    ratios: byTask.describe('What an epoch multiplies a task’s weight by; 1 where not given'),
  }),
  build: ({ weights, ratios }, { tasks }) => {
    const factors = inOrder('local.balance.weights', weights, tasks, 1)
    const bases = inOrder('local.balance.ratios', ratios, tasks, 1)
    return {
      kind: 'decay',
      inputs: [{ kind: 'epoch-power', name: 'weights', factors, bases, from: 0 }],
      memory: [],
      balance: (step) => ({ weights: tf.unstack(step.input('weights')) }),
    }
  },
})

export const decayingWeights = (options: { ratios: Record<string, number>; weights?: Record<string, number> }) =>
  ({ kind: 'decay', ...options }) as const
