import { SpecificationError } from '../errors.js'
import type { FlightEvent } from '../record/event.js'
import type { Reader } from '../record/flight-recorder.js'
import * as library from './all.js'
import type { Check, View } from './check.js'

/** Every check of the library, in the order of their names, as they see what happens. */
export const allChecks: readonly Check[] = Object.values(library).sort((a, b) => (a.name < b.name ? -1 : 1))

/** Checks at work in one flight. */
export interface Watch {
  readonly readers: readonly Reader[]
  /** The flight has come to its end. */
  end(): void
}

/** A check with its memory of one flight. */
class Watching implements Reader {
  readonly kinds: Check['kinds']
  readonly #see: Check['see']
  readonly #memory: unknown

  constructor(
    private readonly check: Check,
    private readonly view: View,
  ) {
    this.kinds = check.kinds
    this.#see = check.see.bind(check)
    this.#memory = check.begin?.()
  }

  see(event: FlightEvent): void {
    this.#see(event, this.view, this.#memory)
  }

  end(): void {
    this.check.end?.(this.view, this.#memory)
  }
}

/** Puts checks on a flight, each with a memory of its own. Two of one name are a mistake. */
export const watch = (checks: readonly Check[], view: View): Watch => {
  const names = new Set<string>()
  for (const { name } of checks) {
    if (names.has(name)) throw new SpecificationError(`checks: two are named '${name}'. Rename one.`)
    names.add(name)
  }
  const readers = checks.filter((check) => check.applies?.(view) !== false).map((check) => new Watching(check, view))
  return { readers, end: () => readers.forEach((one) => one.end()) }
}
