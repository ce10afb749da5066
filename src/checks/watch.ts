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

/** A check with its memory of one flight. */
class Watching {
  constructor(
    readonly check: Check,
    readonly memory: unknown,
  ) {}
}

type Kind = FlightEvent['kind']

/** Puts checks on a flight, each with a memory of its own. Two of one name are a mistake. */
export const watch = (checks: readonly Check[], view: View): Watch => {
  const names = new Set<string>()
  for (const { name } of checks) {
    if (names.has(name)) throw new SpecificationError(`checks: two are named '${name}'. Rename one.`)
    names.add(name)
  }
  const all = checks.map((check) => new Watching(check, check.begin?.()))
  /** Who is told of a kind of event, in the order of checks; filled as kinds come up. */
  const told = new Map<Kind, readonly Watching[]>()
  const begin = (kind: Kind): readonly Watching[] => {
    const those = all.filter(({ check: { kinds } }) => kinds === undefined || kinds.includes(kind))
    told.set(kind, those)
    return those
  }
  return {
    see: (event) => {
      const those = told.get(event.kind) ?? begin(event.kind)
      for (let i = 0; i < those.length; i++) those[i].check.see(event, view, those[i].memory)
    },
    end: () => {
      for (const { check, memory } of all) check.end?.(view, memory)
    },
  }
}
