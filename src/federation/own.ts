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

const legOf = (leg: Leg): Leg => {
  const { start, proximal, correction, scores, leaves } = leg
  return {
    ...leg,
    ...(start && { start: (local: Local) => start(copyOf(local)) }),
    ...(proximal?.centre && { proximal: { ...proximal, centre: (local: Local) => proximal.centre!(copyOf(local)) } }),
    ...(correction && { correction: (local: Local) => correction(copyOf(local)) }),
    ...(scores && { scores: (local: Local) => scores(copyOf(local)) }),
    ...(leaves && { leaves: (local: Local, result: Float32Array) => leaves(copyOf(local), result.slice()) }),
  }
}

/** A strategy of the researcher's: what it is given are copies, to which it may write without that anybody sees. */
export const ownStrategy = (own: Strategy): Strategy => ({
  name: own.name,
  source: own.source,
  needs: own.needs,
  absent: own.absent,
  convex: own.convex,
  extras: own.extras,
  serves: own.serves,
  template: (segment) => own.template(copyOf(segment)),
  legs: own.legs.map(legOf),
  sends: (round, part) => own.sends(round, part),
  finish: (local) => own.finish(copyOf(local)),
  arrange: (world) => own.arrange(world),
  weights: (updates) => own.weights(copyOf(updates)),
  fold: (state, updates, about) => own.fold(copyOf(state), copyOf(updates), { ...about, clients: copyOf(about.clients), segments: copyOf(about.segments) }),
})
