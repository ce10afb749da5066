import type { Table } from '../data/table.js'
import type { Layout, SegmentRole } from '../models/layout.js'
import type { Features, Model } from '../models/model.js'
import type { Clip } from './program/clip.js'
import type { Optimizer } from './program/optimizer.js'
import type { Balancer } from '../balancing/balancer.js'
import type { Task } from '../tasks/task.js'

/** Everything that decides the numbers of local training except the data and the parameters. Plain data but for the model. */
export interface Training {
  readonly model: Model
  readonly features: Features
  readonly tasks: readonly Task[]
  readonly layout: Layout
  readonly optimizer: Optimizer
  /** Weight of each task's loss in the total, in the order of `tasks`; 0 for one that the model only scores. */
  readonly taskWeights: readonly number[]
  /** Decides instead of `taskWeights`, step by step; built for the tasks that the model is trained by. */
  readonly balancer?: Balancer
  /** How rows are weighed; as their tables say, in their mean, where absent. */
  readonly weighting?: Weighting
  /** Whether the loss has a proximal term (mu / 2) |theta - anchor|^2 over the segments that are shared. */
  readonly proximal: boolean
  /** Segments the proximal term covers, when there is one. */
  readonly proximalSegments: readonly string[]
  /** Segments that stay bitwise as they are, running statistics too. Default: none. */
  readonly frozen?: readonly string[]
  /** By role of a segment: (l2 / 2) |theta|^2 of its parameters is part of the loss. Default: of none. */
  readonly l2?: Readonly<Partial<Record<SegmentRole, number>>>
  /** How the gradient of each step's loss is kept short. Default: not at all. */
  readonly clip?: Clip
  /** Whether a constant is added to the gradient: `TrainJob.correction`. Default: no. */
  readonly corrected?: boolean
  /** Rows per step before padding to a multiple of 16. */
  readonly batch: number
  /** Steps in one traced graph. A job's steps run in chunks of this many, the remainder one by one. */
  readonly chunk: number
  /**
   * Clients that share one run of the graph, at most; absent: as many as pay in training, by what a step moves, and each for
   * itself in scoring. Never changes a bit of the result.
   */
  readonly cohort?: number | undefined
}

/** How training rows are weighed in the losses of their tasks, beside what their table says. */
export interface Weighting {
  /** By task: a weight for each class, that of negatives before that of positives. Others' classes count alike. */
  readonly byClass?: Readonly<Record<string, readonly number[]>>
  /**
   * `mean`: a task's weights are divided by their mean over the client's training rows that have the label. `given`: they
   * are not.
   */
  readonly scale?: 'mean' | 'given'
}

/** State of an optimizer for one client: slot vectors in the layout's order, and the number of steps taken. */
export interface OptimizerState {
  readonly steps: number
  /** Slot name to [layout.size]. */
  readonly slots: Readonly<Record<string, Float32Array>>
}

/** What a client remembers for its balancer: not reset with the optimizer, since balancing looks across rounds. */
export interface BalanceState {
  /** Steps that the client has taken since it began to remember; with its rows they say which epoch it is in. */
  readonly steps: number
  /** By name, in the balancer's shape. */
  readonly memory: Readonly<Record<string, Float32Array>>
}

/** Which rows a job trains on, in which order: decided by a named random stream, so a job is a pure function. */
export interface BatchPlan {
  /** Passes over the data. May be fractional: 0.5 stops after half of the batches of one epoch, rounded up. */
  readonly epochs: number
  /**
   * The job has one of `of` parts of those batches, as equal as whole batches allow: the one that comes after `nth`
   * others. Together they have each batch once. Default: all of them.
   */
  readonly part?: { readonly nth: number; readonly of: number }
  /** Seed and key of the order; epoch number e draws its permutation from the stream (seed, ...key, 'order', e). */
  readonly seed: string
  readonly key: readonly (string | number)[]
}

/**
 * Local training of one client: a pure function of what is in here and of the registered data. Its vectors must not
 * change before the result is there.
 */
export interface TrainJob {
  readonly kind: 'train'
  readonly client: string
  /** Handle that `Engine.prepare` gave. */
  readonly program: string
  /** Handle that `Engine.register` gave. */
  readonly data: string
  readonly parameters: Float32Array
  /** Centre of the proximal term; `parameters` at the start when absent. */
  readonly anchor?: Float32Array
  readonly mu?: number
  /** [layout.size], added to the gradient at every step where the program is `corrected`; zeros when absent. */
  readonly correction?: Float32Array
  readonly optimizer?: OptimizerState
  /** The learning rate, in place of the program's. */
  readonly rate?: number
  /** Of the learning rate; 1 when absent. */
  readonly rateFactor?: number
  /** What the balancer remembers; its beginnings when absent. */
  readonly balance?: BalanceState
  readonly plan: BatchPlan
  /**
   * So many bytes, a multiple of 8, are to be free before the result's parameters in memory of their own, for whoever sends
   * them on. An engine may leave none: see `hasRoom`.
   */
  readonly room?: number | undefined
}

/** Whether a job's result has the room before its parameters that the job asks for. */
export const hasRoom = ({ parameters }: TrainResult, { room = 0 }: TrainJob): boolean =>
  room > 0 && parameters.byteOffset === room && parameters.buffer.byteLength === room + parameters.byteLength

/** Steps of a job in which a balancer found no gradient of a task that had a labelled row, or one that was not finite. */
export interface OddGradients {
  readonly task: string
  readonly none: number
  readonly notFinite: number
}

export interface TrainResult {
  readonly parameters: Float32Array
  readonly optimizer: OptimizerState
  /** Of a balancer that counts epochs or remembers something. */
  readonly balance?: BalanceState
  /** Mean training loss per task over those of the job's steps that had a row with its label; 0 where none had. */
  readonly losses: Float64Array
  /** Tasks whose gradients were odd; absent where none was, or where a balancer looks at none. */
  readonly odd?: readonly OddGradients[]
  readonly steps: number
  /** Rows trained on, counting a row once per epoch. */
  readonly examples: number
}

/** Scores of one client's model on one table. */
export interface ScoreJob {
  readonly kind: 'score'
  readonly client: string
  readonly program: string
  readonly data: string
  /** Handle of the client's training table, without which models that read interactions are not scored. */
  readonly history?: string
  readonly parameters: Float32Array
}

export interface ScoreResult {
  /**
   * Per task: [rows] logits for binary, [rows] numbers for regression, [rows, classes] logits for multiclass, empty where
   * there is no head.
   */
  readonly scores: readonly Float32Array[]
}

/** What a program costs, from its recorded graph: the same on every engine and in every cohort. */
export interface Cost {
  /** Floating-point operations of one step. */
  readonly flops: number
  /** Bytes that one step's kernels read and write. */
  readonly bytes: number
}

export interface Prepared {
  /** Handle for jobs: a hash of what decides the numbers. */
  readonly program: string
  readonly cost: Cost
}

/**
 * Executes jobs. Results do not depend, in a single bit, on which jobs run together, on the number of workers, or on
 * what finishes first; they come back in the order of the jobs.
 */
export interface Engine {
  readonly name: string
  /** Versions of libraries that only who has loaded them can tell, for the manifest. */
  readonly versions?: Readonly<Record<string, string>>
  prepare(training: Training): Promise<Prepared>
  /** Makes a table known to every worker under a handle. */
  register(handle: string, table: Table): Promise<void>
  train(jobs: readonly TrainJob[]): readonly Promise<TrainResult>[]
  score(jobs: readonly ScoreJob[]): readonly Promise<ScoreResult>[]
  close(): Promise<void>
}
