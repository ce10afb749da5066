import type { FlightEvent } from '../record/event.js'
import type { Micros } from '../time/micros.js'
import { inTime, type When } from './window.js'

/** What an event did to a stretch of rounds. */
export type Edge = 'begins' | 'ends' | undefined

/**
 * A stretch of time that is given by instants, or by rounds: from the opening of the first to the close of the last,
 * whatever rounds the messages in it are of. For faults that are in the world, not on messages.
 */
export class Stretch {
  readonly #when: When
  #on = false
  #endedAt: Micros | undefined

  constructor(when: When) {
    this.#when = when
  }

  get byRounds(): boolean {
    return this.#when.rounds !== undefined
  }

  isOn(at: Micros): boolean {
    return this.byRounds ? this.#on : inTime(this.#when, at)
  }

  /** When it ended or will end; undefined: nobody knows yet. */
  get endsAt(): Micros | undefined {
    return this.byRounds ? this.#endedAt : this.#when.until
  }

  /** To be told of every event. */
  see(event: FlightEvent): Edge {
    const { rounds } = this.#when
    if (rounds === undefined || this.#endedAt !== undefined) return undefined
    if (event.kind === 'round-open' && !this.#on && event.round >= rounds[0] && event.round <= rounds[1]) {
      this.#on = true
      return 'begins'
    }
    if (event.kind === 'round-close' && this.#on && event.row.round >= rounds[1]) {
      this.#on = false
      this.#endedAt = event.at
      return 'ends'
    }
    return undefined
  }
}

/** The rule that goes with it: `.refine(oneWindow, oneWindowRule)`. */
export const oneWindow = ({ rounds, from, until }: { rounds?: unknown; from?: number; until?: number }): boolean =>
  rounds === undefined || (from === undefined && until === undefined)
export const oneWindowRule = { error: 'give either `rounds` or `from` and `until`', path: ['rounds'] }
