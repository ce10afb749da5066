import { z } from 'zod'

import { ofTheRound, plainly } from './admission.js'
import { commonFields, commonProblems, commonRounds, giveDeadline, neverCloses, patientWait } from './common-rounds.js'
import { roundEntry } from './round.js'

/** Rounds that wait for every selected client. */
export const synchronous = roundEntry({
  kind: 'synchronous',
  sentence: 'Waits for every client that was asked; an answer that is lost for good ends the run with a liveness error, unless messages are acknowledged.',
  source: 'McMahan et al., AISTATS 2017, algorithm 1',
  schema: z.strictObject({ kind: z.literal('synchronous'), ...commonFields }),
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
