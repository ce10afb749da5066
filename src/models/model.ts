import type { Tensor } from '@tensorflow/tfjs'
import type { Task } from '../tasks/task.js'
import type { Layout, SegmentSpec } from './layout.js'

/** One categorical column; ids run from 0 (unknown) to size - 1. */
export interface CategoricalColumn {
  readonly name: string
  readonly size: number
  /** Neighbouring columns of one sequence (a viewing history, padded with 0) are one field: the mean of the embeddings
   * of their known ids. */
  readonly sequence?: string
  /** Whose rows of the embedding table it looks up, where not its own: columns with the same `table`, and the column
   * of that name, share them. Sizes must agree. */
  readonly table?: string
}

/** What a world offers to predict from. */
export interface Features {
  readonly categorical: readonly CategoricalColumn[]
  /** Numeric columns, already scaled. */
  readonly numeric: readonly string[]
  /** Where a row is an interaction of a user with an item. */
  readonly interactions?: Interactions
}

/** Which categorical fields are the user and the item of an interaction. */
export interface Interactions {
  /** Places in `categorical`. */
  readonly user: number
  readonly item: number
  /** The most distinct pairs of user and item that a client's training rows hold: what graphs are padded to. */
  readonly edges: number
}

/** The distinct interactions of one client's training rows, for models that propagate along them; [edges] each. */
export interface Edges {
  /** int32 */
  readonly users: Tensor
  /** int32 */
  readonly items: Tensor
  /** 1 / sqrt(degree of the user * degree of the item), 0 for padding. */
  readonly weights: Tensor
}

/** A draw of ids for the rows of a batch. */
export interface Sample {
  /** Places in `categorical`: ids of which field, and the field whose groups decide. */
  readonly of: number
  readonly within: number
  /** Whether the id shall occur with the row's group, and not be the row's own; or shall never occur with it. */
  readonly member: boolean
}

/** One batch of one client, padded: its length is a multiple of 16. */
export interface Batch {
  /** [batch, fields] int32, ids local to their field. */
  readonly categorical: Tensor
  /** [batch, numeric] float32. */
  readonly numeric: Tensor
  /** [batch] float32: 1 / (number of real rows) for a real row, 0 for padding. A weighted sum with it is a mean. */
  readonly weight: Tensor
  /** The client's training interactions, in training and in scoring. Throws where the world has no `interactions`. */
  readonly edges: Edges
}

/** How the model is being run. */
export interface Mode {
  readonly training: boolean
  /** Inverted dropout from a named random stream; the identity when not training or when `rate` is 0. */
  dropout(x: Tensor, rate: number): Tensor
  /** [batch] int32 ids from a named random stream; see the source `sample`. Only in training. */
  sample(what: Sample): Tensor
}

export type Parameters = Readonly<Record<string, Tensor>>

export interface Output {
  /**
   * One head per task: logits [batch, 1] for binary, predicted numbers [batch, 1] for regression, logits [batch,
   * classes] for multiclass, margins [batch, 1] for ranking, vectors [batch, 2 width] for alignment. The task owns the
   * loss. A ranking or alignment head may be missing when not training: then the task has no scores.
   */
  readonly heads: Readonly<Record<string, Tensor>>
  /** What a model adds to the loss of a task, [] by task name: a constraint that its paper trains with. */
  readonly penalties?: Readonly<Record<string, Tensor>>
  /** New values of segments that are not trainable (running statistics), by segment name. Only read when training. */
  readonly state?: Readonly<Record<string, Tensor>>
}

/** Vectors of users and items in plain arrays, row after row; a pair's score is the product of its rows. */
export interface UserItemVectors {
  /** [users, width] */
  readonly users: Float32Array
  /** [items, width] */
  readonly items: Float32Array
  readonly width: number
}

/** A client's training interactions, one entry per row; repeated pairs and unknown ids (0) do not count. */
export interface History {
  readonly users: ArrayLike<number>
  readonly items: ArrayLike<number>
}

/**
 * A model: a pure TensorFlow.js function for one client, and the segments it needs. The tracer records it once and adds
 * the cohort axis by itself, so the function never sees more than one client.
 */
export interface Model {
  readonly name: string
  segments(features: Features, tasks: readonly Task[]): readonly SegmentSpec[]
  forward(
    parameters: Parameters,
    batch: Batch,
    mode: Mode,
    about: { features: Features; tasks: readonly Task[] },
  ): Output
  /**
   * Names of tasks whose heads pass no gradient: they are scored and have no loss to train by, so they have no part in
   * balancing nor in a mean of losses. Default: none.
   */
  readonly scoredOnly?: (tasks: readonly Task[]) => readonly string[]
  /** For models that rank: the vectors of all users and items, on the host; they are judged by full ranking. */
  readonly vectors?: (layout: Layout, parameters: Float32Array, history: History) => UserItemVectors
}
