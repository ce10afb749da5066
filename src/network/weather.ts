import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Envelope } from './envelope.js'
import type { Line } from './topology.js'

/** What becomes of an envelope, as far as it is known when it is sent. Rules fold: delays add, losses and copies compose. */
export interface Verdict {
  /** Lost on the way after this fraction of its bytes has left the sender's line; undefined: not lost. */
  readonly lost?: { readonly travelled: number; readonly fault: string }
  /** Extra delay after the lines. */
  readonly delay: Micros
  /** Bits that are flipped on the way, see flip-bits.ts; undefined: none. */
  readonly flips?: readonly number[]
  /** Extra copies, each with its own further delay. */
  readonly copies: readonly { readonly delay: Micros; readonly fault: string }[]
}

/** Passes undisturbed. One object for all such envelopes. */
export const passes: Verdict = Object.freeze({ delay: 0, copies: Object.freeze([]) })

/**
 * What happens at the receiver's door: the envelope is let in, kept there until an instant and asked about again, or lost
 * by the doing of a fault or of the `schedule`. `by`: which fault keeps it; what is kept until Infinity waits for its
 * release. `stands`: it waits on its lines, which carry nothing meanwhile. `refused`: its receiver is there, and has no room
 * for it.
 */
export type Door =
  | 'deliver'
  | { readonly hold: Micros; readonly by?: string; readonly stands?: boolean }
  | { readonly drop: string; readonly refused?: boolean }

/** What a line carries at some time, and until when that holds (Infinity: for good). */
export interface Rate {
  readonly bytesPerSecond: number
  readonly until: Micros
}

/**
 * What the network asks about the outside world. Answers depend on the plan, the streams and the arguments, never on how
 * often something is asked.
 */
export interface Weather {
  /** Asked when an envelope is sent. */
  judge(envelope: Envelope, now: Micros): Verdict
  /** Asked when an envelope is at the door of its receiver, who is alive; and again after each `hold`. */
  door(envelope: Envelope, now: Micros): Door
  rate(line: Line, at: Micros): Rate
  /** One way, after the last byte has left the lines. */
  latency(envelope: Envelope): Micros
  /** The first instant after `from` at which an actor goes out of reach, as far as it is known; undefined: none. */
  leaves(who: Name, from: Micros): Micros | undefined
  /** Whose doing it is that an actor is out of reach: a fault's, or the `schedule`'s; undefined: it is within reach. */
  absence(who: Name, at: Micros): string | undefined
}
