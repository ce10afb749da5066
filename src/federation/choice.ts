import { SpecificationError } from '../errors.js'
import type { RoundRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { StaleUpdate } from './strategies/stale-updates.js'
import type { Vectors } from './strategies/strategy.js'

/** What a client's last answer said, as the aggregator received it: of the trunk alone. */
export interface Answer {
  /** The round whose model it was made from. */
  readonly round: number
  /** Virtual time from the asking to the answer. */
  readonly took: Micros
  /** Optimizer steps behind it. */
  readonly steps: number
  /** Euclidean length of what it moved: the values that came less those that were sent. */
  readonly change: number
  /** What else the strategy has clients send, such as their losses, by name. */
  readonly extras: Vectors
}

/** A client that is there, is not at work and was not asked in this round. */
export interface Candidate {
  readonly name: Name
  /** Rows of training data. */
  readonly examples: number
  /** How often it was asked, and how often it answered with what was taken in. */
  readonly asked: number
  readonly answered: number
  /** Undefined: it has not answered yet. */
  readonly last: Answer | undefined
}

/** What a choice is about. */
export interface Choice {
  readonly round: number
  readonly now: Micros
  /** How many the round wants, at most. */
  readonly wanted: number
  /** Clients of the federation. */
  readonly clients: number
  /** All rounds before this one. */
  readonly past: readonly RoundRow[]
}

/**
 * Whom to ask: at most `wanted` names of candidates, which come in the drawn order of the round, so that ties that are left
 * as they come are drawn. Pure: what it remembers is what it is told. The usual choice is the first `wanted`.
 */
export type Choose = (candidates: readonly Candidate[], choice: Choice) => readonly Name[]

/** What the aggregator remembers of a client for choices: plain data. */
export interface Known extends Pick<Candidate, 'asked' | 'answered' | 'last'> {
  readonly askedAt: Micros
}

export const stranger: Known = { asked: 0, answered: 0, last: undefined, askedAt: 0 }

/** What is known of a client that has just been asked. */
export const whenAsked = (known: Known, now: Micros): Known => ({ ...known, asked: known.asked + 1, askedAt: now })

/** What is known of a client whose update was taken in. */
export const whenAnswered = (known: Known, { update, base }: StaleUpdate, now: Micros): Known => {
  const { round, steps, values, extras } = update
  let square = 0
  for (let i = 0; i < values.length; i++) square += (values[i] - base[i]) ** 2
  // Copies: those of an update are views of its message.
  const own = Object.fromEntries(Object.entries(extras).map(([name, tensor]) => [name, tensor.slice()]))
  const last = { round, took: now - known.askedAt, steps, change: Math.sqrt(square), extras: own }
  return { ...known, answered: known.answered + 1, last }
}

/** Whom a function of the researcher's chooses. Throws `SpecificationError` for an answer that cannot be carried out. */
export const chosen = (choose: Choose, candidates: readonly Candidate[], choice: Choice): readonly Name[] => {
  const names: unknown = choose(candidates, choice)
  const wrong = wrongWith(names, candidates, choice)
  if (wrong === undefined) return names as readonly Name[]
  throw new SpecificationError(
    `choose: in round ${choice.round} it gave ${wrong}. Return a list of at most ${choice.wanted} of the candidates' names, each once.`,
  )
}

const wrongWith = (names: unknown, candidates: readonly Candidate[], { wanted }: Choice): string | undefined => {
  if (!Array.isArray(names)) return names instanceof Promise ? 'a promise' : 'no list'
  if (names.length > wanted) return `${names.length} names where ${wanted} ${wanted === 1 ? 'is' : 'are'} wanted`
  const there = new Set<unknown>(candidates.map(({ name }) => name))
  const unknown: unknown = names.find((name) => !there.has(name))
  if (unknown !== undefined) {
    const what = typeof unknown === 'string' ? `'${unknown.slice(0, 60)}'` : `a ${typeof unknown}`
    return `${what}, which is no candidate`
  }
  return new Set(names).size < names.length ? 'a name twice' : undefined
}
