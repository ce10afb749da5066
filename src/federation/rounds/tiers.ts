import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { durationSchema } from '../../time/duration.js'
import { byField } from '../selection/speed.js'
import { tierRule } from '../selection/tiers.js'
import { lossesField } from '../selection/utility.js'
import { ofTheRound, plainly } from './admission.js'
import { above, commonFields, commonProblems, commonRounds, giveDeadline, lateField, neverCloses, patientWait } from './common-rounds.js'
import { type OptionProblem, roundEntry } from './round.js'

const perTier = (given: readonly number[] | undefined, field: string, tiers: number): OptionProblem[] =>
  given === undefined || given.length === tiers
    ? []
    : [{ field, rule: `has ${given.length} numbers for ${tiers} tiers`, advice: 'Give one a tier, the fastest first.' }]

/** Rounds that ask within one tier of clients of like speed. */
export const tiers = roundEntry({
  kind: 'tiers',
  sentence: 'Asks, each round, clients of one tier of speed, so that none waits for a slower tier; tiers by probabilities and credits.',
  source: 'TiFL: Chai et al., HPDC 2020, its static policies and algorithm 2',
  schema: z.strictObject({
    kind: z.literal('tiers'),
    ...commonFields,
    tiers: z.int().min(1).default(5).describe('How many tiers of equal size there are'),
    by: byField,
    probabilities: z.array(z.number().min(0)).optional().describe('Of each tier, the fastest first; equal when absent'),
    credits: z.array(z.int().min(0)).optional().describe('Rounds that each tier may have while another has some left'),
    adapt: z
      .strictObject({ every: z.int().min(1).default(10).describe('Rounds between two looks'), losses: lossesField })
      .optional()
      .describe('Probabilities follow the need of the tiers: reads numbers'),
    after: durationSchema.optional().describe('How long a round stays open; until all have answered when absent'),
    quorum: z.int().min(1).default(1).describe('Trunk updates below which the round aborts'),
    late: lateField,
  }),
  dials: {
    fields: {
      tiers: dial.count(2, 3), after: dial.period(4, 0.6), by: dial.word('answers'), patience: dial.period(2, 0.2), adapt: dial.maybe(dial.word({ every: 1 })),
    },
  },
  rules: ({ count, select, after, quorum, patience, missing, leftBehind, late, ...options }) => ({
    next: commonRounds((round, clients) => {
      const wanted = Math.min(select ?? clients, clients)
      const wait = after ?? patientWait
      return { ask: wanted, closeAt: wanted, quorum, after, wait, patience, missing, last: round >= count, leftBehind, late }
    }),
    admission: ofTheRound,
    fold: plainly,
    selection: tierRule(options),
    advice: giveDeadline,
  }),
  problems: (options, clients) => {
    const { tiers: count, probabilities, credits } = options
    const common = commonProblems(options, clients)
    if (clients === undefined) {
      const all = [...common, ...perTier(probabilities, 'probabilities', count), ...perTier(credits, 'credits', count)]
      if (probabilities?.every((one) => one === 0) !== true) return all
      return [...all, { field: 'probabilities', rule: 'are all 0', advice: 'Give one tier at least a probability above 0.' }]
    }
    if (count <= clients) return common
    return [...common, above('tiers', count, clients, `Give at most ${clients}: the others would be empty.`)]
  },
  stalls: ({ after }) => (after === undefined ? neverCloses : undefined),
  readsNumbers: ({ adapt }) => adapt !== undefined,
})
