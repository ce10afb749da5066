/** What a segment is in its model. Strategies give scopes by role. */
export type Role = 'embedding' | 'input' | 'bottom' | 'expert' | 'gate' | 'tower' | 'batch-norm' | 'other'

/** How a segment starts. `glorot` and `he` are uniform; fans are of one matrix, not of a stack of them. */
export type Initial =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'glorot'; readonly fanIn: number; readonly fanOut: number }
  | { readonly kind: 'he'; readonly fanIn: number }

/** What an axis of a segment counts; `expert` and `task` axes are what parts and scopes are cut along. */
export type Axis = 'expert' | 'task' | 'in' | 'out' | 'row'

/** A tensor of parameters as a model declares it. */
export interface SegmentSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** One label per axis of `shape`. At most one `expert` axis: entry e of it belongs to expert network e. */
  readonly axes: readonly Axis[]
  readonly role: Role
  readonly initial: Initial
  /** The expert network that owns the whole segment, for a model that keeps each expert in segments of its own. */
  readonly expert?: number
  /** The task that the whole segment serves. */
  readonly task?: string
  /** False for running statistics: they come back from the model as `state` and get no gradient. Default true. */
  readonly trainable?: boolean
}

/** A segment with its place in the flat vector: `offset` and `size` count float32 elements. */
export interface Segment extends SegmentSpec {
  readonly trainable: boolean
  readonly offset: number
  readonly size: number
}

/** The ordered, named segments of one flat `Float32Array` of `size` elements. */
export interface Layout {
  readonly segments: readonly Segment[]
  readonly size: number
  /** How many expert networks the segments speak of (0 for a model without experts). */
  readonly experts: number
}
