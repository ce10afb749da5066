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

type Loose<T> = { readonly [Field in keyof T]?: unknown }

const isGroup = (body: unknown): body is object => typeof body === 'object' && body !== null

/** Is what came as `open` one? */
export const isOpenNotice = (body: unknown): body is OpenNotice => {
  if (!isGroup(body)) return false
  const { selected } = body as Loose<OpenNotice>
  return Array.isArray(selected) && selected.every((name) => typeof name === 'string')
}

const outcomes: readonly unknown[] = ['closed', 'aborted'] satisfies Ending['outcome'][]
const afters: readonly unknown[] = ['late', 'surplus', 'aborted'] satisfies Ending['after'][]

/** Is what came as `close` one? */
export const isCloseNotice = (body: unknown): body is CloseNotice => {
  if (!isGroup(body)) return false
  const { outcome, reason, after, final } = body as Loose<CloseNotice>
  const whole = final === undefined || final === true
  return whole && outcomes.includes(outcome) && typeof reason === 'string' && afters.includes(after)
}

/** Is what came to a client as `close` one? Nothing is in it. */
export const isStopNotice = isGroup

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
