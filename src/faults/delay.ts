import { z } from 'zod'

import * as dial from '../dials/all.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { correlated, correlation as correlatedBy, correlationField } from './correlated.js'
import { faultEntry } from './fault.js'
import { linkSchema } from './link.js'
import { hits, idField, ordered, orderedRule, perEnvelope, windowFields } from './window.js'
import { many, messages } from './words.js'

/** `delay({ from: 'client' }, { by: '2 s', jitter: '1 s' })`: messages that arrive later. */
export const delay = faultEntry({
  kind: 'delay',
  sentence: 'Messages arrive later, by a fixed time and a jitter.',
  source: 'Cristian, CACM 34, 1991: timing failures',
  schema: z
    .strictObject({
      kind: z.literal('delay'),
      link: linkSchema,
      by: durationSchema,
      jitter: durationSchema.optional().describe('A further delay, uniform in [0, jitter)'),
      probability: perEnvelope,
      correlation: correlationField,
      ...windowFields,
      id: idField,
    })
    .refine(ordered, orderedRule),
  targets: 'messages',
  dials: { fields: { link: dial.link(), by: dial.duration(3), jitter: dial.duration(2), probability: dial.share() }, ways: dial.windows },
  describe: ({ link, by, jitter, ...rest }, planned) => {
    const more = jitter === undefined ? '' : ` and up to ${formatMicros(jitter)} more`
    return `${messages(link, planned)} delayed by ${formatMicros(by)}${more}${correlatedBy(rest)}`
  },
  effects: { 'message delayed': (n, us) => `${many(n, 'message')} delayed (${formatMicros(us)} in all)` },
  compile: ({ fault: { by, jitter, probability, correlation } }, { draws, strike }) => {
    const numbers = correlated(draws, correlation)
    return {
      messages: {
        sent: numbers.sent,
        delay: (envelope, copy) => {
          if (!hits(probability, () => numbers.of(envelope, copy, 0))) return 0
          const more = jitter === undefined ? 0 : Math.floor(numbers.of(envelope, copy, 1) * jitter)
          if (by + more > 0) strike(envelope.from, envelope.id, 'message delayed', envelope.id, by + more)
          return by + more
        },
      },
    }
  },
})
