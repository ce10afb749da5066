import type { Calendar } from '../schedules/calendar.js'
import { EventQueue, Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'
import type { AbsenceHook } from './fault.js'
import { endOf } from './window.js'

/** The beginning of a window of a calendar; or, without one, the end of an absence. */
class Return extends Scheduled {
  constructor(readonly calendar: Calendar | undefined) {
    super()
  }
}

/** A client as far as it comes and goes. */
interface Comer {
  readonly calendar: Calendar | undefined
  readonly sessions?: readonly { readonly calendar: Calendar }[]
  readonly hooks: readonly AbsenceHook[]
}

/** When the first window begins after `now`. */
const nextWindow = (calendar: Calendar, now: Micros): Micros | undefined => {
  const window = calendar.next(now)
  return window === undefined || window.from > now ? window?.from : calendar.next(window.until)?.from
}

/**
 * The instants at which somebody may come back. Each is looked at once as time goes by, so that to ask for the next
 * costs no look at everybody.
 */
export class Returns {
  readonly #calendars: readonly Calendar[]
  /** Ends of absences: of windows of faults, and of episodes. */
  readonly #ends: Micros[]
  #queue = new EventQueue<Return>()
  #rank = 0
  /** The last instant that was asked about; what the queue holds comes after it. */
  #asked = -Infinity
  #filled = false

  constructor(clients: readonly Comer[]) {
    this.#calendars = clients.flatMap(({ calendar, sessions = [] }) => [...(calendar ? [calendar] : []), ...sessions.map((own) => own.calendar.whole ?? own.calendar)])
    const hooks = new Set(clients.flatMap((client) => client.hooks))
    this.#ends = [...hooks].flatMap(({ phase, window }) => (phase === undefined ? (endOf(window) ?? []) : []))
  }

  /** An absence that ends at that time has begun. */
  add(end: Micros): void {
    this.#ends.push(end)
    if (this.#filled) this.#push(new Return(undefined), end)
  }

  /** The first return after `now`, if any. */
  after(now: Micros): Micros | undefined {
    const back = now < this.#asked
    this.#asked = now
    if (back || !this.#filled) this.#fill(now)
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      if (first.time > now) return first.time
      this.#queue.pop()
      if (first.calendar !== undefined) this.#push(first, nextWindow(first.calendar, now))
    }
    return undefined
  }

  #fill(now: Micros): void {
    this.#filled = true
    this.#queue = new EventQueue()
    for (const calendar of this.#calendars) this.#push(new Return(calendar), nextWindow(calendar, now))
    for (const end of this.#ends) this.#push(new Return(undefined), end)
  }

  /** What never comes is no return; nor is a window that is always open, which "begins" in the past. */
  #push(one: Return, at: Micros | undefined): void {
    if (at !== undefined && at < Infinity && at > this.#asked) this.#queue.push(one, at, this.#rank++)
  }
}
