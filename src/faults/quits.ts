import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { faultEntry } from './fault.js'
import { idField, inRounds, type When } from './window.js'
import { many, messagesLost, verb, whom } from './words.js'

/** `quits(one(), { round: 10 })`: clients that leave for good. */
export const quits = faultEntry({
  kind: 'quits',
  sentence: 'A client leaves for good, from a round on or at a time.',
  source: 'Ruan et al., Towards Flexible Device Participation in Federated Learning, AISTATS 2021: departures',
  schema: z.strictObject({
    kind: z.literal('quits'),
    who: selectorSchema,
    round: z.int().min(1).optional().describe('The first round for which it cannot be selected any more'),
    at: durationSchema.optional().describe('Virtual time at which it is gone, in mid-phase too'),
    id: idField,
  }),
  either: ['round', 'at'],
  targets: 'clients',
  dials: { fields: { who: dial.clients(0.5) }, ways: [{ round: dial.count(6, 1) }, { at: dial.instant() }] },
  describe: ({ round, at = 0 }, planned) =>
    `${whom(planned)} ${verb(planned, 'quits', 'quit')} ${round === undefined ? `at ${formatMicros(at)}` : `from round ${round} on`}`,
  effects: {
    'not selectable': (n) => `not selectable ${n === 1 ? 'once' : `${n} times`}`,
    'training cut short': (n, us) => `${many(n, 'training')} cut short (${formatMicros(us)} charged for nothing)`,
    'message lost': messagesLost,
  },
  compile: ({ id, fault: { round, at } }, { strike }) => {
    const window: When = round === undefined ? { from: at! } : { rounds: [round, Infinity] }
    return {
      absence: { id, strike, window, phase: undefined, for: undefined, strikes: (_, each) => inRounds(window, each), place: () => 0 },
    }
  },
})
