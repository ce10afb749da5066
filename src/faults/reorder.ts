import { z } from 'zod'

import * as dial from '../dials/all.js'
import { durationSchema } from '../time/duration.js'
import { formatMicros } from '../time/micros.js'
import { correlated, correlation as correlatedBy, correlationField } from './correlated.js'
import { faultEntry } from './fault.js'
import { LinkMemory } from './link-memory.js'
import { linkSchema } from './link.js'
import { chance, hits, idField, ordered, orderedRule, windowFields } from './window.js'
import { many, messages, percent } from './words.js'

/** How a message goes, and how many on its link were kept back since one was sent ahead. */
interface Turn {
  readonly ahead: boolean
  readonly since: number
}

const ordinal = (n: number): string => `${n}${['th', 'st', 'nd', 'rd'][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? 'th'}`

/** `reorder({ from: 'client' }, { by: '200 ms', gap: 5 })`: every fifth message overtakes those before it. */
export const reorder = faultEntry({
  kind: 'reorder',
  sentence: 'Messages are kept back but for some, which overtake them.',
  source: 'Linux netem (tc-netem(8)): reorder PERCENT CORRELATION gap DISTANCE',
  schema: z
    .strictObject({
      kind: z.literal('reorder'),
      link: linkSchema,
      by: durationSchema.describe('How much later those arrive that are kept back'),
      gap: z.int().min(1).max(1_000_000).prefault(1).describe('Of each link, so many less one are kept back before one may go ahead'),
      share: chance.prefault(1).describe('Share that goes ahead of those that may: a coin for each'),
      correlation: correlationField,
      ...windowFields,
      id: idField,
    })
    .refine(({ gap, share }) => gap > 1 || share < 1, {
      error: 'nothing would be kept back: give a `gap` above 1 or a `share` below 1', path: ['gap'],
    })
    .refine(ordered, orderedRule),
  targets: 'messages',
  dials: { fields: { link: dial.link(), by: dial.duration(2), gap: dial.count(2, 8), share: dial.share(0.05, 0.9) }, ways: dial.windows },
  describe: ({ link, by, gap, share, ...rest }, planned) => {
    const which = gap === 1 ? percent(share) : share === 1 ? `every ${ordinal(gap)}` : `one in ${Number((gap - 1 + 1 / share).toFixed(1))}`
    return `${messages(link, planned)} kept back by ${formatMicros(by)}, ${which} sent ahead of them${correlatedBy(rest)}`
  },
  effects: {
    'message kept back': (n, us) => `${many(n, 'message')} kept back (${formatMicros(us)} in all)`,
    'message sent ahead': (n) => `${many(n, 'message')} sent ahead`,
  },
  compile: ({ fault: { by, gap, share, correlation } }, { draws, strike }) => {
    const numbers = correlated(draws, correlation)
    const turns = new LinkMemory<Turn>((envelope, before = { ahead: false, since: 0 }) => {
      numbers.sent?.(envelope)
      const since = before.ahead ? 0 : before.since
      const ahead = since >= gap - 1 && hits(share, () => numbers.of(envelope, '', 0))
      return { ahead, since: since + 1 }
    })
    return {
      messages: {
        sent: (envelope) => void turns.of(envelope),
        delay: (envelope) => {
          const { ahead } = turns.of(envelope)
          strike(envelope.from, envelope.id, ahead ? 'message sent ahead' : 'message kept back', envelope.id, ahead ? 0 : by)
          return ahead ? 0 : by
        },
      },
    }
  },
})
