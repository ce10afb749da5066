import { mean } from '../statistics/moments.js'
import { type Better, worth } from './metric.js'

/** A task's score with several tasks learnt at once, with that task alone, and which way is better. */
export interface TaskPair {
  readonly together: number
  readonly alone: number
  readonly better: Better
}

const gain = ({ together, alone, better }: TaskPair): number => worth(better, together) - worth(better, alone)

/**
 * MTL gain of each task: how much better it is learnt with others than alone, in the metric's own unit (Tang, Liu, Zhao
 * and Gong, *Progressive Layered Extraction*, RecSys 2020, its MTL gain). A gain beside a loss is the seesaw.
 */
export const mtlGains = (tasks: readonly TaskPair[]): number[] => tasks.map(gain)

/**
 * The relative gain, averaged over tasks: Delta_m = 1/T sum of (-1)^l (M_together - M_alone) / M_alone (Maninis,
 * Radosavovic and Kokkinos, *Attentive Single-Tasking of Multiple Tasks*, CVPR 2019). NaN of no tasks.
 */
export const relativeMtlGain = (tasks: readonly TaskPair[]): number =>
  mean(tasks.map((task) => gain(task) / task.alone))
