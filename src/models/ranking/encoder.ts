import type { Tensor } from '@tensorflow/tfjs'
import type { ModelRun } from '../layers.js'
import type { SegmentSpec } from '../layout.js'

/** Vectors of all users [users, width] and of all items [items, width]; row 0 of each is unknown. */
export interface Tables {
  readonly users: Tensor
  readonly items: Tensor
}

/** How many rows the tables have, with the unknown ones. */
export interface Counts {
  readonly users: number
  readonly items: number
}

/** Makes the vectors that are compared from those that are learnt. */
export interface Encoder {
  /** What it needs beside the two embedding tables. */
  readonly segments: readonly SegmentSpec[]
  /** Width of what it gives. */
  readonly width: number
  apply(tables: Tables, run: ModelRun): Tables
}

/** Which encoder, as data. */
export interface EncoderOptions {
  /** Width of the embedding tables. */
  readonly embedding: number
  /** Steps of propagation along the client's interactions; `mf` has none. Default 3. */
  readonly layers?: number
  /** Probability that an element of a propagated vector is dropped while training; `ngcf` alone. Default 0. */
  readonly dropout?: number
}

export const encoderKinds = ['mf', 'lightgcn', 'ngcf'] as const
export type EncoderKind = (typeof encoderKinds)[number]
