import { z } from 'zod'
import type { Task } from '../tasks/task.js'
import { balancerEntry } from './balancer.js'

/** One weight per task, summing to 1. */
export const equalWeights = (tasks: readonly Task[]): number[] => tasks.map(() => 1 / tasks.length)

/** The mean of the tasks' losses, as MTReclib trains. */
export const equal = balancerEntry({
  kind: 'equal',
  sentence: 'the mean of the tasks’ losses',
  source: 'Caruana, Machine Learning 28, 1997; the mean as in MTReclib main.py',
  schema: z.strictObject({ kind: z.literal('equal') }),
  build: (_, { tasks }) => ({
    kind: 'equal', inputs: [], memory: [], balance: () => ({ weights: equalWeights(tasks) }),
  }),
})
