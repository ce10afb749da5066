import type { Context } from '../../actors/actor.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { CloseNotice } from '../messages.js'
import type { PartTemplate } from '../parts.js'
import { patienceOf, type RoundTimes, type SecureAggregationTerms, thresholdOf } from './secure-aggregation.js'
import { copyUnmasking, newUnmasking, type Phase, type StepTimer, type Unmasking } from './unmasking.js'

/** Clients that are to be summed under masks in a round of a part, as its owner has them. Plain data, and the owner's own. */
export interface Cohort {
  readonly round: number
  /** In the order in which they were asked. */
  readonly asked: readonly Name[]
  readonly threshold: number
  readonly times: RoundTimes
  /** What is waited for; the inputs until the round's close. */
  step: Phase | 'over'
  /** When the step ends without those who are missing; `number`: of the timer, undefined after a recovery. */
  timer: { readonly at: Micros; readonly number: number | undefined } | undefined
  readonly unmasking: Unmasking
  /** How the round ends once the sum is unmasked; undefined while it is open. */
  closing: CloseNotice | undefined
  /** The unmasked sum: [length of the part + 1], of the ring. */
  sum: Uint32Array | undefined
}

/** What an owner has of it. */
export interface CohortHolding {
  readonly round: number
  cohort: Cohort | undefined
}

export interface CohortOwnership {
  readonly part: Pick<PartTemplate, 'name' | 'length'>
  readonly terms: { readonly secure?: SecureAggregationTerms | undefined }
}

/** Begins with those who are sent the part for a round; `of`: how many were asked for it in all. */
export const beginCohort = (
  holding: CohortHolding, asked: readonly Name[], of: number, round: number, deadline: Micros | undefined, { terms }: CohortOwnership, context: Context,
): void => {
  const secure = terms.secure!
  if (holding.cohort !== undefined) cancelTimer(holding.cohort, context)
  const cohort: Cohort = {
    round, asked, threshold: thresholdOf(secure, of), times: { opened: context.now, deadline },
    step: 'advertise', timer: undefined, unmasking: newUnmasking(), closing: undefined, sum: undefined,
  }
  holding.cohort = cohort
  waitFor(cohort, 'advertise', secure, context)
}

/** The step is waited for from now on. */
export const waitFor = (cohort: Cohort, step: Phase, secure: SecureAggregationTerms, context: Context): void => {
  cohort.step = step
  setTimer(cohort, step, context.now + patienceOf(secure, cohort.times, context.now, step === 'unmask'), context)
}

const setTimer = (cohort: Cohort, step: Phase, at: Micros, context: Context): void => {
  const timer: StepTimer = { kind: 'step', round: cohort.round, step }
  cohort.timer = { at, number: context.after(Math.max(0, at - context.now), timer) }
}

export const cancelTimer = (cohort: Cohort, context: Context): void => {
  if (cohort.timer?.number !== undefined) context.cancel(cohort.timer.number)
  cohort.timer = undefined
}

/** A cohort that shares nothing which its owner changes. */
export const copyCohort = (cohort: Cohort): Cohort => ({
  ...cohort,
  timer: cohort.timer && { at: cohort.timer.at, number: undefined },
  unmasking: copyUnmasking(cohort.unmasking),
})

/** Sets its timer again, which a crash has withdrawn. */
export const rearmCohort = ({ cohort }: Pick<CohortHolding, 'cohort'>, context: Context): void => {
  if (cohort?.timer !== undefined && cohort.step !== 'over') setTimer(cohort, cohort.step, cohort.timer.at, context)
}

/** Its round is over. */
export const endCohort = (holding: CohortHolding, round: number, context: Context): void => {
  if (holding.cohort === undefined || holding.cohort.round > round) return
  cancelTimer(holding.cohort, context)
  holding.cohort = undefined
}
