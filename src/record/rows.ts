import type { Split } from '../data/world.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Direction, Fate, MessageKind, Refusal } from './message.js'

/** One copy of a message, written when its fate is final. Rows are sorted by (sent, id). */
export interface LedgerRow {
  readonly id: number
  readonly sent: Micros
  /** When it reached its receiver, or null if it never did. */
  readonly delivered: Micros | null
  readonly from: Name
  readonly to: Name
  readonly direction: Direction
  readonly kind: MessageKind
  readonly round: number
  readonly part: string
  /** Roles of the segments inside, for parameter messages. */
  readonly roles: readonly string[]
  readonly attempt: number
  readonly copy: number
  /** Encoded size, framing included. */
  readonly bytes: number
  /** Where it is coded: how many of them each kind of codec has written, `names` what is coded how, and `frame` all the rest. */
  readonly codecs?: Readonly<Record<string, number>>
  /** Bytes that had left the sender's link when it was lost; `bytes` otherwise. */
  readonly travelled: number
  readonly fate: Fate
  /** What was wrong with it, where it was rejected for that. */
  readonly because?: 'not finite' | 'aggregate' | Refusal
}

/** One number measured at a round's close (round 0 is before any training). */
export interface MetricRow {
  readonly round: number
  readonly virtualTime: Micros
  readonly scenario: string
  readonly task: string
  readonly split: Split
  readonly metric: string
  /** null where it is undefined, such as the AUC of rows that are all of one class. */
  readonly value: number | null
}

/** How a computation ended, in virtual time. */
export type TrainingEnd = 'computed' | 'interrupted' | 'abandoned' | 'crashed'

/** One local training that was charged, and what came of it. */
export interface TrainingRow {
  readonly client: Name
  readonly round: number
  readonly start: Micros
  readonly end: Micros
  readonly examples: number
  readonly outcome:
    | Extract<Fate, 'used' | 'late' | 'surplus' | 'lost' | 'rejected' | 'aborted' | 'unresolved'>
    | Exclude<TrainingEnd, 'computed'>
    | 'unsent'
}

/** A checkpoint that a server wrote after a round: it went to a store, over nobody's link. */
export interface CheckpointRow {
  readonly owner: Name
  readonly round: number
  readonly at: Micros
  /** When it was written. */
  readonly until: Micros
  readonly bytes: number
}

/** One round of the aggregator. */
export interface RoundRow {
  readonly round: number
  readonly opened: Micros
  readonly closed: Micros
  readonly selected: readonly Name[]
  /** Clients whose trunk update was folded. */
  readonly folded: readonly Name[]
  /** Clients whose trunk update was refused as not finite, in the order of arrival; absent where there are none. */
  readonly refused?: readonly Name[]
  /** Clients that could not answer, as far as the aggregator was told or found out; absent where there are none. */
  readonly excused?: readonly Name[]
  /** Without common rounds: the staleness of each of those updates, in their order, in folds. */
  readonly staleness?: readonly number[]
  readonly outcome: 'closed' | 'aborted'
  /** Why it closed: `all answered`, `goal reached`, `deadline`, `1 of 2 available`. */
  readonly reason: string
}

/** Gradients of one task that a balancer found odd: steps in which rows had the task's label, over the whole flight. */
export interface OddGradientRow {
  readonly task: string
  /** `none`: too short to be told from 0. */
  readonly what: 'none' | 'not finite'
  readonly steps: number
  /** How many clients had such steps. */
  readonly clients: number
  /** Who had them first, in virtual time. */
  readonly first: { readonly client: Name; readonly round: number }
}

/** What of a part clients could not say in fixed point, where updates are summed under masks, over the whole flight. */
export interface SaturationRow {
  readonly part: string
  /** Numbers that were beyond the range, and were cut off. */
  readonly beyond: number
  /** Inputs that were not finite, and counted for nothing. */
  readonly notFinite: number
  readonly clients: number
  /** Who had them first, in virtual time. */
  readonly first: { readonly client: Name; readonly round: number }
}
