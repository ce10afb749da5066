import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Envelope } from '../network/envelope.js'
import { shareDown } from '../shares.js'
import { burstField, burstModel, burstWords } from './bursts.js'
import { correlated, correlation as correlatedBy, correlationField } from './correlated.js'
import { faultEntry } from './fault.js'
import { burstLosses } from './gilbert-elliott.js'
import { linkSchema } from './link.js'
import { chance, hits, idField, ordered, orderedRule, perEnvelope, windowFields } from './window.js'
import { messages, messagesLost, percent } from './words.js'

/** `lose({ from: 'client', to: 'aggregator' }, { probability: 0.05 })`: messages that never arrive. */
export const lose = faultEntry({
  kind: 'lose',
  sentence: 'Messages are lost on the way, after all or a share of their bytes had left.',
  source: 'Cristian, CACM 34, 1991: omission failures; bursts: Gilbert, Bell Syst. Tech. J. 39, 1960, and Elliott, 42, 1963',
  schema: z
    .strictObject({
      kind: z.literal('lose'),
      link: linkSchema,
      probability: perEnvelope,
      correlation: correlationField,
      burst: burstField,
      travelled: chance.prefault(1).describe('Share of the bytes that had left the sender: 1 is dropped at the far end'),
      ...windowFields,
      id: idField,
    })
    .refine(({ burst, probability, correlation }) => burst === undefined || (probability === 1 && correlation === undefined), {
      error: '`burst` says how many are lost and when: leave out `probability` and `correlation`', path: ['burst'],
    })
    .refine(ordered, orderedRule),
  targets: 'messages',
  dials: {
    fields: { link: dial.link() },
    ways: [
      ...dial.each(dial.windows, { probability: dial.share() }),
      ...dial.each(dial.windows, { burst: dial.together({ p: dial.share(0.05, 0.9), r: dial.amount(0.9, 0.1) }) }),
    ],
  },
  describe: ({ link, travelled, burst, ...rest }, planned) => {
    const after = travelled === 1 ? '' : ` after ${percent(travelled)} of the bytes`
    return `${messages(link, planned)} lost${after}${burstWords(burst)}${correlatedBy(rest)}`
  },
  effects: { 'message lost': messagesLost },
  compile: ({ fault: { probability, travelled, correlation, burst } }, { draws, strike }) => {
    const numbers = correlated(draws, correlation)
    const inBurst = burst && burstLosses(burstModel(burst), draws)
    const isLost = inBurst ?? ((envelope: Envelope, copy: string) => hits(probability, () => numbers.of(envelope, copy, 0)))
    return {
      messages: {
        lost: (envelope, copy) => {
          if (!isLost(envelope, copy)) return undefined
          strike(envelope.from, envelope.id, 'message lost', envelope.id, shareDown(travelled, envelope.bytes.length))
          return travelled
        },
      },
    }
  },
})
