import type { World } from '../../data/world.js'
import type { Table } from '../../data/table.js'
import type { Axis, Segment } from '../../models/layout.js'
import type { Features } from '../../models/model.js'
import type { Order } from '../../random/order.js'
export type { OptimizerTerms, Vectors } from './local.js'
import type { Leg, Local, OptimizerTerms, Outcome, Vectors } from './local.js'

/** Which copies of a segment there are. `private` segments never travel. */
export type Scope = 'global' | 'scenario' | 'task' | 'private'

/** The parameter template: the scope that a strategy gives to each segment. */
export type Template = (segment: Segment) => Scope

/** What one client sent for one part. Values are the part's tensors, flattened in the layout's order. */
export interface Update {
  readonly client: string
  /** The round the client trained for. */
  readonly round: number
  /** Rows of training data behind the update. */
  readonly examples: number
  /** Optimizer steps behind the update. */
  readonly steps: number
  readonly values: Float32Array
  /** What else the strategy asked clients to send for this part, by the names of `Strategy.extras.up`. */
  readonly extras: Vectors
}

/** One part as its owner holds it. Plain data. */
export interface PartState {
  readonly part: string
  /** The common values, [length of the part]. */
  readonly values: Float32Array
  /** What a client is sent where that differs from `values`, by client: [length of the part] each. */
  readonly personal: ReadonlyMap<string, Float32Array>
  /** The strategy's own state of this part: momentum, control variates, weights, buffers. Empty at first. */
  readonly memory: Vectors
}

/** A segment as far as it belongs to a part. */
export interface PartSegment extends Pick<Segment, 'name' | 'role' | 'task' | 'factor' | 'trainable'> {
  readonly scope: Scope
  /** Index of the expert network that owns the part, from 0; undefined in the trunk. */
  readonly expert: number | undefined
  /** Without the `expert` axis where the part is one entry of it. */
  readonly shape: readonly number[]
  /** One label per axis of `shape`. */
  readonly axes?: readonly Axis[]
  /** Where it lies in the part's values: both count float32 elements. */
  readonly offset: number
  readonly size: number
}

/** What a fold may know besides the part and its updates. */
export interface FoldContext {
  readonly round: number
  /**
   * A random order of `clients`, by their index, drawn for what it decides (a tie, whose turn it is) and for a round, by
   * default this one. The same at every owner.
   */
  order(decided: string, round?: number): Order
  /** All clients of the federation, whether they answered or not, in the order of their names. */
  readonly clients: readonly { readonly name: string; readonly examples: number }[]
  /** The part's segments, in the order of its values. */
  readonly segments: readonly PartSegment[]
  readonly optimizer: OptimizerTerms
}

/** One client of the federation: what it trains on, and the scenarios whose impressions its model serves. */
export interface Member {
  /** Without the prefix `client-`. */
  readonly name: string
  readonly train: Table
  readonly serves: readonly { readonly scenario: string; readonly validation: Table; readonly test: Table }[]
}

/** The federation that a strategy makes of a world. */
export interface Arrangement {
  readonly features: Features
  readonly members: readonly Member[]
}

/** A further tensor of a message: as long as the part (`part`), as many numbers as the model is trained by tasks, or of a fixed length. */
export interface Extra {
  readonly name: string
  readonly length: 'part' | 'tasks' | number
  /** What is sent down where memory has none: zeros, or the part's values as this client is sent them. Default zeros. */
  readonly otherwise?: 'zeros' | 'values'
  /** Whether a federation of so many clients has it; default: any. */
  readonly among?: (clients: number) => boolean
}

/** What a rule cannot do without. */
export interface Needs {
  /** The local optimizer that the rule is defined for. */
  readonly optimizer: 'any' | 'sgd'
  /**
   * `sum`: a weighted sum of the updates is enough, which secure aggregation would allow. `mean`: so is the mean of what clients
   * have moved, whoever has weighed them and in place of them all, which is what `privacy` gives.
   */
  readonly updates: 'mean' | 'sum' | 'individual'
  readonly serverData: boolean
  /** Clients keep something of their own from round to round, `private` segments among it. */
  readonly clientState: boolean
}

/**
 * A federated algorithm, pure: it knows parts, updates and weights, and nothing of transport, time or faults.
 * `defineStrategy` fills in what FedAvg does for all that is not given.
 */
export interface Strategy {
  readonly name: string
  /** The paper, with equation numbers where it has them. */
  readonly source: string
  readonly needs: Needs
  /** One sentence: what the rule does with clients that are missing from a round. */
  readonly absent: string
  /** Weights of an aggregate are non-negative and sum to 1. Checked while running. */
  readonly convex: boolean
  /** Its fold is the mean weighted by examples and nothing else, so that whoever takes means can take this one. */
  readonly averages?: boolean | undefined
  readonly template: Template
  /**
   * Tensors that travel beside the part's values. `down` is read from `PartState.memory`, a client's own under
   * `NAME/CLIENT` before all clients' under `NAME`.
   */
  readonly extras: { readonly up: readonly Extra[]; readonly down: readonly Extra[] }
  /** What a client does in a round, one leg after the other. */
  readonly legs: readonly Leg[]
  /** Whether clients answer with an expert's part in a round; the trunk, whose arrival is the answer, always goes. */
  sends(round: number, part: string): boolean
  /** What comes of the legs: what is sent, and what the client keeps. Pure. */
  finish(local: Local): Outcome
  /** What a client serves: what it would be sent now, or a vector that it keeps (as if sent until it has one). */
  readonly serves: 'received' | { readonly kept: string }
  arrange(world: World): Arrangement
  /** How clients count in the mean that takes the place of all updates under secure aggregation: by their rows, or all alike. Default by rows. */
  readonly counts?: 'examples' | 'uniform'
  /** Weights of the updates in the aggregate, in their order. */
  weights(updates: readonly Update[]): Float64Array
  /**
   * The part after the round. Called with at least one update, in the order of client names; pure: returns new values
   * where they change. An update is relative to what its client was sent: `sentTo(state, client)`.
   */
  fold(state: PartState, updates: readonly Update[], about: FoldContext): PartState
}
