import { z } from 'zod'

import * as dial from '../dials/all.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { correlated, correlation as correlatedBy, correlationField } from './correlated.js'
import { faultEntry } from './fault.js'
import { linkSchema } from './link.js'
import { hits, idField, ordered, orderedRule, perEnvelope, windowFields } from './window.js'
import { many, messages } from './words.js'

/** `duplicate({ message: 'update' }, { probability: 0.1, after: '1 s' })`: messages that arrive more than once. */
export const duplicate = faultEntry({
  kind: 'duplicate',
  sentence: 'Messages arrive more than once.',
  source: 'Lamport, The Part-Time Parliament, TOCS 16, 1998: messages may be duplicated',
  schema: z
    .strictObject({
      kind: z.literal('duplicate'),
      link: linkSchema,
      probability: perEnvelope,
      correlation: correlationField,
      times: z.int().min(1).max(100).prefault(1).describe('Extra copies'),
      after: durationSchema.prefault(0).describe('Each copy comes this much after the one before it'),
      ...windowFields,
      id: idField,
    })
    .refine(ordered, orderedRule),
  targets: 'messages',
  dials: { fields: { link: dial.link(), probability: dial.share(), times: dial.count(1, 4), after: dial.maybe(dial.duration(2)) }, ways: dial.windows },
  describe: ({ link, times, after, ...rest }, planned) => {
    const often = times === 1 ? 'twice' : `${times + 1} times`
    return `${messages(link, planned)} arrive ${often}${after === 0 ? '' : `, ${formatMicros(after)} apart`}${correlatedBy(rest)}`
  },
  effects: { 'copy made': (n) => many(n, 'extra copy', 'extra copies') },
  compile: ({ fault: { times, after, probability, correlation } }, { draws, strike }) => {
    const numbers = correlated(draws, correlation)
    const delays = Array.from({ length: times }, (_, i) => after * (i + 1))
    return {
      messages: {
        copies: (envelope) => (hits(probability, () => numbers.of(envelope, '', 0)) ? delays : []),
        copied: ({ from, id }, nth) => strike(from, id, 'copy made', `${id} ${nth}`),
      },
    }
  },
})
