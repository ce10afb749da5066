import type { Micros } from '../time/micros.js'

/** A message that was taken in: when it is handled, how long it waits for that, and how long it stood at the door before. */
interface Taken {
  readonly handled: Micros
  readonly waits: Micros
  readonly stood: Micros
}

/** What an inbox says about a message: handled by now, wait until then, no room (until then), or gone with a crash. */
export type Place = 'handled' | 'no room' | 'gone' | Taken | { readonly enters: Micros }

/** A message in front of the door. */
interface Standing {
  readonly envelope: number
  readonly since: Micros
}

export interface InboxOptions {
  /** How many are handled at once. */
  readonly takes: number
  /** How long each of them takes. */
  readonly service: Micros
  /** How many may be in it, those at work included; Infinity: no bound. */
  readonly places: number
  /** What finds no room stands in front of the door until there is some. */
  readonly waits?: boolean
}

/**
 * First come, first served: so many messages are handled at once, each for the same time, and so many more may wait. It
 * remembers what it took in, so that it may be asked again about the same message.
 *
 * All take the same time, so that they are over in the order in which they came: of all that came before, a message has a
 * place when the one `places` before it is over, and is handled from when the one `takes` before it is.
 */
export class Inbox {
  /** Undefined: it was lost. By envelope. */
  readonly #taken = new Map<number, Taken | undefined>()
  /** When those that were taken in last are handled, in order. */
  readonly #ends: Micros[] = []
  readonly #standing: Standing[] = []
  readonly #options: InboxOptions

  constructor(options: InboxOptions) {
    this.#options = options
  }

  ask(envelope: number, now: Micros): Place {
    this.#letIn(now)
    if (this.#taken.has(envelope)) {
      const taken = this.#taken.get(envelope)
      if (taken === undefined) return 'gone'
      return taken.handled <= now ? 'handled' : taken
    }
    const stands = this.#standing.some((one) => one.envelope === envelope)
    if (!stands && this.#standing.length === 0 && this.#freeAt(this.#ends) <= now) return this.#take({ envelope, since: now })
    if (!stands) {
      if (this.#options.waits !== true) return 'no room'
      this.#standing.push({ envelope, since: now })
    }
    return { enters: this.#entry(envelope) }
  }

  /** One that stands in front of the door is lost. Does anybody stand behind it? */
  leaves(envelope: number, now: Micros): boolean {
    this.#letIn(now)
    const place = this.#standing.findIndex((one) => one.envelope === envelope)
    if (place < 0) return false
    this.#standing.splice(place, 1)
    return place < this.#standing.length
  }

  /** Its owner has died: what is in it is lost, and what stands in front of it. Did anything stand there? */
  clear(now: Micros): boolean {
    this.#letIn(now)
    for (const [envelope, taken] of this.#taken) {
      if (taken !== undefined && taken.handled > now) this.#taken.set(envelope, undefined)
    }
    for (const { envelope } of this.#standing) this.#taken.set(envelope, undefined)
    this.#ends.length = 0
    return this.#standing.splice(0).length > 0
  }

  /** When there is a place, after those that are handled at `ends`. */
  #freeAt(ends: readonly Micros[]): Micros {
    return ends.at(-this.#options.places) ?? 0
  }

  #endOf(entry: Micros, ends: readonly Micros[]): Micros {
    return Math.max(entry, ends.at(-this.#options.takes) ?? 0) + this.#options.service
  }

  /** Who stands in front of the door goes in as soon as there is room, in the order of coming. */
  #letIn(now: Micros): void {
    for (let [first] = this.#standing; first !== undefined && this.#freeAt(this.#ends) <= now; [first] = this.#standing) {
      this.#standing.shift()
      this.#take(first)
    }
  }

  #take({ envelope, since }: Standing): Taken {
    const { takes, places, service } = this.#options
    const entry = Math.max(since, this.#freeAt(this.#ends))
    const handled = this.#endOf(entry, this.#ends)
    this.#ends.push(handled)
    if (this.#ends.length > (places === Infinity ? takes : places)) this.#ends.shift()
    const taken = { handled, waits: handled - service - since, stood: entry - since }
    this.#taken.set(envelope, taken)
    return taken
  }

  /** When one that stands in front of the door will go in, if nobody before it is lost. */
  #entry(envelope: number): Micros {
    const ends = [...this.#ends]
    for (const one of this.#standing) {
      const entry = Math.max(one.since, this.#freeAt(ends))
      if (one.envelope === envelope) return entry
      ends.push(this.#endOf(entry, ends))
    }
    return Infinity
  }
}
