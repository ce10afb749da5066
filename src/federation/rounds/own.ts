import { z } from 'zod'

import { SpecificationError } from '../../errors.js'
import type { RoundRow } from '../../record/rows.js'
import { ofTheRound, plainly } from './admission.js'
import { giveDeadline } from './common-rounds.js'
import { type Rounds, roundRules, type RoundsInput, roundsSchema } from './registry.js'
import type { Admission, Decision, FoldRule, RoundMachine, RoundRules, Situation } from './round.js'

/**
 * A researcher's own policy: the terms of round `round` (from 1), given the rounds before it. The flight ends after
 * the round whose number reaches the `count` of its terms. It may not go over to rounds that overlap.
 */
export type RoundsFunction = (round: number, before: readonly RoundRow[]) => RoundsInput

/** What a policy says about a round, checked as a specification is. */
const termsFor = (policy: RoundsFunction, round: number, before: readonly RoundRow[]): Rounds => {
  const result = roundsSchema.safeParse(policy(round, before))
  if (!result.success) {
    const [{ path, message }] = result.error.issues
    throw new SpecificationError(
      `rounds(${round}, ...) gave terms that do not hold: ${['rounds', ...path].join('.')}: ${message}. ` +
        'Return what synchronous({...}), deadline({...}) or quorum({...}) return.',
    )
  }
  const { admission: { overlapping }, selection } = roundRules(result.data)
  if (!overlapping && selection === undefined) return result.data
  const why = overlapping ? 'which has no common rounds to plan one by one' : 'which chooses whom it asks over all rounds'
  throw new SpecificationError(`rounds(${round}, ...) gave '${result.data.kind}', ${why}. Give it as the value of \`rounds\` itself.`)
}

/** The terms of the round, and what their machine remembers. */
interface PerRoundState {
  readonly rounds: Rounds
  readonly inner: unknown
}

/** Every round by terms of its own: the machine of what the policy gives for it, asked once when it begins. */
export const perRound = (policy: RoundsFunction): RoundRules => {
  const next: RoundMachine<PerRoundState> = (before, moment, situation) => {
    const begins = moment.kind === 'begin' || before === undefined
    const rounds = begins ? termsFor(policy, situation.round, situation.past) : before.rounds
    const decision = roundRules(rounds).next(before?.inner, moment, situation)
    return { ...decision, state: { rounds, inner: decision.state } }
  }
  return ownRules({ next }, giveDeadline)
}

/** A machine of one's own, with what is not usual about it: by default its rounds are common and fold plainly. */
export interface OwnRounds<State> {
  readonly next: RoundMachine<State>
  readonly admission?: Admission
  readonly fold?: FoldRule
}

const instant = z.int().min(0)
const count = z.int().min(0)

const decisionSchema = z.strictObject({
  state: z.unknown(),
  ask: z
    .strictObject({
      clients: count, atLeast: count.optional(), timeout: count.optional(), patience: count.optional(),
      missing: z.enum(['last', 'sit-out']).optional(), deadline: instant.optional(),
      late: z.enum(['send', 'give-up', 'train-less']).optional(),
    })
    .optional(),
  timers: z.array(z.strictObject({ name: z.string(), at: instant })).optional(),
  lookAt: instant.optional(),
  awaits: z.boolean().optional(),
  close: z
    .strictObject({
      outcome: z.enum(['closed', 'aborted']), reason: z.string(), after: z.enum(['late', 'surplus', 'aborted']),
      stop: z.boolean().optional(),
    })
    .optional(),
  done: z.boolean().optional(),
})

/** A decision as it is, if it can be carried out: the compiler does not see a field too many in what a function gives. */
const checked = <State>(decision: Decision<State>, { round }: Situation): Decision<State> => {
  const result = decisionSchema.safeParse(decision)
  if (result.success) return decision
  const [{ path, message }] = result.error.issues
  const where = path.length === 0 ? '' : `${path.join('.')}: `
  throw new SpecificationError(
    `rounds: in round ${round} the machine decided what cannot be done: ${where}${message}. ` +
      'A decision is { state, ask?, timers?, lookAt?, awaits?, close?, done? }; see docs/rounds.md.',
  )
}

const ownRules = <State>({ next, admission = ofTheRound, fold = plainly }: OwnRounds<State>, advice: string): RoundRules => ({
  next: (state, moment, situation) => next(state as State | undefined, moment, situation),
  admission,
  fold,
  advice,
})

/** `rounds: roundMachine(next)`: rounds that open and close as a pure function says; see docs/rounds.md. */
export const roundMachine = <State>(own: RoundMachine<State> | OwnRounds<State>): RoundRules => {
  const { next, ...others } = typeof own === 'function' ? { next: own } : own
  const trusted: RoundMachine<State> = (state, moment, situation) => checked(next(state, moment, situation), situation)
  return ownRules({ ...others, next: trusted }, 'Have the machine close such a round, by a timer.')
}
