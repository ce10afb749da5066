import type { FlightEvent } from '../record/event.js'
import type { Micros } from '../time/micros.js'
import type { OnOff } from './fault.js'
import { endOf, inTime, type When } from './window.js'

/** What an event did to a stretch. */
export type Edge = 'begins' | 'ends' | undefined

/**
 * A stretch of time that is given by instants, by events, or by rounds: from the opening of the first to the close of the
 * last, whatever rounds the messages in it are of. For faults that are in the world, not on messages.
 */
export class Stretch {
  readonly #when: When
  readonly #events: OnOff
  #inRounds = false
  /** Its last round has closed. */
  #over = false
  #wasOn: boolean
  #endsAt: Micros | undefined

  constructor(when: When, events: OnOff) {
    this.#when = when
    this.#events = events
    this.#wasOn = this.begins && when.from === undefined
    this.#endsAt = this.begins ? endOf(when) : undefined
  }

  get byRounds(): boolean {
    return this.#when.rounds !== undefined
  }

  /** Whether it begins by itself, at its time. */
  get begins(): boolean {
    return !this.byRounds && this.#when.when === undefined
  }

  isOn(at: Micros): boolean {
    return (this.byRounds ? this.#inRounds : inTime(this.#when, at)) && this.#events.isOn(at)
  }

  /** When it ended or will end; undefined: nobody knows yet. */
  get endsAt(): Micros | undefined {
    return this.#endsAt
  }

  /** To be told of every event. What its times alone do is known before, and told by nobody. */
  see(event: FlightEvent): Edge {
    this.#seeRound(event)
    const isOn = this.isOn(event.at)
    if (isOn === this.#wasOn) return undefined
    this.#wasOn = isOn
    if (isOn) {
      const end = this.#events.endsAt(event.at)
      this.#endsAt = end === Infinity ? undefined : end
      return this.begins ? undefined : 'begins'
    }
    if (this.#endsAt !== undefined && event.at >= this.#endsAt) return undefined
    this.#endsAt = event.at
    return 'ends'
  }

  #seeRound(event: FlightEvent): void {
    const { rounds } = this.#when
    if (rounds === undefined || this.#over) return
    if (event.kind === 'round-open' && event.round >= rounds[0] && event.round <= rounds[1]) this.#inRounds = true
    if (event.kind === 'round-close' && this.#inRounds && event.row.round >= rounds[1]) {
      this.#inRounds = false
      this.#over = true
    }
  }
}

/** The rule that goes with it: `.refine(oneWindow, oneWindowRule)`. */
export const oneWindow = ({ rounds, from, until }: Pick<When, 'rounds' | 'from' | 'until'>): boolean =>
  rounds === undefined || (from === undefined && typeof until !== 'number')
export const oneWindowRule = { error: 'give either `rounds` or `from` and `until`; an event of `until` goes with both', path: ['rounds'] }
