import type { Name } from '../roster/participant.js'
import type { Computed, Interrupted, Message } from '../actors/actor.js'
import type { Table } from '../data/table.js'
import type { ScoreJob, TrainJob, TrainResult } from '../engine/engine.js'
import type { Envelope } from '../network/envelope.js'

/** What a handler hands to the network. */
export interface Parcel extends Message {
  readonly kind: 'open' | 'model' | 'update' | 'close'
  readonly round: number
  readonly part: string
  readonly bytes: Uint8Array
}

/** What the network hands to a handler: the envelope with the bytes as they arrived. */
export interface Arrival extends Message {
  readonly kind: 'arrival'
  readonly envelope: Envelope
}

/** How a round ended, and so what an update that comes after its end is. */
export interface Ending {
  readonly outcome: 'closed' | 'aborted'
  readonly reason: string
  readonly after: 'late' | 'surplus' | 'aborted'
  /** Without common rounds: nothing is folded any more. */
  readonly final?: boolean
}

/** Body of `open`: whom the expert networks send their part to. */
export interface OpenNotice {
  readonly selected: readonly string[]
}

/** Body of `close`. */
export type CloseNotice = Ending

/** One leg of local training, as the compute queue knows it. */
export interface LocalWork {
  readonly round: number
  /** Index of the leg among the strategy's. */
  readonly leg: number
  /** Whether other legs of the same answer came before it. */
  readonly continues: boolean
  readonly examples: number
  readonly train?: TrainJob
  /** Instead of training: models to measure, by name, on these rows. */
  readonly score?: { readonly jobs: readonly ScoreJob[]; readonly names: readonly string[]; readonly table: Table }
}

/** Mean losses of the models that were measured, by name. */
export interface Scored {
  readonly scored: Readonly<Record<string, number>>
}

export type AggregatorMessage =
  | Arrival
  | { readonly kind: 'begin' }
  | { readonly kind: 'deadline'; readonly round: number }
  | { readonly kind: 'retry'; readonly round: number }
  | { readonly kind: 'overdue'; readonly round: number; readonly client: Name }

export type ExpertMessage = Arrival

export type ClientMessage =
  | Arrival
  | { readonly kind: 'patience'; readonly round: number }
  | Computed<LocalWork, TrainResult | Scored>
  | Interrupted<LocalWork>
