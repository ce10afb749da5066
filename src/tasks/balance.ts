import type { Task } from './task.js'

/**
 * Equal balance: the total is the mean of the tasks' losses (as MTReclib trains). One weight per task, summing to 1.
 */
export const equalWeights = (tasks: readonly Task[]): number[] => tasks.map(() => 1 / tasks.length)
