import { z } from 'zod'

import * as dial from '../../dials/all.js'
import type { Instructions } from '../../network/frame.js'
import { durationSchema } from '../../time/duration.js'
import type { Micros } from '../../time/micros.js'
import { byAge, upToStaleness } from './admission.js'
import { commonProblems, giveDeadline, instructionFields } from './common-rounds.js'
import { type Decision, type Ending, roundEntry, type RoundMachine, type Situation } from './round.js'
import { byAgeField } from './unceasing-rounds.js'

interface Terms extends Omit<Instructions, 'deadline'> {
  readonly count: number
  readonly select: number | undefined
  readonly after: Micros
  readonly quorum: number
  /** How long a client is waited for. */
  readonly timeout: Micros
}

/** Of the clients that this round has asked, how many have answered for it. */
interface State {
  readonly answered: number
}

const closed = (reason: string): Ending => ({ outcome: 'closed', reason, after: 'late' })
const aborted = (reason: string): Ending => ({ outcome: 'aborted', reason, after: 'aborted' })

/**
 * Rounds with a clock, in which late updates of rounds before count too. Whoever is free when a round opens is asked, and
 * whoever is still at work goes on. A round closes when all that it has asked have answered, or at the deadline, with
 * what is there by then. One that has not answered by its timeout is free to be asked again.
 */
const machine = ({ count, select, after, quorum, timeout, patience, missing }: Terms): RoundMachine<State> => {
  const close = (state: State, ending: Ending, { round }: Situation): Decision<State> => ({ state, close: ending, done: round >= count })

  const ask = (state: State, { clients }: Situation): Decision<State> => ({
    state,
    ask: {
      clients: Math.min(select ?? clients, clients), atLeast: 0, timeout, patience, missing, deadline: undefined,
    },
  })

  /** With nobody there to ask, somebody may come back before the deadline. */
  const opened = (state: State, { now, opened: since = now, asked, nextReturn, mayReturn }: Situation): Decision<State> => {
    const at = since + after
    const look = asked === 0 && nextReturn !== undefined && nextReturn < at ? { lookAt: nextReturn } : {}
    return { state, timers: [{ name: 'deadline', at }], ...look, ...(asked === 0 && mayReturn && { awaits: true }) }
  }

  const goOn = (state: State, situation: Situation): Decision<State> => {
    const { asked, atWork, answers } = situation
    if (asked === 0 ? atWork > 0 : state.answered < asked) return { state }
    if (answers >= quorum) return close(state, closed('all answered'), situation)
    return atWork > 0 ? { state } : close(state, aborted('all answered, below quorum'), situation)
  }

  return (before, moment, situation) => {
    const state = moment.kind === 'begin' || before === undefined ? { answered: 0 } : before
    const { round, asked, atWork, answers } = situation
    switch (moment.kind) {
      case 'begin':
        return ask(state, situation)
      case 'asked':
        return opened(state, situation)
      case 'available':
        return asked === 0 ? ask(state, situation) : { state }
      case 'answered':
      case 'refused':
        return goOn(moment.round === round ? { answered: state.answered + 1 } : state, situation)
      case 'timer':
        if (answers >= quorum) return close(state, closed('deadline'), situation)
        return close(state, aborted(asked + atWork + answers === 0 ? 'nobody available' : 'deadline, below quorum'), situation)
      case 'short':
        return { state }
      default:
        return moment satisfies never
    }
  }
}

/** Rounds with a deadline, after which an update still counts in one of the next. */
export const semiAsynchronous = roundEntry({
  kind: 'semi-asynchronous',
  sentence: 'Closes when all have answered or `after` has passed; late updates, up to `lag` folds old, count in a later round, the less the older.',
  source: 'Sageflow: Park et al., NeurIPS 2021 (staleness-aware grouping); lag tolerance: SAFA, Wu et al., IEEE Trans. Computers 2021',
  schema: z.strictObject({
    kind: z.literal('semi-asynchronous'),
    count: z.int().min(1).describe('How many rounds are flown; an aborted round counts'),
    select: z.int().min(1).optional().describe('Clients asked per round, drawn at random; all that are free when absent'),
    after: durationSchema.describe('How long a round stays open'),
    quorum: z.int().min(1).default(1).describe('Trunk updates, late ones too, below which the round aborts'),
    lag: z.int().min(0).default(2).describe('Folds since an update’s model was sent, above which it is refused'),
    timeout: durationSchema.optional().describe('How long a client is waited for before it may be asked again; (`lag` + 1) times `after` when absent'),
    rate: z.number().positive().default(1).describe('Server learning rate'),
    staleness: byAgeField,
    ...instructionFields,
  }),
  dials: { fields: { after: dial.period(2, 0.4), lag: dial.count(2, 0), quorum: dial.ofClients(0, 0.8), patience: dial.period(2, 0.2), select: dial.maybe(dial.ofClients(1, 0.5)) } },
  rules: ({ count, select, after, quorum, lag, timeout = (lag + 1) * after, rate, staleness, patience, missing }) => ({
    next: machine({ count, select, after, quorum, timeout, patience, missing }),
    admission: upToStaleness(lag),
    fold: byAge({ kind: 'buffer', rate, staleness }),
    advice: giveDeadline,
    holds: timeout,
  }),
  problems: commonProblems,
})
