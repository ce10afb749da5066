import { SpecificationError } from '../errors.js'
import { copyOf } from '../record/copy.js'
import type { RoundRow } from '../record/rows.js'
import { isWriting } from '../record/shown.js'
import type { Candidate, Choice, SelectionRule } from './choice.js'
import { plainly } from './rounds/admission.js'
import type { RoundRules, Situation } from './rounds/round.js'
import type { Leg, Local } from './strategies/local.js'
import type { Strategy } from './strategies/strategy.js'

/*
 * Functions of a researcher's are pure by contract, and do not get at what is not theirs: a strategy is given copies, so
 * that one that works in place is one that does not; rounds and a choice of clients are given what is frozen.
 */

/** What was decided stays as it was: rows that are handed out are frozen, and the list of them is a copy, made once a round. */
class Past {
  #of: readonly RoundRow[] = []
  #shown: readonly RoundRow[] = []

  of(past: readonly RoundRow[]): readonly RoundRow[] {
    if (this.#of !== past || this.#shown.length !== past.length) {
      this.#of = past
      this.#shown = Object.freeze([...past])
    }
    return this.#shown
  }
}

/** Runs a function that is given what is frozen. */
const reading = <T>(whose: string, round: number, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (!isWriting(error)) throw error
    throw new SpecificationError(
      `${whose}: in round ${round} it writes to what it is given: ${error.message}. Change a copy, such as past.toSorted() or { ...row }.`,
      { cause: error },
    )
  }
}

/** A rule of the researcher's that chooses clients, which reads what it is given. */
export const ownSelection = (rule: SelectionRule): SelectionRule => {
  const past = new Past()
  return {
    choose: (state, candidates, choice) => {
      const given: Choice = { ...choice, past: past.of(choice.past) }
      return reading('choose', choice.round, () => rule.choose(state, candidates as readonly Candidate[], given))
    },
  }
}

/** How things stand, and no way to what they follow from. */
const standing = (situation: Situation, past: readonly RoundRow[]): Situation => {
  const { now, round, clients, since, opened, asked, atWork, answers, refused, excused } = situation
  return Object.freeze({
    now, round, clients, since, opened, asked, atWork, answers, refused, excused, past,
    // Worked out where it is looked at.
    get stalest() {
      return situation.stalest
    },
    get nextReturn() {
      return situation.nextReturn
    },
    get mayReturn() {
      return situation.mayReturn
    },
  })
}

/** Rounds of the researcher's, which read what they are given; what their own rule folds are copies. */
export const ownRounds = (rules: RoundRules): RoundRules => {
  const past = new Past()
  const { fold } = rules
  return {
    ...rules,
    next: (state, moment, situation) => {
      const given = standing(situation, past.of(situation.past))
      return reading('rounds', situation.round, () => rules.next(state, moment, given))
    },
    fold: fold === plainly ? plainly : (strategy, state, updates, about) => fold(strategy, copyOf(state), copyOf(updates), about),
    ...(rules.selection && { selection: ownSelection(rules.selection) }),
  }
}

const scopes: readonly unknown[] = ['global', 'scenario', 'task', 'private']

const isGroup = (value: unknown): boolean => typeof value === 'object' && value !== null && !(value instanceof Promise)

/** What is wrong with what a function gives, in words. */
const given = (value: unknown): string => {
  if (value instanceof Promise) return 'a promise: it must answer at once, without async'
  if (value === undefined || value === null) return String(value)
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return `${value.constructor.name} of ${(value as Float32Array).length}`
  return typeof value === 'object' ? `{ ${Object.keys(value).slice(0, 8).join(', ')} }` : `a ${typeof value}`
}

/** What functions of one strategy give back: refused by the name of the function where nothing can be done with it. */
const demanding = (name: string) => <T>(value: T, holds: boolean, where: string, expected: string): T => {
  if (holds) return value
  throw new SpecificationError(`strategy '${name}': ${where} gives ${given(value)}, expected ${expected}.`)
}

type Demand = ReturnType<typeof demanding>

const isVector = (value: unknown, length: number): boolean => value instanceof Float32Array && value.length === length

const legOf = (leg: Leg, demand: Demand): Leg => {
  const { name, start, proximal, correction, scores, leaves } = leg
  const vector = (what: string, of: (local: Local) => Float32Array) => (local: Local): Float32Array => {
    const { length } = local.received
    const made = of(copyOf(local))
    return demand(made, isVector(made, length), `${what} of leg '${name}'`, `a Float32Array of ${length}`)
  }
  return {
    ...leg,
    ...(start && { start: vector('start', start) }),
    ...(proximal?.centre && { proximal: { ...proximal, centre: vector('proximal.centre', proximal.centre) } }),
    ...(correction && { correction: vector('correction', correction) }),
    ...(scores && { scores: (local: Local) => scores(copyOf(local)) }),
    ...(leaves && { leaves: (local: Local, result: Float32Array) => leaves(copyOf(local), result.slice()) }),
  }
}

/**
 * A strategy of the researcher's: what it is given are copies, to which it may write without that anybody sees; what it
 * gives back is looked at.
 */
export const ownStrategy = (own: Strategy): Strategy => {
  const { name, source, needs, absent, convex, averages, extras, serves } = own
  const demand = demanding(name)
  demand(own.legs, Array.isArray(own.legs) && own.legs.length > 0, 'legs', 'a list of at least one, such as [{ name: \'train\' }]')
  return {
    name, source, needs, absent, convex, averages, extras, serves,
    template: (segment) => {
      const scope = own.template(copyOf(segment))
      if (scopes.includes(scope)) return scope
      throw new SpecificationError(`strategy '${name}': template gives ${typeof scope === 'string' ? `'${scope as string}'` : given(scope)} for ${segment.name}, expected one of ${scopes.join(', ')}.`)
    },
    legs: own.legs.map((leg) => legOf(leg, demand)),
    sends: (round, part) => own.sends(round, part),
    finish: (local) => {
      const { length } = local.received
      const outcome = own.finish(copyOf(local))
      demand(outcome, isGroup(outcome), 'finish', '{ sent }')
      demand(outcome.sent, isVector(outcome.sent, length), '`sent` of finish', `a Float32Array of ${length}`)
      return outcome
    },
    arrange: (world) => {
      const made = own.arrange(world)
      return demand(made, isGroup(made) && isGroup(made.features) && Array.isArray(made.members), 'arrange', '{ features, members }')
    },
    weights: (updates) => {
      const plain: unknown = own.weights(copyOf(updates))
      const made = (Array.isArray(plain) ? Float64Array.from(plain as number[]) : plain) as Float64Array
      return demand(made, made instanceof Float64Array && made.length === updates.length, 'weights', `a Float64Array of ${updates.length}`)
    },
    fold: (state, updates, about) => {
      const made = own.fold(copyOf(state), copyOf(updates), { ...about, clients: copyOf(about.clients), segments: copyOf(about.segments) })
      demand(made, isGroup(made), 'fold', '{ part, values, personal, memory }, such as { ...state, values }')
      demand(made.values, made.values instanceof Float32Array, '`values` of fold', `a Float32Array of ${state.values.length}`)
      demand(made.personal, made.personal instanceof Map, '`personal` of fold', 'a Map of a Float32Array by client')
      demand(made.memory, isGroup(made.memory), '`memory` of fold', 'a group of Float32Arrays')
      return made
    },
  }
}
