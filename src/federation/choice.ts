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
  /** Undisturbed virtual time that its device trains for a round: what it would be profiled at before the flight. */
  readonly profile: Micros
  /** How often it was asked, and how often it answered with what was taken in. */
  readonly asked: number
  readonly answered: number
  /** Number of the asking in which it was asked last, from 1; 0: it never was. */
  readonly turn: number
  /** Undefined: it has not answered yet. */
  readonly last: Answer | undefined
}

/** What a choice is about. */
export interface Choice {
  readonly round: number
  readonly now: Micros
  /** How many the round wants, at most. */
  readonly wanted: number
  /** With fewer than this nobody is asked now. */
  readonly atLeast: number
  /** Clients of the federation. */
  readonly clients: number
  /** All rounds before this one. */
  readonly past: readonly RoundRow[]
  /** All clients, there or not, in the drawn order of the round. */
  everybody(): readonly Candidate[]
  /** A random number in [0, 1), named by what it decides in this round, and for whom: the same however often it is drawn. */
  draw(decided: string, who?: Name): number
}

/**
 * Whom to ask: at most `wanted` names of candidates, which come in the drawn order of the round, so that ties that are left
 * as they come are drawn. Pure: what it remembers is what it is told. The usual choice is the first `wanted`.
 */
export type Choose = (candidates: readonly Candidate[], choice: Choice) => readonly Name[]

/**
 * A choice that remembers: given what it gave last (undefined at first), it gives whom to ask, and what it wants to know next
 * time, plain data that dies with the aggregator unless it is checkpointed. Pure.
 */
export interface SelectionRule<State = unknown> {
  choose(
    state: State | undefined, candidates: readonly Candidate[], choice: Choice,
  ): { readonly names: readonly Name[]; readonly state?: State }
}

/** A choice of the researcher's as a rule. */
export const ruleOf = (choose: Choose): SelectionRule => ({
  choose: (_, candidates, choice) => ({ names: choose(candidates, choice) }),
})

/** What the aggregator remembers of a client for choices: plain data. */
export interface Known extends Pick<Candidate, 'asked' | 'answered' | 'turn' | 'last'> {
  readonly askedAt: Micros
}

export const stranger: Known = { asked: 0, answered: 0, turn: 0, last: undefined, askedAt: 0 }

/** What is known of a client that has just been asked. */
export const whenAsked = (known: Known, now: Micros, turn: number): Known => ({
  ...known, asked: known.asked + 1, turn, askedAt: now,
})

/** What is known of a client whose update was taken in. */
export const whenAnswered = (known: Known, { update, base }: StaleUpdate, now: Micros): Known => {
  const { round, steps, values, extras } = update
  let square = 0
  for (let i = 0; i < values.length; i++) square += (values[i] - base[i]) ** 2
  // Copies: those of an update are views of its message.
  const own = Object.fromEntries(Object.entries(extras).map(([name, tensor]) => [name, tensor.slice()]))
  // Handed to whoever chooses.
  const last = Object.freeze({ round, took: now - known.askedAt, steps, change: Math.sqrt(square), extras: Object.freeze(own) })
  return { ...known, answered: known.answered + 1, last }
}

/** Whom a rule chooses. Throws `SpecificationError` for an answer that cannot be carried out. */
export const chosen = (
  rule: SelectionRule, before: unknown, candidates: readonly Candidate[], choice: Choice,
): { readonly names: readonly Name[]; readonly state?: unknown } => {
  const answer = rule.choose(before, candidates, choice)
  const wrong = wrongWith(answer.names, candidates, choice)
  if (wrong === undefined) return answer
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
