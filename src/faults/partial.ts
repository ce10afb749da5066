import { z } from 'zod'

import { selectorSchema } from '../roster/selectors.js'
import { faultEntry } from './fault.js'
import { idField, perClientRound, roundsField, strikes } from './window.js'
import { many, names, percent } from './words.js'

/** `partial(all(), { epochs: 0.5, probability: 0.2 })`: local training that stops early and sends what it has. */
export const partial = faultEntry({
  kind: 'partial',
  sentence: 'The client stops after a share of its local epochs and sends what it has.',
  source: 'Li et al., FedProx, MLSys 2020, definition 2 and section 5.2: variable amounts of work',
  schema: z.strictObject({
    kind: z.literal('partial'),
    who: selectorSchema,
    epochs: z.number().gt(0).lt(1).describe('Share of its local epochs that it does'),
    rounds: roundsField.optional(),
    probability: perClientRound,
    id: idField,
  }),
  targets: 'clients',
  describe: ({ epochs }, { targets }) => `${names(targets)} stop after ${percent(epochs)} of the local epochs`,
  effects: { 'training partial': (n) => `${many(n, 'training')} stopped early` },
  compile: ({ fault }, { draws, strike }) => ({
    partial: (client, round) => {
      if (!strikes(fault, draws, client, round)) return undefined
      strike(client, `${client} ${round}`, 'training partial', `${client} ${round}`)
      return fault.epochs
    },
  }),
})
