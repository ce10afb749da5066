import { z } from 'zod'

import type { Instructions } from '../../network/frame.js'
import { durationSchema } from '../../time/duration.js'
import type { Micros } from '../../time/micros.js'
import { stalenessSchema } from '../strategies/staleness.js'
import { instructionFields, patientWait } from './common-rounds.js'
import type { Decision, Ending, RoundMachine, Situation } from './round.js'

/** Options of rounds without a common clock. Their rounds are folds. */
export const unceasingFields = {
  count: z.int().min(1).describe('How many folds are flown; one that comes to nothing counts'),
  concurrency: z.int().min(1).optional().describe('Clients that may be at work at once; all when absent'),
  timeout: durationSchema.optional().describe('How long a client is waited for before its place goes to another'),
  maxStaleness: z.int().min(0).default(20).describe('Folds since an update’s model was sent, above which it is refused'),
  beyond: z
    .enum(['refuse', 'wait'])
    .default('refuse')
    .describe('A client whose update would become staler: `refuse` goes on without it; `wait` folds only when it has answered'),
  ...instructionFields,
}

export const byAgeField = stalenessSchema
  .prefault({ kind: 'polynomial' })
  .describe('How much an update counts by the number of folds since its model was sent')

/** What the machine goes by. */
export interface Unceasing extends Omit<Instructions, 'deadline'> {
  readonly count: number
  readonly concurrency: number | undefined
  /** Trunk updates at which the trunk is folded. */
  readonly buffer: number
  readonly timeout: Micros | undefined
  readonly maxStaleness: number
  /** What is done about a client at work whose update the next fold would make staler than that. */
  readonly beyond: 'refuse' | 'wait'
}

const full: Ending = { outcome: 'closed', reason: 'goal reached', after: 'late' }
const nobodyLeft: Ending = { outcome: 'closed', reason: 'nobody left to answer', after: 'late' }
const nobodyUseful: Ending = { outcome: 'aborted', reason: 'nobody left to answer', after: 'aborted' }
const nobody: Ending = { outcome: 'aborted', reason: 'nobody available', after: 'aborted' }

const nothing: Decision<null> = { state: null }

/**
 * Rounds without a common clock: up to `concurrency` clients are at work, each on the newest model at the time it was
 * asked, and a round closes whenever `buffer` updates are there. A client is asked once in a round, so that none trains
 * twice on the same model. One that does not answer within `timeout` gives its place to another. With `beyond: wait` staleness is
 * bounded as in stale synchronous parallel training (Ho et al., NIPS 2013): the fast wait for the slowest.
 */
export const unceasingRounds = (options: Unceasing): RoundMachine<null> => {
  const { count, buffer, timeout, patience, missing, maxStaleness, beyond } = options

  const close = (ending: Ending, { round }: Situation): Decision<null> => ({
    state: null, close: ending, done: round >= count,
  })

  const placesOf = ({ clients, atWork }: Situation): number =>
    Math.max(0, Math.min(options.concurrency ?? clients, clients) - atWork)

  const ready = (situation: Situation): boolean =>
    situation.answers >= buffer && (beyond === 'refuse' || (situation.stalest ?? -1) < maxStaleness)

  const fill = (situation: Situation): Decision<null> => ({
    state: null,
    ask: { clients: placesOf(situation), atLeast: 0, timeout, patience, missing, deadline: undefined },
  })

  /** With places free: looks again when somebody may be back, or an event has brought somebody back; with nobody at work and nobody to come, ends the round. */
  const goOn = (situation: Situation): Decision<null> => {
    if (placesOf(situation) === 0) return nothing
    const { nextReturn, mayReturn, opened, now, atWork, answers, refused } = situation
    const waiting = mayReturn ? { state: null, awaits: true } : nothing
    if (nextReturn !== undefined && nextReturn < (opened ?? now) + patientWait) return { ...waiting, lookAt: nextReturn }
    if (atWork > 0 || mayReturn) return waiting
    if (answers > 0) return close(nobodyLeft, situation)
    return close(refused > 0 ? nobodyUseful : nobody, situation)
  }

  return (_, moment, situation) => {
    switch (moment.kind) {
      case 'begin':
        return fill(situation)
      case 'asked':
        return goOn(situation)
      case 'answered':
      case 'available':
      case 'refused':
        return ready(situation) ? close(full, situation) : fill(situation)
      case 'short':
      case 'timer':
        return nothing
      default:
        return moment satisfies never
    }
  }
}

/** Why a client that never answers is waited for without end. */
export const holdsPlace = [
  'without a timeout',
  'keep an update from coming: its client is waited for without end. Give rounds.timeout to fly through them.',
] as const

export const giveTimeout = 'Give rounds.timeout, so that others take the place of who does not answer.'
