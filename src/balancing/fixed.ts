import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { byTask, inOrder } from './by-task.js'

/** sum_t w_t L_t, with the weights as they are given. */
export const fixed = balancerEntry({
  kind: 'fixed',
  sentence: 'the tasks’ losses with weights of one’s own',
  source: 'Caruana, Machine Learning 28, 1997',
  schema: z.strictObject({
    kind: z.literal('fixed'),
    weights: byTask.describe('Weight of each task’s loss, by task name; not divided by anything'),
  }),
  build: ({ weights }, { tasks }) => {
    const ordered = inOrder('local.balance.weights', weights, tasks)
    return { kind: 'fixed', inputs: [], memory: [], balance: () => ({ weights: ordered }) }
  },
})

export const fixedWeights = (weights: Readonly<Record<string, number>>) =>
  ({ kind: 'fixed', weights: { ...weights } }) as const
