import type { Computed, Interrupted, Message } from '../actors/actor.js'
import type { Table } from '../data/table.js'
import type { ScoreJob, TrainJob, TrainResult } from '../engine/engine.js'
import type { Envelope } from '../network/envelope.js'
import type { Name } from '../roster/participant.js'
import type { Ending } from './rounds/round.js'

/** What the network hands to a handler: the envelope with the bytes as they arrived. */
export interface Arrival extends Message {
  readonly kind: 'arrival'
  readonly envelope: Envelope
}

/** Body of `open`: whom the expert networks send their part to. */
export interface OpenNotice {
  readonly selected: readonly Name[]
}

/** Body of `close`. `final`: where rounds overlap, nothing is folded any more. */
export interface CloseNotice extends Ending {
  readonly final?: true
}

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
  /** The flight begins. */
  | { readonly kind: 'begin' }
  /** It has come back from a checkpoint. */
  | { readonly kind: 'wake' }
  /** A timer of the round machine. */
  | { readonly kind: 'timer'; readonly round: number; readonly name: string }
  /** The model is scored as it was at the close of the round before, which decides whether another follows. */
  | { readonly kind: 'judged'; readonly round: number }
  /** Somebody may be there. */
  | { readonly kind: 'look'; readonly round: number }
  /** A client has not answered in time. */
  | { readonly kind: 'overdue'; readonly round: number; readonly client: Name }

export type ExpertMessage = Arrival

export type ClientMessage =
  | Arrival
  | { readonly kind: 'patience'; readonly round: number }
  | Computed<LocalWork, TrainResult | Scored>
  | Interrupted<LocalWork>
