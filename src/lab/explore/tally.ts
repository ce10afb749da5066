import { triplesOf } from '../../checks/coverage.js'
import { marksOf } from '../../checks/mark.js'
import { allMarks } from '../../checks/marks.js'
import type { Has } from '../../checks/tried.js'
import type { Failure } from '../../flight/failure.js'
import type { Support } from './backward/formula.js'
import type { Case } from './case.js'
import type { Outcome } from './outcome.js'

/** One case that was flown. Plain JSON. */
export interface Flown {
  /** Its number in the exploration. */
  readonly nth: number
  readonly of: Case
  readonly outcome: Outcome
  /** Was it flown twice? */
  readonly twice: boolean
  /** Was it compared with other flights? */
  readonly compared: boolean
  /** Where it was asked for: what the flight came to, and on what that rests. */
  readonly support?: Support
}

/** A case that failed. */
export interface Found {
  readonly nth: number
  readonly of: Case
  readonly failure: Failure
}

/** What an exploration has come to. Plain JSON. */
export interface Exploration {
  readonly seed: string
  /** Cases that were flown, how many of them twice, and how many were compared with other flights. */
  readonly flown: number
  readonly twice: number
  readonly compared: number
  /** In the order of their numbers. */
  readonly found: readonly Found[]
  /** How many cases passed each mark. */
  readonly marks: Readonly<Record<string, number>>
  /** Marks that no case passed. */
  readonly unmarked: readonly string[]
  /** How often each (role, phase, message) was handled, of those that exist; and those that never were. */
  readonly coverage: { readonly handled: number; readonly exist: number; readonly triples: Readonly<Record<string, number>> }
  readonly unhandled: readonly string[]
  /** How many faults of each kind struck in a flight that did not fail. */
  readonly struck: Readonly<Record<string, number>>
  /** How many cases were flown under each kind of rounds. */
  readonly rounds: Readonly<Record<string, number>>
}

const raise = (counts: Map<string, number>, name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)

const sorted = (counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))

/** Adds up what came of cases. The order in which they are added does not matter. */
export class Tally {
  readonly #found: Found[] = []
  readonly #marks: Map<string, number>
  readonly #triples = new Map<string, number>()
  readonly #struck = new Map<string, number>()
  readonly #rounds = new Map<string, number>()
  #flown = 0
  #twice = 0
  #compared = 0

  /** `has`: what cases can come to. */
  constructor(private readonly has: Has) {
    this.#marks = new Map(marksOf(allMarks, has).map(({ name }) => [name, 0]))
  }

  /** Adds one; says what it reached that none before had: marks and triples of the protocol. */
  add({ nth, of, outcome, twice, compared }: Flown): readonly string[] {
    this.#flown++
    if (twice) this.#twice++
    if (compared) this.#compared++
    raise(this.#rounds, (of.rounds as { readonly kind?: string } | undefined)?.kind ?? 'its own')
    if (outcome.failed) {
      this.#found.push({ nth, of, failure: outcome.failure })
      return []
    }
    const fresh: string[] = []
    for (const [name, times] of Object.entries(outcome.marks)) {
      if (times === 0) continue
      if ((this.#marks.get(name) ?? 0) === 0) fresh.push(name)
      raise(this.#marks, name)
    }
    for (const [triple, times] of Object.entries(outcome.coverage.triples)) {
      if (!this.#triples.has(triple)) fresh.push(triple)
      raise(this.#triples, triple, times)
    }
    const kinds = new Map(of.faults.map(({ id, kind }) => [id, kind]))
    for (const id of outcome.fired) raise(this.#struck, kinds.get(id) ?? id)
    return fresh
  }

  get failures(): number {
    return this.#found.length
  }

  result(seed: string): Exploration {
    const triples = triplesOf(this.has)
    const handled = triples.filter((triple) => this.#triples.has(triple))
    return {
      seed,
      flown: this.#flown,
      twice: this.#twice,
      compared: this.#compared,
      found: [...this.#found].sort((a, b) => a.nth - b.nth),
      marks: sorted(this.#marks),
      unmarked: [...this.#marks].flatMap(([name, times]) => (times === 0 ? [name] : [])),
      coverage: { handled: handled.length, exist: triples.length, triples: sorted(this.#triples) },
      unhandled: triples.filter((triple) => !this.#triples.has(triple)),
      struck: sorted(this.#struck),
      rounds: sorted(this.#rounds),
    }
  }
}
