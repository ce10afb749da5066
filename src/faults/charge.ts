import type { Calendar } from '../schedules/calendar.js'
import { clockEnd, type Micros } from '../time/micros.js'

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

/** When an empty battery holds `joules`, from `at` on; Infinity: never, or after the clock has ended. */
export const filledAt = (joules: number, at: Micros, charger: Charger): Micros => {
  let missing = joules
  for (let time = at; ;) {
    const { watts, until } = inflow(charger, time)
    const needed = missing <= 0 ? 0 : watts > 0 ? Math.ceil((missing * 1e6) / watts) : Infinity
    if (time + needed <= until) return time + needed
    if (until > clockEnd) return Infinity
    missing -= (watts * (until - time)) / 1e6
    time = until
  }
}

/** One battery, as it was when it was last looked at. */
export class Battery {
  #at: Micros = 0
  /** Watts that are drawn from it. */
  #load = 0

  constructor(
    private readonly capacity: number,
    private readonly charger: Charger,
    private joules: number,
  ) {}

  /** Joules in it. */
  level(at: Micros): number {
    while (this.#at < at) {
      const { watts, until } = inflow(this.charger, this.#at)
      const next = Math.min(until, at)
      const left = this.joules + ((watts - this.#load) * (next - this.#at)) / 1e6
      // A billionth is what sums of fractions may be off by.
      this.joules = left <= this.capacity * 1e-9 ? 0 : Math.min(this.capacity, left)
      this.#at = next
    }
    return this.joules
  }

  /** From now on so many watts are drawn. True if it is empty. */
  draw(at: Micros, watts: number): boolean {
    const level = this.level(at)
    this.#load = watts
    return level === 0
  }

  /** Takes joules out at once. True if it is empty. */
  spend(at: Micros, joules: number): boolean {
    const left = this.level(at) - joules
    this.joules = left <= this.capacity * 1e-9 ? 0 : left
    return this.joules === 0
  }
}
