import { z } from 'zod'

import * as dial from '../dials/all.js'
import type { Envelope } from '../network/envelope.js'
import { kindNumber } from '../record/message.js'
import { faultEntry } from './fault.js'
import { linkSchema } from './link.js'
import { hits, idField, ordered, orderedRule, perEnvelope, windowFields } from './window.js'
import { many, messages } from './words.js'

/** `count` different bits of a message: each of the sets of that size is equally likely. */
const someBits = (count: number, length: number, draw: () => number): number[] => {
  const bits = new Set<number>()
  while (bits.size < Math.min(count, length)) bits.add(Math.floor(draw() * length))
  return [...bits].sort((a, b) => a - b)
}

/** Each bit with probability `rate`, by itself: what lies between two of them is geometric, so that few draws are made. */
const eachBit = (rate: number, length: number, draw: () => number): number[] => {
  const bits: number[] = []
  const gap = (): number => (rate === 1 ? 0 : Math.floor(Math.log1p(-draw()) / Math.log1p(-rate)))
  for (let bit = gap(); bit < length; bit += 1 + gap()) bits.push(bit)
  return bits
}

/** `corrupt({ message: 'update' }, { bits: 3, probability: 0.1 })`: messages that arrive with other bytes than were sent. */
export const corrupt = faultEntry({
  kind: 'corrupt',
  sentence: 'Bits of messages are flipped on the way, those of their heads too.',
  source: 'netem(8), corrupt; Stone and Partridge, SIGCOMM 2000: damage that links let pass',
  schema: z
    .strictObject({
      kind: z.literal('corrupt'),
      link: linkSchema,
      bits: z.int().min(1).max(1e6).optional().describe('So many bits of each message that is hit, drawn; or'),
      rate: z.number().gt(0).max(1).optional().describe('each of its bits with this probability'),
      probability: perEnvelope,
      ...windowFields,
      id: idField,
    })
    .refine(ordered, orderedRule),
  either: ['bits', 'rate'],
  targets: 'messages',
  dials: { fields: { link: dial.link(), bits: dial.doublings(1, 64), probability: dial.share() }, ways: dial.windows },
  describe: ({ link, bits, rate = 0 }, planned) =>
    `${messages(link, planned)} damaged, ${bits === undefined ? `each bit with probability ${rate}` : many(bits, 'bit')}`,
  effects: { 'message damaged': (n, bits) => `${many(n, 'message')} damaged (${many(bits, 'bit')})` },
  compile: ({ fault: { bits, rate = 0, probability } }, { draws, strike }) => ({
    messages: {
      flips: (envelope: Envelope, copy) => {
        const kind = kindNumber[envelope.kind]
        if (!hits(probability, () => draws.message(kind, envelope, copy, 0))) return []
        let nth = 1
        const draw = (): number => draws.message(kind, envelope, copy, nth++)
        const length = 8 * envelope.bytes.length
        const flipped = bits === undefined ? eachBit(rate, length, draw) : someBits(bits, length, draw)
        if (flipped.length > 0) strike(envelope.from, envelope.id, 'message damaged', envelope.id, flipped.length)
        return flipped
      },
    },
  }),
})
