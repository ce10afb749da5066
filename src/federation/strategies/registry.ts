import { z } from 'zod'

import { fedAvg } from './fedavg.js'
import { fedBn } from './fedbn.js'
import { fedProx } from './fedprox.js'
import { localOnly } from './local-only.js'
import { pooled } from './pooled.js'
import type { Strategy } from './strategy.js'

/** Every strategy by its kind, with a sentence for people and the schema of its options. */
export const strategyKinds = {
  fedavg: {
    sentence: 'sample-weighted averaging of everything',
    schema: z.strictObject({ kind: z.literal('fedavg') }),
    build: fedAvg,
  },
  fedprox: {
    sentence: 'FedAvg with a proximal term that holds clients near the common model',
    schema: z.strictObject({ kind: z.literal('fedprox'), mu: z.number().nonnegative().default(0.01) }),
    build: fedProx,
  },
  fedbn: {
    sentence: 'FedAvg of everything but batch normalisation, which stays with the clients',
    schema: z.strictObject({ kind: z.literal('fedbn') }),
    build: fedBn,
  },
  'local-only': {
    sentence: 'every client alone; nothing of the model travels',
    schema: z.strictObject({ kind: z.literal('local-only') }),
    build: localOnly,
  },
  pooled: {
    sentence: 'one client with the rows of all scenarios, with or without the scenario as a feature',
    schema: z.strictObject({ kind: z.literal('pooled'), scenarioId: z.boolean().default(true) }),
    build: pooled,
  },
} as const

export const strategySchema = z.discriminatedUnion('kind', [
  strategyKinds.fedavg.schema,
  strategyKinds.fedprox.schema,
  strategyKinds.fedbn.schema,
  strategyKinds['local-only'].schema,
  strategyKinds.pooled.schema,
])

export type StrategySpec = z.output<typeof strategySchema>

export const buildStrategy = (spec: StrategySpec): Strategy => {
  switch (spec.kind) {
    case 'fedavg':
      return fedAvg()
    case 'fedprox':
      return fedProx(spec)
    case 'fedbn':
      return fedBn()
    case 'local-only':
      return localOnly()
    case 'pooled':
      return pooled(spec)
  }
}
