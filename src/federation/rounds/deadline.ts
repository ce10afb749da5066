import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { shareUp } from '../../shares.js'
import { durationSchema } from '../../time/duration.js'
import { ofTheRound, plainly } from './admission.js'
import { commonFields, commonProblems, commonRounds, giveDeadline, lateField, overSelectField } from './common-rounds.js'
import { roundEntry } from './round.js'

/** Rounds that close when all have answered or `after` has passed, and abort below `quorum`. */
export const deadline = roundEntry({
  kind: 'deadline',
  sentence: 'Closes when all have answered or `after` has passed, with over-selection if wanted; aborts below `quorum`.',
  source: 'Bonawitz et al., Towards Federated Learning at Scale, MLSys 2019, section 2.2',
  schema: z.strictObject({
    kind: z.literal('deadline'),
    ...commonFields,
    after: durationSchema.describe('How long a round stays open'),
    quorum: z.int().min(1).default(1).describe('Trunk updates below which the round aborts'),
    overSelect: overSelectField,
    late: lateField,
  }),
  dials: {
    fields: {
      after: dial.period(4, 0.5), quorum: dial.ofClients(0, 1), select: dial.maybe(dial.ofClients(1, 0.3)), overSelect: dial.maybe(dial.amount(0.1, 1)),
      patience: dial.period(2, 0.2), missing: dial.word('last', 'sit-out'), leftBehind: dial.word(undefined, 'stop'), late: dial.word(undefined, 'give-up'),
    },
  },
  rules: ({ count, select, after, quorum, overSelect, patience, missing, leftBehind, late }) => ({
    next: commonRounds((round, clients) => {
      const wanted = Math.min(select ?? clients, clients)
      const ask = Math.min(clients, wanted + shareUp(overSelect, wanted))
      return { ask, closeAt: wanted, quorum, after, wait: after, patience, missing, last: round >= count, leftBehind, late }
    }),
    admission: ofTheRound,
    fold: plainly,
    advice: giveDeadline,
  }),
  problems: commonProblems,
})
