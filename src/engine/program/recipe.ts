import type { Segment } from '../../models/layout.js'
import type { Memory } from '../../balancing/balancer.js'
import type { HostInput } from '../../balancing/host-input.js'
import { trainedTasks } from '../../models/trained-tasks.js'
import type { Task } from '../../tasks/task.js'
import type { Training, Weighting } from '../engine.js'
import type { Optimizer } from './optimizer.js'

/**
 * A program consists of three graphs: `chunk` takes `training.chunk` steps, `step` takes one (for the remainder, for
 * the cost and for the program's identity), `score` is one batch of the forward pass.
 */
export type Part = 'chunk' | 'step' | 'score'

/** The part of a balancer that is not in the graph. */
export interface BalanceRecipe {
  readonly inputs: readonly HostInput[]
  readonly memory: readonly Memory[]
}

export const balanceRecipeOf = ({ balancer }: Pick<Training, 'balancer'>): BalanceRecipe | undefined => {
  if (balancer === undefined || balancer.inputs.length + balancer.memory.length === 0) return undefined
  return { inputs: balancer.inputs, memory: balancer.memory }
}

/** What the host must know to feed a program, as plain data: it crosses to workers, the model does not. */
export interface Recipe {
  readonly program: string
  readonly segments: readonly Pick<Segment, 'name' | 'offset' | 'size'>[]
  /** Elements of the flat parameter vector. */
  readonly size: number
  readonly tasks: readonly Task[]
  /** Places of those that the model is trained by. */
  readonly trained: readonly number[]
  readonly optimizer: Optimizer
  /** How rows are weighed; as their tables say, in their mean, where absent. */
  readonly weighting?: Weighting
  /** What the balancer needs from the host, and remembers; nothing for one that needs neither. */
  readonly balance?: BalanceRecipe
  /** Rows per training step before padding. */
  readonly batch: number
  /** Steps that the `chunk` part takes. */
  readonly chunk: number
  /** Rows per run of the `score` part. */
  readonly scoreBatch: number
}

export const recipeOf = (training: Training, program: string, scoreBatch: number): Recipe => ({
  ...(training.weighting && { weighting: training.weighting }),
  ...(balanceRecipeOf(training) && { balance: balanceRecipeOf(training)! }),
  program,
  segments: training.layout.segments.map(({ name, offset, size }) => ({ name, offset, size })),
  size: training.layout.size,
  tasks: training.tasks,
  trained: trainedTasks(training.model, training.tasks).map((task) => training.tasks.indexOf(task)),
  optimizer: training.optimizer,
  batch: training.batch,
  chunk: training.chunk,
  scoreBatch,
})
