import { z } from 'zod'

import * as dial from '../dials/all.js'
import { bandwidthSchema } from '../network/units.js'
import { selectorSchema } from '../roster/selectors.js'
import { faultEntry } from './fault.js'
import { factorField, idField, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, whom } from './words.js'

const bandwidth = (bits: number): string =>
  bits >= 1e6 ? `${Number((bits / 1e6).toFixed(2))} Mbit/s` : `${Number((bits / 1e3).toFixed(2))} kbit/s`

/** `narrow(one(), { to: '1 Mbps', direction: 'up' })`: a link with less bandwidth. */
export const narrow = faultEntry({
  kind: 'narrow',
  sentence: 'A client’s link has less bandwidth: at most `to`, or divided by `by`.',
  source: 'bandwidth traces of Lai et al., FedScale, ICML 2022',
  schema: z
    .strictObject({
      kind: z.literal('narrow'),
      who: selectorSchema,
      to: bandwidthSchema.optional(),
      by: factorField.optional().describe('Bandwidth is divided by this'),
      direction: z.enum(['up', 'down']).optional().describe('Both when absent'),
      ...windowFields,
      probability: perClientRound,
      id: idField,
    })
    .refine(ordered, orderedRule),
  either: ['to', 'by'],
  targets: 'clients',
  midRound: true,
  dials: { fields: { who: dial.clients(), by: dial.factor(1.5, 64) }, ways: dial.windows },
  describe: ({ to, by, direction }, planned) => {
    const way = direction === undefined ? '' : `${direction}link `
    return `${whom(planned)}: ${way}bandwidth ${to === undefined ? `divided by ${by}` : `at most ${bandwidth(to)}`}`
  },
  effects: { 'link narrowed': (n) => `links narrowed in ${many(n, 'client round')}` },
  compile: ({ fault }, { strike, strikes }) => ({
    narrow: {
      direction: fault.direction,
      window: fault,
      strikes,
      by: fault.by ?? 1,
      cap: fault.to === undefined ? Infinity : fault.to / 8,
      narrowed: (client, round) => strike(client, `${client} ${round}`, 'link narrowed', `${client} ${round}`),
    },
  }),
})
