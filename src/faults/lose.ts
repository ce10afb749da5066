import { z } from 'zod'

import { kindNumber } from '../record/message.js'
import { shareDown } from '../shares.js'
import { faultEntry } from './fault.js'
import { linkSchema } from './link.js'
import { chance, hits, idField, ordered, orderedRule, perEnvelope, windowFields } from './window.js'
import { messages, messagesLost, percent } from './words.js'

/** `lose({ from: 'client', to: 'aggregator' }, { probability: 0.05 })`: messages that never arrive. */
export const lose = faultEntry({
  kind: 'lose',
  sentence: 'Messages are lost on the way, after all or a share of their bytes had left.',
  source: 'Cristian, CACM 34, 1991: omission failures',
  schema: z
    .strictObject({
      kind: z.literal('lose'),
      link: linkSchema,
      probability: perEnvelope,
      travelled: chance.prefault(1).describe('Share of the bytes that had left the sender: 1 is dropped at the far end'),
      ...windowFields,
      id: idField,
    })
    .refine(ordered, orderedRule),
  targets: 'messages',
  describe: ({ link, travelled }, planned) =>
    `${messages(link, planned)} lost${travelled === 1 ? '' : ` after ${percent(travelled)} of the bytes`}`,
  effects: { 'message lost': messagesLost },
  compile: ({ fault: { probability, travelled } }, { draws, strike }) => ({
    messages: {
      lost: (envelope, copy) => {
        if (!hits(probability, () => draws.message(kindNumber[envelope.kind], envelope, copy, 0))) return undefined
        strike(envelope.from, envelope.id, 'message lost', envelope.id, shareDown(travelled, envelope.bytes.length))
        return travelled
      },
    },
  }),
})
