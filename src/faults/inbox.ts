import type { Micros } from '../time/micros.js'

/** What an inbox says about a message: handled by now, wait until then, no room, or gone with a crash. */
export type Place = 'handled' | 'no room' | 'gone' | { readonly handled: Micros; readonly waits: Micros }

/**
 * First come, first served: so many messages are handled at once, each for the same time, and so many more may wait. It
 * remembers what it took in, so that it may be asked again about the same message.
 */
export class Inbox {
  /** When each message that was taken in is handled; undefined: it was lost. By envelope. */
  readonly #taken = new Map<number, Micros | undefined>()
  /** When each of those at work is free again, and so the ends of all that is in it, in order. */
  readonly #ends: Micros[] = []

  constructor(
    private readonly takes: number,
    private readonly service: Micros,
    /** How many may be in it, those at work included; Infinity: no bound. */
    private readonly places: number,
  ) {}

  ask(envelope: number, now: Micros): Place {
    if (this.#taken.has(envelope)) {
      const handled = this.#taken.get(envelope)
      if (handled === undefined) return 'gone'
      return handled <= now ? 'handled' : { handled, waits: 0 }
    }
    while (this.#ends.length > 0 && this.#ends[0] <= now) this.#ends.shift()
    const { length } = this.#ends
    if (length >= this.places) return 'no room'
    // Ends are in order, because all take the same time: the last `takes` of them are the ones that it waits behind.
    const start = length < this.takes ? now : this.#ends[length - this.takes]
    const handled = start + this.service
    this.#ends.push(handled)
    this.#taken.set(envelope, handled)
    return { handled, waits: start - now }
  }

  /** Its owner has died: what is in it is lost. */
  clear(now: Micros): void {
    for (const [envelope, handled] of this.#taken) {
      if (handled !== undefined && handled > now) this.#taken.set(envelope, undefined)
    }
    this.#ends.length = 0
  }
}
