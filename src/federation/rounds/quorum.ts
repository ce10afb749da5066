import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { shareUp } from '../../shares.js'
import { durationSchema } from '../../time/duration.js'
import { ofTheRound, plainly } from './admission.js'
import {
  commonFields, commonProblems, commonRounds, giveDeadline, lateField, neverCloses, overSelectField, patientWait,
} from './common-rounds.js'
import { roundEntry } from './round.js'

/** Rounds that close as soon as `quorum` updates are there. */
export const quorum = roundEntry({
  kind: 'quorum',
  sentence: 'Closes as soon as `quorum` updates are there; with `after`, aborts when they are not there by then.',
  source: 'Bonawitz et al., MLSys 2019, section 2.2 (goal count); Chen et al., Revisiting Distributed Synchronous SGD, 2016',
  schema: z.strictObject({
    kind: z.literal('quorum'),
    ...commonFields,
    quorum: z.int().min(1).describe('Trunk updates at which the round closes'),
    after: durationSchema.optional().describe('When a round without its quorum aborts'),
    overSelect: overSelectField,
    late: lateField,
  }),
  dials: {
    fields: {
      quorum: dial.ofClients(0.3, 1), after: dial.period(4, 0.5), select: dial.maybe(dial.ofClients(1, 0.5)), patience: dial.period(2, 0.2),
      missing: dial.word('last', 'sit-out'), leftBehind: dial.word(undefined, 'stop'),
    },
  },
  rules: ({ count, select, after, quorum: goal, overSelect, patience, missing, leftBehind, late }) => ({
    next: commonRounds((round, clients) => {
      const wanted = Math.min(select ?? clients, clients)
      const ask = Math.min(clients, wanted + shareUp(overSelect, wanted))
      const wait = after ?? patientWait
      return { ask, closeAt: goal, quorum: goal, after, wait, patience, missing, last: round >= count, leftBehind, late }
    }),
    admission: ofTheRound,
    fold: plainly,
    advice: giveDeadline,
  }),
  problems: commonProblems,
  stalls: ({ after }) => (after === undefined ? neverCloses : undefined),
})
