import { EventQueue, Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'

/** A client of whom something is new at an instant. */
class Due extends Scheduled {
  constructor(readonly client: number) {
    super()
  }
}

/** Whether a client is there, and when that may be otherwise: undefined where nothing is certain. */
export interface Seen {
  readonly there: boolean
  readonly until: Micros | undefined
}

/**
 * Who is there while a round waits until enough are, by their place among all. Whoever is away for certain is looked at
 * again when that is over, and whoever will leave when that is due, so that a wait costs a look at everybody and one for each
 * coming and going, however often it is asked. The number is exact as far as comings are known, and never too low: one that
 * has gone unforeseen is still counted.
 */
export class RollCall {
  readonly #there = new Set<number>()
  readonly #due = new EventQueue<Due>()
  /** Away, and nobody knows until when: looked at each time. */
  readonly #unknown = new Set<number>()

  /** What was seen of a client at `now`. */
  see(client: number, { there, until }: Seen, now: Micros): void {
    if (there) this.#there.add(client)
    else this.#there.delete(client)
    this.#unknown.delete(client)
    if (until !== undefined && until > now) {
      if (until < Infinity) this.#due.push(new Due(client), until, client)
    } else if (!there) this.#unknown.add(client)
  }

  /** How many are there at `now`, which never runs back. */
  count(now: Micros, look: (client: number) => Seen): number {
    const again = [...this.#unknown]
    for (let first = this.#due.peek(); first !== undefined && first.time <= now; first = this.#due.peek()) {
      this.#due.pop()
      again.push(first.client)
    }
    for (const client of again) this.see(client, look(client), now)
    return this.#there.size
  }
}
