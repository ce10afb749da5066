import { z } from 'zod'

import type { Instructions } from '../../network/frame.js'
import type { RoundRow } from '../../record/rows.js'
import { durationSchema } from '../../time/duration.js'
import { days, type Micros } from '../../time/micros.js'
import type { Decision, Ending, OptionProblem, RoundMachine, Situation } from './round.js'

/** How long a round waits for clients where nothing else says how long. */
export const patientWait: Micros = days(7)

/** Options of every kind of rounds. */
export const instructionFields = {
  /** How long a client waits for the parts of the model before it does what `missing` says. */
  patience: durationSchema.optional().describe('How long a client waits for parts of the model'),
  /** What a client does without a part: goes on with the last version it acknowledged, or sits the round out. */
  missing: z.enum(['last', 'sit-out']).default('last').describe('What a client does when a part does not come'),
}

/** Options of all common rounds. */
export const commonFields = {
  /** How many rounds are flown. An aborted round counts. */
  count: z.int().min(1).describe('How many rounds are flown; an aborted round counts'),
  /** Clients asked per round, drawn at random; all available ones when absent. */
  select: z.int().min(1).optional().describe('Clients asked per round, drawn at random; all when absent'),
  ...instructionFields,
  /** What becomes of a client that has not answered when the round closes. */
  leftBehind: z
    .enum(['go-on', 'stop'])
    .optional()
    .describe('A client without an answer when its round closes goes on until the next model comes (default), or is told to stop'),
}

/** For rounds that end at a time. */
export const lateField = z
  .enum(['send', 'give-up', 'train-less'])
  .optional()
  .describe('A client that by its own clock cannot send before the round’s end sends all the same (default), gives up, or trains only as many steps as fit')

export const overSelectField = z
  .number()
  .min(0)
  .default(0)
  .describe('Extra clients asked, as a share of `select`, rounded up; the round closes when `select` have answered')

/** What one common round is to be, worked out for a number of clients. */
export interface RoundTerms extends Omit<Instructions, 'deadline'> {
  /** Clients to ask; fewer if fewer are available. */
  readonly ask: number
  /** Trunk updates at which the round closes early. */
  readonly closeAt: number
  /** Below this many trunk updates the round aborts. */
  readonly quorum: number
  /** When the round ends, from its opening; undefined: never by itself. */
  readonly after: Micros | undefined
  /** How long to wait for enough available clients before the round aborts. */
  readonly wait: Micros
  /** True if this is the last round. */
  readonly last: boolean
  /** What becomes of clients that have not answered when it closes: by default they go on. */
  readonly leftBehind?: 'go-on' | 'stop' | undefined
}

/** The terms of a round; asked once, when it begins. */
export type TermsOf = (round: number, clients: number, past: readonly RoundRow[]) => RoundTerms

/** What the machine remembers: the terms of the round, and how many were there when too few were. */
export interface CommonState {
  readonly terms: RoundTerms
  readonly there?: number
}

const allAnswered: Ending = { outcome: 'closed', reason: 'all answered', after: 'late' }
const goalReached: Ending = { outcome: 'closed', reason: 'goal reached', after: 'surplus' }
const inTime: Ending = { outcome: 'closed', reason: 'deadline', after: 'late' }
const tooFewUseful: Ending = { outcome: 'aborted', reason: 'all answered, below quorum', after: 'aborted' }
const allThatCould: Ending = { ...allAnswered, reason: 'all answered that could' }
const tooFewThatCould: Ending = { ...tooFewUseful, reason: 'all answered that could, below quorum' }
const belowQuorum: Ending = { outcome: 'aborted', reason: 'deadline, below quorum', after: 'aborted' }

/** Too few were there, whenever it looked. */
const tooFew = ({ there = 0, terms }: CommonState): Ending => {
  const reason = there === 0 ? 'nobody available' : `${there} of ${needed(terms)} available`
  return { outcome: 'aborted', reason, after: 'aborted' }
}

/** How many must be there for a round to open. */
const needed = ({ quorum }: RoundTerms): number => Math.max(1, quorum)

const ask = (state: CommonState, now: Micros): Decision<CommonState> => {
  const { ask: clients, after, patience, missing, late } = state.terms
  const deadline = after === undefined ? undefined : now + after
  return { state, ask: { clients, atLeast: needed(state.terms), timeout: undefined, patience, missing, deadline, late } }
}

const close = (state: CommonState, ending: Ending): Decision<CommonState> => ({
  state, close: state.terms.leftBehind === 'stop' ? { ...ending, stop: true } : ending, done: state.terms.last,
})

/**
 * Waits for clients that will come, or that an event may bring back, or gives the round up: it lasts as long as it would have. One
 * without an end of its own waits for an event however long that takes, and is given up when none is left.
 */
const wait = (state: CommonState, { now, since, nextReturn, mayReturn }: Situation): Decision<CommonState> => {
  const { wait: longest, after } = state.terms
  const waiting = mayReturn ? { state, awaits: true } : { state }
  if (nextReturn !== undefined && nextReturn < since + longest) return { ...waiting, lookAt: nextReturn }
  if (after === undefined) return mayReturn ? waiting : close(state, tooFew(state))
  const rest = Math.max(0, after - (now - since))
  return rest > 0 ? { ...waiting, timers: [{ name: 'deadline', at: now + rest }] } : close(state, tooFew(state))
}

/** Closes when nobody is waited for any more, or at the goal. */
const goOn = (state: CommonState, { asked, answers, refused, excused, broken }: Situation): Decision<CommonState> => {
  const { closeAt, quorum } = state.terms
  if (broken !== undefined) return close(state, { outcome: 'aborted', reason: broken, after: 'aborted' })
  if (answers + refused + excused < asked) return answers >= closeAt ? close(state, goalReached) : { state }
  if (excused === 0) return close(state, answers >= quorum ? allAnswered : tooFewUseful)
  return close(state, answers >= quorum ? allThatCould : tooFewThatCould)
}

/**
 * Rounds that all clients have in common: one is open at a time. It opens when enough clients are there, and closes when
 * all that were asked have answered (a refused answer is one that does not count) or are known not to be able to, at the goal, or at the deadline; below
 * the quorum it aborts. A round that nobody can
 * take part in counts, lasts as long as it would have, and changes nothing.
 */
export const commonRounds =
  (termsOf: TermsOf): RoundMachine<CommonState> =>
  (before, moment, situation) => {
    const { now, round, clients, past, opened, answers } = situation
    const state = moment.kind === 'begin' || before === undefined ? { terms: termsOf(round, clients, past) } : before
    const { after, quorum } = state.terms
    switch (moment.kind) {
      case 'begin':
        return ask(state, now)
      case 'available':
        return opened === undefined ? ask(state, now) : goOn(state, situation)
      case 'asked':
        return after === undefined ? { state } : { state, timers: [{ name: 'deadline', at: now + after }] }
      case 'short':
        return wait({ ...state, there: moment.there }, situation)
      case 'answered':
      case 'refused':
        return goOn(state, situation)
      case 'timer':
        if (opened === undefined) return close(state, tooFew(state))
        return close(state, answers >= quorum ? inTime : belowQuorum)
      default:
        return moment satisfies never
    }
  }

/** A number of clients that the world has not. */
export const above = (field: string, value: number, clients: number, advice: string): OptionProblem => ({
  field, rule: `is ${value}, above the ${clients} clients of this world`, advice,
})

/** What common rounds ask of their options: of each other, and of the number of clients once that is known. */
export const commonProblems = (
  { select, quorum = 1, overSelect = 0 }: {
    readonly select?: number | undefined
    readonly quorum?: number
    readonly overSelect?: number
  },
  clients: number | undefined,
): OptionProblem[] => {
  const problems: OptionProblem[] = []
  if (clients !== undefined) {
    if (select !== undefined && select > clients) {
      problems.push(above('select', select, clients, `Give at most ${clients}, or leave it out to ask all.`))
    }
    if (quorum > clients) {
      problems.push(above('quorum', quorum, clients, `Give at most ${clients}: no round could close.`))
    }
    return problems
  }
  if (select !== undefined && quorum > select) {
    const rule = `is ${quorum}, above the ${select} clients that rounds.select asks: no round could close`
    problems.push({ field: 'quorum', rule, advice: 'Lower the quorum or raise rounds.select.' })
  }
  if (overSelect > 0 && select === undefined) {
    const rule = 'needs rounds.select: without it every client is asked already'
    problems.push({ field: 'overSelect', rule, advice: 'Give rounds.select, or leave this out.' })
  }
  return problems
}

/** Why a round without an end of its own may never close. */
export const neverCloses = [
  'without a deadline',
  'keep an update from coming: such a round never closes. Use deadline({ ... }) to fly through them.',
] as const

export const giveDeadline = 'Give the rounds a deadline, such as rounds: deadline({ after: minutes(5), quorum: 1, ... }).'
