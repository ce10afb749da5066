import type { Segment } from '../../models/layout.js'

/** Tensors by name. */
export type Vectors = Readonly<Record<string, Float32Array>>

/** What a local optimizer's rule depends on, where a strategy must know it; the rate is that of the round. */
export interface OptimizerTerms {
  readonly kind: string
  readonly rate: number
  /** 0 for an optimizer without. */
  readonly momentum: number
}

/**
 * One client in one round, as a strategy's local rules see it. Every vector is flat, [layout.size], in the layout's
 * order, and must not be written to.
 */
export interface Local {
  readonly client: string
  readonly round: number
  /** Rows of training data. */
  readonly examples: number
  /** The model to start from: parts as they were sent, `private` segments as the client last left them. */
  readonly received: Float32Array
  /** What came down beside the parts, by the names of `Strategy.extras.down`: those with the length of the part. */
  readonly given: Vectors
  /** What the client kept from its last answer. Empty at first, and after a crash that keeps nothing. */
  readonly kept: Vectors
  /** What the legs of this round have left so far: the result of each under its name, unless `leaves` says otherwise. */
  readonly made: Vectors
  /** Mean loss of each task that the model is trained by, by leg; of the last repetition. */
  readonly losses: Readonly<Record<string, Float64Array>>
  /** Optimizer steps taken, by leg; all repetitions together. */
  readonly steps: Readonly<Record<string, number>>
  /** Losses that legs with `scores` measured, by the names they gave. */
  readonly scored: Readonly<Record<string, number>>
  readonly optimizer: OptimizerTerms
  /** The layout of the vectors. */
  readonly segments: readonly Segment[]
}

/** A stretch of local training. What it trains and which terms its gradient has is fixed; the vectors may depend. */
export interface Leg {
  /** Distinct within a strategy. */
  readonly name: string
  /** Whether the leg takes place in a round; default: in every. */
  readonly when?: (round: number) => boolean
  /** Segments that train; the others stay bitwise as they are, running statistics too. Default: all. */
  readonly trains?: (segment: Segment) => boolean
  /** Passes over the rows as a multiple of the client's own epochs, at each repetition. Default 1. */
  readonly epochs?: number
  /**
   * How often the leg is trained, one after the other. The batches of all its passes are dealt out to its repetitions,
   * each of them once and as equally as whole batches allow, and each repetition is charged for its own. Default 1.
   */
  readonly repeats?: number
  /** Where it starts; default: what was received. */
  readonly start?: (local: Local) => Float32Array
  /** Adds mu (theta - centre) to the gradient of what is trained and travels; the centre is by default the start. */
  readonly proximal?: { readonly mu: number; readonly centre?: (local: Local) => Float32Array }
  /** A constant that is added to the gradient at every step. */
  readonly correction?: (local: Local) => Float32Array
  /**
   * In place of training: measures the loss (the mean over tasks that the model is trained by) of each of these models
   * on the client's validation rows, or its training rows if it has none. Charged as a third of a training step for each
   * batch of rows, which is what a forward pass is of a step.
   */
  readonly scores?: (local: Local) => Vectors
  /** What the leg adds to `made`; default: its result under its name. */
  readonly leaves?: (local: Local, result: Float32Array) => Vectors
}

/** What a client makes of its legs. */
export interface Outcome {
  /** The model whose parts are sent, and whose `private` segments the client keeps: [layout.size]. */
  readonly sent: Float32Array
  /** For every name of `Strategy.extras.up`: [layout.size] where it has the part's length, else its own length. */
  readonly extras?: Readonly<Record<string, Float32Array | Float64Array>>
  /** What the client keeps until its next answer, in place of what it kept: [layout.size] each. Default: nothing. */
  readonly kept?: Vectors
  /** Optimizer steps behind what is sent; default: of all legs. */
  readonly steps?: number
}
