import { z } from 'zod'

/** Options that every world of users and items has. */
export const interactionOptions = {
  core: z.int().min(1).max(1e6).default(5).describe('every user keeps at least so many items and every item so many users'),
  split: z
    .enum(['time', 'random']).default('time')
    .describe('60/20/20 of all interactions: the earliest train; or at random, as PMTRec splits, so the future leaks'),
  tasks: z
    .array(z.string()).min(1).optional().describe('which tasks, the main one first; by default all that the data has'),
  uniformity: z.number().min(0).default(1).describe('weight of uniformity against alignment in the task `sphere`'),
}

/** The options, checked. */
export interface InteractionOptions {
  readonly core: number
  readonly split: 'time' | 'random'
  readonly tasks?: readonly string[] | undefined
  readonly uniformity: number
}
