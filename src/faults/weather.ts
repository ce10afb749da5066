import type { Name } from '../roster/participant.js'
import type { Envelope } from '../network/envelope.js'
import type { Micros } from '../time/micros.js'

/** What the rules decide for one envelope when it is sent. Rules fold: delays add, losses and copies compose. */
export interface Verdict {
  /** Lost on the way after this fraction of its bytes has left the sender's link; undefined: not lost. */
  readonly lost?: { readonly travelled: number; readonly fault: string }
  /** Extra delay after the link. */
  readonly delay: Micros
  /** Extra copies, each with its own further delay. */
  readonly copies: readonly { readonly delay: Micros; readonly fault: string }[]
}

/** How a computation of a device ends. */
export interface Work {
  readonly until: Micros
  /** Set when the device leaves before the end: the reason for the `interrupted` message. */
  readonly interrupted?: string
  /** With `interrupted`: when the computation would have ended had the device stayed. */
  readonly whole?: Micros
}

/** A life event of an actor that the plan or a schedule causes. */
export type Life =
  | {
      readonly kind: 'crash'
      readonly who: Name
      readonly at: Micros
      readonly fault: string
      readonly keeps: 'nothing' | 'checkpoint'
      readonly restartAt?: Micros
    }

/** What the simulation tells the weather, so that faults can fire on events and end at round closes. */
export type Sign =
  | { readonly kind: 'round-open'; readonly round: number; readonly at: Micros; readonly selected: readonly Name[] }
  | { readonly kind: 'update'; readonly round: number; readonly at: Micros; readonly from: Name; readonly part: string }
  | { readonly kind: 'round-close'; readonly round: number; readonly at: Micros }

/**
 * Faults and schedules, compiled for one run: every question that the network, the devices and the aggregator ask about
 * the outside world. Answers depend on the plan, the streams and the arguments, never on how often something is asked;
 * what has fired is counted, for the report.
 */
export interface Weather {
  /** Can the client be selected for `round`, opening at `now`? */
  available(client: Name, now: Micros, round: number): boolean
  /** The next instant after `now` at which a schedule or a timed fault may make some client available, if any. */
  nextChange(now: Micros): Micros | undefined
  /** When a computation of `cost` undisturbed microseconds ends if the device begins it now. */
  work(client: Name, start: Micros, cost: Micros, round: number): Work
  /** Is the client out of reach at `at` (away, or outside its windows)? Asked when something arrives at it. */
  gone(client: Name, at: Micros): boolean
  /** The first instant in (`from`, `until`] at which the client leaves, if it does: cuts what is on its line then. */
  leaves(client: Name, from: Micros, until: Micros): Micros | undefined
  /** How much of its local epochs the client does in `round`: 1, or less under a `partial` fault. */
  completeness(client: Name, round: number): number
  /** What the rules do to an envelope that is being sent. */
  judge(envelope: Envelope, now: Micros): Verdict
  /** Bytes per second of a client's link at `at`, and until when that holds. */
  rate(client: Name, direction: 'up' | 'down', at: Micros): { readonly bytesPerSecond: number; readonly until: Micros }
  /** One-way latency of a message. */
  latency(envelope: Envelope): Micros
  /** Life events known before the run. */
  readonly lives: readonly Life[]
  /** Tells what happened; returns life events that this sets off (a crash `when` round 5 has 3 updates). */
  notice(sign: Sign): readonly Life[]
  /** Every fault of the plan with how often it fired and what it hit, in the plan's order. */
  report(): readonly FaultReport[]
}

export interface FaultReport {
  readonly id: string
  readonly kind: string
  /** The fault in words: `away client-2, client-5 in training, rounds 5-12`. */
  readonly text: string
  readonly targets: readonly Name[]
  readonly fired: number
  /** What became of it: `5 trainings cut short (38.2 s charged for nothing)`. */
  readonly outcome: string
}
