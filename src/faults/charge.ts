import type { Calendar } from '../schedules/calendar.js'
import type { Micros } from '../time/micros.js'

/** What fills a battery: so many watts, at all times or in the windows of a calendar. */
export interface Charger {
  readonly watts: number
  readonly calendar: Calendar | undefined
}

/** Watts that come in at `at`, and until when that holds. */
const inflow = ({ watts, calendar }: Charger, at: Micros): { watts: number; until: Micros } => {
  if (calendar === undefined || watts === 0) return { watts, until: Infinity }
  const window = calendar.next(at)
  if (window === undefined) return { watts: 0, until: Infinity }
  return window.from > at ? { watts: 0, until: window.from } : { watts, until: window.until }
}

/** What is in a battery of `capacity` joules at `to`, of `joules` at `from`, while `watts` are drawn. */
const filled = (joules: number, from: Micros, to: Micros, capacity: number, charger: Charger): number => {
  let level = joules
  for (let time = from; time < to && level < capacity;) {
    const { watts, until } = inflow(charger, time)
    const next = Math.min(until, to)
    level = Math.min(capacity, level + (watts * (next - time)) / 1e6)
    time = next
  }
  return level
}

/**
 * When `joules` at `at` are used up by `watts` of work that ends at `end` at the latest; undefined: they are enough. What
 * comes in meanwhile counts.
 */
export const usedUpAt = (joules: number, at: Micros, end: Micros, watts: number, charger: Charger): Micros | undefined => {
  let level = joules
  for (let time = at; ;) {
    const { watts: charged, until } = inflow(charger, time)
    const loss = watts - charged
    const lasts = loss > 0 ? time + Math.ceil((Math.max(0, level) * 1e6) / loss) : Infinity
    const next = Math.min(until, end)
    if (lasts <= next) return lasts
    if (next >= end) return undefined
    level -= (loss * (next - time)) / 1e6
    time = next
  }
}

/** When an empty battery holds `joules`, from `at` on; Infinity: never. */
export const filledAt = (joules: number, at: Micros, charger: Charger): Micros => {
  let missing = joules
  for (let time = at; ;) {
    const { watts, until } = inflow(charger, time)
    const needed = missing <= 0 ? 0 : watts > 0 ? Math.ceil((missing * 1e6) / watts) : Infinity
    if (time + needed <= until) return time + needed
    if (until === Infinity) return Infinity
    missing -= (watts * (until - time)) / 1e6
    time = until
  }
}

/** One battery, as it was when it was last looked at. */
export class Battery {
  #at: Micros = 0

  constructor(
    private readonly capacity: number,
    private readonly charger: Charger,
    private joules: number,
  ) {}

  /** Joules in it. */
  level(at: Micros): number {
    if (at > this.#at) {
      this.joules = filled(this.joules, this.#at, at, this.capacity, this.charger)
      this.#at = at
    }
    return this.joules
  }

  /** Takes joules out; true if it is empty. */
  spend(at: Micros, joules: number): boolean {
    const left = this.level(at) - joules
    // A billionth is what sums of fractions may be off by.
    this.joules = left <= this.capacity * 1e-9 ? 0 : left
    return this.joules === 0
  }
}
