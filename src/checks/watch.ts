import { SpecificationError } from '../errors.js'
import type { FlightEvent } from '../record/event.js'
import * as library from './all.js'
import type { Check, View } from './check.js'

/** Every check of the library. */
export const allChecks: readonly Check[] = Object.values(library)

/** Checks at work in one flight. */
export interface Watch {
  see(event: FlightEvent): void
  /** The flight has come to its end. */
  end(): void
}

/** Puts checks on a flight, each with a memory of its own. Two of one name are a mistake. */
export const watch = (checks: readonly Check[], view: View): Watch => {
  const names = new Set<string>()
  for (const { name } of checks) {
    if (names.has(name)) throw new SpecificationError(`checks: two are named '${name}'. Rename one.`)
    names.add(name)
  }
  const memories = checks.map((check) => check.begin?.())
  return {
    see: (event) => {
      for (let i = 0; i < checks.length; i++) checks[i].see(event, view, memories[i])
    },
    end: () => checks.forEach((check, i) => check.end?.(view, memories[i])),
  }
}
