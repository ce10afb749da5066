import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { ofTheRound, plainly } from './admission.js'
import { commonFields, commonProblems, commonRounds, giveDeadline, neverCloses, patientWait } from './common-rounds.js'
import { roundEntry } from './round.js'

/** Rounds that wait for every selected client. */
export const synchronous = roundEntry({
  kind: 'synchronous',
  sentence: 'Waits for every client that was asked; an answer that is lost for good ends the run with a liveness error, unless messages are acknowledged.',
  source: 'McMahan et al., AISTATS 2017, algorithm 1',
  schema: z.strictObject({ kind: z.literal('synchronous'), ...commonFields }),
  dials: { fields: { select: dial.maybe(dial.ofClients(1, 0.3)), patience: dial.maybe(dial.period(2, 0.2)), missing: dial.word('last', 'sit-out') } },
  rules: ({ count, select, patience, missing, leftBehind }) => ({
    next: commonRounds((round, clients) => {
      const wanted = Math.min(select ?? clients, clients)
      const when = { after: undefined, wait: patientWait, last: round >= count }
      return { ask: wanted, closeAt: wanted, quorum: 1, ...when, patience, missing, leftBehind }
    }),
    admission: ofTheRound,
    fold: plainly,
    advice: giveDeadline,
  }),
  problems: commonProblems,
  stalls: () => neverCloses,
})
