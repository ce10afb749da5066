import type { Segment } from '../../models/layout.js'
import type { Task } from '../../tasks/task.js'
import type { Training } from '../engine.js'
import type { Optimizer } from './optimizer.js'

/**
 * A program consists of three graphs: `chunk` takes `training.chunk` steps, `step` takes one (for the remainder, for
 * the cost and for the program's identity), `score` is one batch of the forward pass.
 */
export type Part = 'chunk' | 'step' | 'score'

/** What the host must know to feed a program, as plain data: it crosses to workers, the model does not. */
export interface Recipe {
  readonly program: string
  readonly segments: readonly Pick<Segment, 'name' | 'offset' | 'size'>[]
  /** Elements of the flat parameter vector. */
  readonly size: number
  readonly tasks: readonly Task[]
  readonly optimizer: Optimizer
  /** Rows per training step before padding. */
  readonly batch: number
  /** Steps that the `chunk` part takes. */
  readonly chunk: number
  /** Rows per run of the `score` part. */
  readonly scoreBatch: number
}

export const recipeOf = (training: Training, program: string, scoreBatch: number): Recipe => ({
  program,
  segments: training.layout.segments.map(({ name, offset, size }) => ({ name, offset, size })),
  size: training.layout.size,
  tasks: training.tasks,
  optimizer: training.optimizer,
  batch: training.batch,
  chunk: training.chunk,
  scoreBatch,
})
