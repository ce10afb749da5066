import { z } from 'zod'

import * as dial from '../../dials/all.js'
import { byAge, upToStaleness } from './admission.js'
import { roundEntry } from './round.js'
import { byAgeField, giveTimeout, holdsPlace, unceasingFields, unceasingRounds } from './unceasing-rounds.js'

/** No common rounds: every update is mixed into the model as it comes (FedAsync). */
export const asynchronous = roundEntry({
  kind: 'asynchronous',
  sentence: 'Mixes every update into the model as it comes, the less the staler it is, and sends its client the newest model.',
  source: 'FedAsync: Xie et al., Asynchronous Federated Optimization, 2019 (arXiv 1903.03934), algorithm 1',
  schema: z.strictObject({
    kind: z.literal('asynchronous'),
    ...unceasingFields,
    alpha: z.number().gt(0).max(1).default(0.6).describe('Weight of an update without staleness against the model'),
    staleness: byAgeField,
  }),
  dials: { fields: { timeout: dial.period(4, 0.8), patience: dial.period(2, 0.2), concurrency: dial.maybe(dial.ofClients(1, 0.2)), maxStaleness: dial.maybe(dial.count(8, 1)) } },
  rules: ({ count, concurrency, timeout, patience, missing, maxStaleness, beyond, alpha, staleness }) => ({
    next: unceasingRounds({ count, concurrency, buffer: 1, timeout, patience, missing, maxStaleness, beyond }),
    admission: upToStaleness(maxStaleness),
    fold: byAge({ kind: 'mix', alpha, staleness }),
    advice: giveTimeout,
    holds: timeout,
  }),
  stalls: ({ timeout }) => (timeout === undefined ? holdsPlace : undefined),
})
