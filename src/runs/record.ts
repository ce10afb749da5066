import type { Name } from '../roster/participant.js'
import type { Split } from '../data/world.js'
import type { PartState } from '../federation/strategies/strategy.js'
import type { FaultReport } from '../faults/weather.js'
import type { Direction, EnvelopeKind, Fate } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'

/** One copy of an envelope, written when its fate is final. Rows are sorted by (sent, id). */
export interface LedgerRow {
  readonly id: number
  readonly sent: Micros
  /** When it reached its receiver, or null if it never did. */
  readonly delivered: Micros | null
  readonly from: Name
  readonly to: Name
  readonly direction: Direction
  readonly kind: EnvelopeKind
  readonly round: number
  readonly part: string
  /** Roles of the segments inside, for parameter messages. */
  readonly roles: readonly string[]
  readonly attempt: number
  readonly copy: number
  /** Encoded size, framing included. */
  readonly bytes: number
  /** Bytes that had left the sender's link when it was lost; `bytes` otherwise. */
  readonly travelled: number
  readonly fate: Fate
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

/** What a scenario's clients answered on its test rows, at one of the two rounds that are reported. */
export interface TestAnswers {
  readonly which: 'selected' | 'last'
  readonly round: number
  readonly scenario: string
  readonly tasks: readonly string[]
  readonly rows: number
  /** [rows, tasks], as in the table. */
  readonly labels: Float32Array
  /** [rows], where users are known. */
  readonly user?: Int32Array | undefined
  /** Per task [rows], or [rows, classes]. */
  readonly scores: readonly Float32Array[]
}

/** One local training that was charged, and what came of it. */
export interface TrainingRow {
  readonly client: Name
  readonly round: number
  readonly start: Micros
  readonly end: Micros
  readonly examples: number
  readonly outcome: 'used' | 'late' | 'surplus' | 'lost' | 'aborted' | 'interrupted' | 'abandoned' | 'crashed' | 'unresolved'
}

/** One round of the aggregator. */
export interface RoundRow {
  readonly round: number
  readonly opened: Micros
  readonly closed: Micros
  readonly selected: readonly Name[]
  /** Clients whose trunk update was folded. */
  readonly folded: readonly Name[]
  /** Without common rounds: the staleness of each of those updates, in their order, in folds. */
  readonly staleness?: readonly number[]
  readonly outcome: 'closed' | 'aborted'
  /** Why it closed: `all answered`, `deadline`, `quorum`, `nobody available`. */
  readonly reason: string
}

/** What a run tells while it flies, in virtual-time order. For watching; nothing of it steers the run. */
export type FlightEvent =
  | { readonly kind: 'round-open'; readonly at: Micros; readonly round: number; readonly selected: readonly Name[] }
  | { readonly kind: 'training'; readonly at: Micros; readonly round: number; readonly client: Name }
  | { readonly kind: 'trained'; readonly at: Micros; readonly round: number; readonly client: Name; readonly outcome: 'computed' | 'interrupted' | 'abandoned' | 'crashed' }
  | { readonly kind: 'settled'; readonly at: Micros; readonly row: LedgerRow }
  | { readonly kind: 'life'; readonly at: Micros; readonly who: Name; readonly what: 'crash' | 'restart' | 'away' | 'back' }
  | { readonly kind: 'round-close'; readonly at: Micros; readonly row: RoundRow }
  | { readonly kind: 'evaluated'; readonly at: Micros; readonly round: number; readonly rows: readonly MetricRow[] }

/** All that a run leaves behind. */
export interface Flight {
  readonly digest: string
  /** `events`: times, order, bytes, fates. `numbers`: parameters and metrics. */
  readonly digests: { readonly events: string; readonly numbers: string }
  readonly virtualTime: Micros
  readonly rounds: readonly RoundRow[]
  readonly metrics: readonly MetricRow[]
  readonly ledger: readonly LedgerRow[]
  readonly trainings: readonly TrainingRow[]
  readonly faults: readonly FaultReport[]
  /** The round whose mean validation AUC was best; the last round if nothing was validated. */
  readonly selectedRound: number
  /** The parts as their owners held them at the end, by part. */
  readonly parts: Readonly<Record<string, Float32Array>>
  /** The same with what the strategy holds beside the common values. */
  readonly states: Readonly<Record<string, PartState>>
  /** What the strategy had every living client keep, at the end: flat vectors by name. */
  readonly kept: Readonly<Record<Name, Readonly<Record<string, Float32Array>>>>
  /** Every living client's own parameters at the end, `private` segments among them: flat, in the layout's order. */
  readonly personal: Readonly<Record<Name, Float32Array>>
  /** Canonical events, one JSON line each: what `replay` compares. */
  readonly events: readonly string[]
  /** Test answers at the selected and the last round, if the specification asks for them. */
  readonly answers?: readonly TestAnswers[]
  readonly status: 'complete' | 'interrupted'
}
