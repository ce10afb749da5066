import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { byAge, upToStaleness } from './admission.js'
import { above } from './common-rounds.js'
import { roundEntry } from './round.js'
import { byAgeField, giveTimeout, holdsPlace, unceasingFields, unceasingRounds } from './unceasing-rounds.js'

/** No common rounds: `buffer` updates at a time are folded, however old their models (FedBuff). */
export const buffered = roundEntry({
  kind: 'buffered',
  sentence:
    'Folds whenever `buffer` updates are there, whatever models they were made from, and keeps clients at work meanwhile.',
  source: 'FedBuff: Nguyen et al., AISTATS 2022, algorithm 1',
  schema: z.strictObject({
    kind: z.literal('buffered'),
    ...unceasingFields,
    buffer: z.int().min(1).describe('K: trunk updates that are folded together'),
    rate: z.number().positive().default(1).describe('Server learning rate'),
    staleness: byAgeField,
  }),
  dials: {
    fields: {
      buffer: dial.ofClients(0, 0.5), timeout: dial.period(4, 0.8), patience: dial.period(2, 0.2), concurrency: dial.maybe(dial.ofClients(1, 0.3)),
    },
    ways: [{}, { maxStaleness: dial.count(8, 1), beyond: dial.word('refuse', 'wait') }],
  },
  rules: ({ count, concurrency, buffer, timeout, patience, missing, maxStaleness, beyond, rate, staleness }) => ({
    next: unceasingRounds({ count, concurrency, buffer, timeout, patience, missing, maxStaleness, beyond }),
    admission: upToStaleness(maxStaleness),
    fold: byAge({ kind: 'buffer', rate, staleness }),
    advice: giveTimeout,
    holds: timeout,
  }),
  problems: ({ buffer }, clients) =>
    clients !== undefined && buffer > clients
      ? [above('buffer', buffer, clients, `Give at most ${clients}: no client trains twice on the same model.`)]
      : [],
  stalls: ({ timeout }) => (timeout === undefined ? holdsPlace : undefined),
})
