import { EventQueue, Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'

/** A client that is known to be away until `time`. */
class Away extends Scheduled {
  constructor(readonly client: number) {
    super()
  }
}

/**
 * Where rounds overlap: clients that are not at work, by their place among all. Whom it is of no use to ask now is kept
 * apart, so that to ask one more costs no look at everybody who is away.
 */
export class Idle {
  /** Clients that may be asked, if they are there. */
  readonly #ready: Set<number>
  readonly #away = new EventQueue<Away>()
  /** Clients that have been asked in this round: none is asked twice. */
  #asked: number[] = []

  constructor(clients: Iterable<number>) {
    this.#ready = new Set(clients)
  }

  /** Clients that it may be of use to ask at `now`, which never runs back. */
  ready(now: Micros): ReadonlySet<number> {
    for (let first = this.#away.peek(); first !== undefined && first.time <= now; first = this.#away.peek()) {
      this.#away.pop()
      this.#ready.add(first.client)
    }
    return this.#ready
  }

  /** A client that was ready is known to be away until then. */
  park(client: number, until: Micros): void {
    if (this.#ready.delete(client)) this.#away.push(new Away(client), until, client)
  }

  /** A client that was ready goes to work. */
  remove(client: number): void {
    this.#ready.delete(client)
  }

  /** A client has ended its work: for this round, or for one before. */
  add(client: number, ofThisRound: boolean): void {
    if (ofThisRound) this.#asked.push(client)
    else this.#ready.add(client)
  }

  /** Another round begins. */
  nextRound(): void {
    for (const client of this.#asked) this.#ready.add(client)
    this.#asked = []
  }

  copy(): Idle {
    const copy = new Idle(this.#ready)
    copy.#asked = [...this.#asked]
    for (const { client, time } of this.#away.all) copy.#away.push(new Away(client), time, client)
    return copy
  }
}
