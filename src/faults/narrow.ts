import { z } from 'zod'

import * as dial from '../dials/all.js'
import { bandwidthSchema } from '../network/units.js'
import { AGGREGATOR } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import { faultEntry } from './fault.js'
import { lineSchema, lineWords } from './shared-line.js'
import { factorField, idField, ordered, orderedRule, perClientRound, windowFields } from './window.js'
import { many, whom } from './words.js'

const bandwidth = (bits: number): string =>
  bits >= 1e6 ? `${Number((bits / 1e6).toFixed(2))} Mbit/s` : `${Number((bits / 1e3).toFixed(2))} kbit/s`

const namesOne = ({ who, line }: { readonly who?: unknown; readonly line?: unknown }): boolean => (who === undefined) !== (line === undefined)
const namesOneRule = { error: 'give either `who`, whose own lines are narrowed, or `line`, which many share', path: ['who'] }

/** `narrow(one(), { to: '1 Mbps', direction: 'up' })`, `narrow({ line: 'servers' }, { by: 4 })`: a link with less bandwidth. */
export const narrow = faultEntry({
  kind: 'narrow',
  sentence: 'A client’s link, or a line that many share, has less bandwidth: at most `to`, or divided by `by`.',
  source: 'bandwidth traces of Lai et al., FedScale, ICML 2022',
  schema: z
    .strictObject({
      kind: z.literal('narrow'),
      who: selectorSchema.optional(),
      line: lineSchema.optional(),
      to: bandwidthSchema.optional(),
      by: factorField.optional().describe('Bandwidth is divided by this'),
      direction: z.enum(['up', 'down']).optional().describe('Both when absent'),
      ...windowFields,
      probability: perClientRound,
      id: idField,
    })
    .refine(namesOne, namesOneRule)
    .refine(ordered, orderedRule),
  either: ['to', 'by'],
  targets: 'clients',
  midRound: true,
  // Only a network with fair sharing has lines that many share: none is drawn, one that is written can be turned back.
  dials: { fields: { who: dial.clients(), by: dial.factor(1.5, 64) }, ways: dial.windows },
  describe: ({ line, to, by, direction }, planned) => {
    const way = direction === undefined ? '' : `${direction}link `
    return `${line === undefined ? whom(planned) : lineWords(line)}: ${way}bandwidth ${to === undefined ? `divided by ${by}` : `at most ${bandwidth(to)}`}`
  },
  effects: {
    'link narrowed': (n) => `links narrowed in ${many(n, 'client round')}`,
    'shared line narrowed': (n) => `the line narrowed in ${many(n, 'round')}`,
  },
  compile: ({ fault }, { strike, strikes }) => ({
    narrow: {
      place: fault.line,
      direction: fault.direction,
      window: fault,
      strikes,
      by: fault.by ?? 1,
      cap: fault.to === undefined ? Infinity : fault.to / 8,
      narrowed: (whose, round) => {
        const unit = `${whose} ${round}`
        if (fault.line === undefined) strike(whose, unit, 'link narrowed', unit)
        else strike(AGGREGATOR, unit, 'shared line narrowed', unit)
      },
    },
  }),
})
