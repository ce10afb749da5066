import { z } from 'zod'

import { bitsOf } from './bits-of.js'
import type { ByteReader } from './coding/byte-reader.js'
import type { ByteWriter } from './coding/byte-writer.js'
import { sizeOf, type Codec } from './codec.js'
import { codecEntry } from './entry.js'
import { withFeedback } from './feedback.js'
import { Malformed } from './coding/malformed.js'
import { packedBytes } from './coding/packing.js'
import { readScales, told, writeScales } from './coding/scales.js'
import { groupsIn, perField, spansOf, type Per } from './coding/spans.js'

/** Appends the sign of each number, eight a byte, the first in the lowest bit. */
const writeSigns = (bits: Int32Array, out: ByteWriter): void => {
  const into = out.take(packedBytes(bits.length, 1))
  const whole = bits.length >>> 3
  for (let byte = 0, i = 0; byte < whole; byte++, i += 8) {
    into[byte] =
      (bits[i] >>> 31) | ((bits[i + 1] >>> 31) << 1) | ((bits[i + 2] >>> 31) << 2) | ((bits[i + 3] >>> 31) << 3) |
      ((bits[i + 4] >>> 31) << 4) | ((bits[i + 5] >>> 31) << 5) | ((bits[i + 6] >>> 31) << 6) | ((bits[i + 7] >>> 31) << 7)
  }
  if (whole === into.length) return
  let last = 0
  for (let i = 8 * whole; i < bits.length; i++) last |= (bits[i] >>> 31) << (i & 7)
  into[whole] = last
}

const readSigns = (bytes: ByteReader, count: number): Uint8Array => {
  const signs = bytes.take(packedBytes(count, 1))
  if (count % 8 > 0 && signs[signs.length - 1] >>> (count % 8) > 0) throw new Malformed('signs after the last number')
  return signs
}

/** The mean magnitude; not finite where a number is not. */
const meanMagnitude = (values: Float32Array, start: number, end: number): number => {
  let sum = 0
  for (let i = start; i < end; i++) sum += Math.abs(values[i])
  return sum / (end - start)
}

const scaledSign = (per: Per): Codec => ({
  encode: ({ shapes, values }, out) => {
    const spans = spansOf(shapes, per)
    const scales = new Float32Array(groupsIn(spans))
    let signs = bitsOf(values)
    let group = 0
    for (const { start, end, size } of spans) {
      for (let at = start; at < end; at += size) {
        const stop = Math.min(at + size, end)
        const scale = Math.fround(meanMagnitude(values, at, stop))
        scales[group++] = scale
        if (scale > 0 && told(scale)) continue
        // Signs of a group that has no scale say nothing.
        if (signs.buffer === values.buffer) signs = signs.slice()
        signs.fill(0, at, stop)
      }
    }
    writeScales(scales, out)
    writeSigns(signs, out)
  },
  decode: (bytes, shapes, into) => {
    const spans = spansOf(shapes, per)
    const scales = readScales(bytes, groupsIn(spans))
    const signs = readSigns(bytes, into.length)
    const scaleBits = bitsOf(scales)
    const to = bitsOf(into)
    let group = 0
    for (const { start, end, size } of spans) {
      for (let at = start; at < end; at += size) {
        const stop = Math.min(at + size, end)
        const scale = scaleBits[group]
        let any = 0
        for (let i = at; i < stop; i++) {
          const sign = (signs[i >>> 3] << (31 - (i & 7))) & 0x80000000
          to[i] = scale | sign
          any |= sign
        }
        if (any !== 0 && !(scales[group] > 0)) throw new Malformed('a sign in a group that has no scale')
        group++
      }
    }
  },
  bound: ({ shapes, values }) => {
    const bounds = new Float64Array(values.length)
    for (const { start, end, size } of spansOf(shapes, per)) {
      for (let at = start; at < end; at += size) {
        const stop = Math.min(at + size, end)
        const scale = Math.fround(meanMagnitude(values, at, stop))
        for (let i = at; i < stop; i++) bounds[i] = told(scale) ? Math.abs(Math.abs(values[i]) - scale) : Infinity
      }
    }
    return bounds
  },
  most: (shapes) => 4 * groupsIn(spansOf(shapes, per)) + packedBytes(sizeOf(shapes), 1),
})

/**
 * The sign of each number, a bit, and the mean magnitude of each segment (row, block), 4 bytes:
 *
 *   C(p) = (|p|_1 / d) sign(p)
 *
 * With feedback, p is the change and what was left out of those before (feedback.ts). 0 has the sign that its float has.
 */
export const sign = codecEntry({
  kind: 'sign',
  sentence: 'The sign of each number, a bit, times the mean magnitude of its segment; what is left out is added to the next message.',
  source: 'Karimireddy et al., Error Feedback Fixes SignSGD and other Gradient Compression Schemes (ICML 2019), algorithm 1 (EF-SignSGD)',
  schema: z.strictObject({
    kind: z.literal('sign'),
    per: perField.default('segment').describe("What shares one scale of 4 bytes: a 'row', a 'segment', or so many numbers of a segment."),
    feedback: z.boolean().default(true).describe('Whether what the receiver did not get is added to the next message.'),
  }),
  makes: 'numbers',
  traits: ({ feedback }) => ({ unbiased: false, readsNumbers: false, sums: false, remembers: feedback, of: 'changes' }),
  build: ({ per, feedback }, _, place) => (feedback ? withFeedback(scaledSign(per), place) : scaledSign(per)),
})
