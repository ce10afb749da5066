import type { Table } from '../../data/table.js'
import type { World } from '../../data/world.js'
import type { Segment } from '../../models/layout.js'
import type { Features } from '../../models/model.js'

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
  readonly values: Float32Array
}

/** One part as its owner holds it. */
export interface PartState {
  readonly part: string
  /** The common values, [length of the part]. */
  readonly values: Float32Array
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

/**
 * A federated algorithm, pure: it knows parts, updates and weights, and nothing of transport, time or faults.
 * Updates always arrive in the order of client names.
 */
export interface Strategy {
  readonly name: string
  /** The paper, with equation numbers where it has them. */
  readonly source: string
  /** Weights of an aggregate are non-negative and sum to 1. Checked while running. */
  readonly convex: boolean
  readonly template: Template
  /** Strength of the proximal term in the clients' loss; 0 for none. */
  readonly mu: number
  arrange(world: World): Arrangement
  /** Weights of the updates in the aggregate, in their order. */
  weights(updates: readonly Update[]): Float64Array
  /** The part after the round. Called with at least one update; pure: returns new values. */
  fold(state: PartState, updates: readonly Update[]): Float32Array
}
