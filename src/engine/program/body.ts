import type { Tensor } from '@tensorflow/tfjs'

export type DType = 'float32' | 'int32' | 'bool'

/** Where an input of a program comes from. Whoever runs the program fills it; shapes are those of one client. */
export type Source =
  /** Current value of a segment, in the segment's shape. */
  | { readonly kind: 'parameter'; readonly segment: string }
  /** The proximal term's centre, in the segment's shape. */
  | { readonly kind: 'anchor'; readonly segment: string }
  /** A constant that is added to the gradient, in the segment's shape. */
  | { readonly kind: 'correction'; readonly segment: string }
  /** Optimizer state (`m`, `v`, `velocity`), in the segment's shape. */
  | { readonly kind: 'slot'; readonly slot: string; readonly segment: string }
  /** [batch, fields] int32. */
  | { readonly kind: 'categorical'; readonly step: number }
  /** [batch, numeric]. */
  | { readonly kind: 'numeric'; readonly step: number }
  /** [batch] 1 / (real rows), 0 for padding. */
  | { readonly kind: 'weight'; readonly step: number }
  /** [batch] a task's label, 0 where it has none; multiclass: [batch, classes] one-hot. */
  | { readonly kind: 'label'; readonly step: number; readonly task: string }
  /**
   * [batch] w / (rows that have the task's label), 0 elsewhere; all 0 when no row has one. w is 1 where nothing weighs rows,
   * and otherwise 1 in the mean over the client's rows; a row of weight 0 has no label.
   */
  | { readonly kind: 'label-weight'; readonly step: number; readonly task: string }
  /** Uniform draws in [0, 1) for the `draw`-th dropout of a step, from the stream (seed, ...key, 'dropout', ordinal of the step in the job, draw). */
  | { readonly kind: 'uniform'; readonly step: number; readonly draw: number }
  /**
   * [batch] int32: for each row an id of the field at place `of`, drawn uniformly from the stream (seed, ...key,
   * 'sample', ordinal of the step in the job, draw). `member`: another id than the row's own that occurs with the row's
   * id of the field at place `within`, in the client's table (its own where there is no other); otherwise one of 1 ..
   * size - 1 that never does. 0 for padding.
   */
  | {
      readonly kind: 'sample'
      readonly step: number
      readonly draw: number
      readonly of: number
      readonly within: number
      readonly member: boolean
      readonly size: number
    }
  /**
   * [edges] one end of the distinct pairs of ids that the client's training rows hold in two fields, or 1 / sqrt(the
   * ends' numbers of pairs). Pairs ascend by their left end, then by their right one; 0 (weight 0) for padding.
   */
  | { readonly kind: 'edges'; readonly end: 'left' | 'right' | 'weight'; readonly left: number; readonly right: number }
  /** [] a number per client that the host computes: learning rate with bias correction, mu, ... */
  | { readonly kind: 'scalar'; readonly name: string; readonly step: number }
  /** What the host computes for the balancer at a step, in the shape of `shapeOf`. */
  | { readonly kind: 'balance-input'; readonly name: string; readonly step: number }
  /** What the balancer remembers, in its shape. */
  | { readonly kind: 'balance'; readonly name: string }

/** What an output of a program is. */
export type Sink =
  | { readonly kind: 'parameter'; readonly segment: string }
  | { readonly kind: 'slot'; readonly slot: string; readonly segment: string }
  /** What the balancer remembers after the last step, in its shape. */
  | { readonly kind: 'balance'; readonly name: string }
  /** [] mean loss of a task over the rows of a step that have its label. */
  | { readonly kind: 'loss'; readonly step: number; readonly task: string }
  /** [trained tasks] squares of the lengths of the gradients that the balancer found in a step, in the order of the tasks. */
  | { readonly kind: 'gradients'; readonly step: number }
  /** [batch] logits or, for regression, numbers; [batch, classes] logits for multiclass. */
  | { readonly kind: 'score'; readonly task: string }

/** How a body asks for its inputs. Asking twice for the same source gives the same tensor. */
export interface Inputs {
  read(source: Source, shape: readonly number[], dtype?: DType): Tensor
}

/**
 * A whole computation for one client as TensorFlow.js: it pulls its inputs and returns its outputs. Run it under the
 * `trace` backend and it becomes a graph; run it on plain tfjs and it computes.
 */
export type Body = (inputs: Inputs) => readonly { readonly sink: Sink; readonly tensor: Tensor }[]

/** A canonical name for a source or a sink: the name of the graph's input or output. */
export const nameOf = (port: Source | Sink): string => Object.values(port).join('/')
