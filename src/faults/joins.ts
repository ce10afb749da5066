import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { idField, inRounds, type When } from './window.js'
import { verb, whom } from './words.js'

/** `joins(fraction(0.2), { round: 20 })`: clients that come late. */
export const joins = faultEntry({
  kind: 'joins',
  sentence: 'A client first appears in a round, or at a time.',
  source: 'Ruan et al., Towards Flexible Device Participation in Federated Learning, AISTATS 2021: arrivals',
  schema: z.strictObject({
    kind: z.literal('joins'),
    who: selectorSchema,
    round: z.int().min(2).optional().describe('The first round for which it can be selected'),
    at: durationSchema.optional().describe('Virtual time at which it is there'),
    id: idField,
  }),
  either: ['round', 'at'],
  targets: 'clients',
  dials: { fields: { who: dial.clients(0.5) }, ways: [{ round: dial.count(2, 6) }, { at: dial.duration(3) }] },
  describe: ({ round, at = 0 }, planned) =>
    `${whom(planned)} ${verb(planned, 'joins', 'join')} ${round === undefined ? `at ${formatMicros(at)}` : `in round ${round}`}`,
  effects: { 'not selectable': (n) => `not selectable ${n === 1 ? 'once' : `${n} times`}` },
  compile: ({ id, fault: { round, at } }, { strike }) => {
    const window: When = round === undefined ? { from: 0, until: at! } : { rounds: [1, round - 1] }
    return {
      absence: { id, strike, window, phase: undefined, for: undefined, strikes: (_, each) => inRounds(window, each), place: () => 0 },
    }
  },
})
