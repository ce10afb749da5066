import { z } from 'zod'

import { sizeOf, type Codec, type Traits } from '../codec.js'
import { plain } from '../entry.js'
import { Malformed } from './malformed.js'
import { pack, packedBytes, unpack } from './packing.js'
import { asFloat, codesOfNone, largestMagnitude, readScales, told, writeScales } from './scales.js'
import { groupsIn, perField, spansOf, type Per } from './spans.js'

/*
 * Whole numbers from -L to L times a step, L = 2^(bits - 1) - 1: each group of numbers sends its greatest magnitude m, and
 *
 *   q = round(L x / m),  decoded: q m / L.
 *
 * First the m of all groups, then all q in `bits` bits, two's complement, packed. The code -2^(bits - 1) is not used.
 */

/** The fields of their schemas. */
export const uniformFields = {
  per: perField
    .default(256)
    .describe("What shares one scale of 4 bytes: a 'row', a 'segment', or so many numbers of a segment."),
  rounding: z
    .enum(['nearest', 'stochastic'])
    .default('nearest')
    .describe("'nearest': within half a step; 'stochastic': up or down by chance, within a step and unbiased."),
}

export interface Uniform {
  readonly per: Per
  readonly rounding: 'nearest' | 'stochastic'
}

export const uniformSource =
  'Wu et al., Integer Quantization for Deep Learning Inference (2020), section 3.1.2, symmetric, by greatest magnitude; blocks as in Dettmers et al., 8-bit Optimizers via Block-wise Quantization (ICLR 2022)'

export const uniformTraits = ({ rounding }: Uniform): Traits => ({ ...plain, unbiased: rounding === 'stochastic', sums: false })

/** Codes of one group. What is added keeps numbers above 0 until they are cut to whole ones: halves are rounded up. */
const nearest = (values: Float32Array, start: number, end: number, perStep: number, mask: number, codes: Uint8Array): void => {
  for (let i = start; i < end; i++) codes[i] = (values[i] * perStep + 256.5) & mask
}

/** Codes of one group, rounded up as often as they are near to the number above. `drawn`: 32 bits for each number. */
const stochastic = (
  values: Float32Array, start: number, end: number, perStep: number, mask: number, codes: Uint8Array, drawn: Uint32Array,
): void => {
  for (let i = start; i < end; i++) codes[i] = (values[i] * perStep + 256 + drawn[i] * 2 ** -32) & mask
}

/** Numbers of one group; answers the least code. */
const numbers = (codes: Uint8Array, start: number, end: number, step: number, unused: number, into: Float32Array): number => {
  let least = 0
  for (let i = start; i < end; i++) {
    const code = (codes[i] << unused) >> unused
    least = code < least ? code : least
    into[i] = code * step
  }
  return least
}

/** Codes with so many bits for each number: 2, 4 or 8. */
export const uniform = (bits: 2 | 4 | 8, { per, rounding }: Uniform): Codec => {
  const greatest = 2 ** (bits - 1) - 1
  const mask = 2 ** bits - 1
  return {
    encode: ({ shapes, values }, out, { draws }) => {
      const spans = spansOf(shapes, per)
      const scales = new Float32Array(groupsIn(spans))
      const codes = new Uint8Array(values.length)
      const drawn = draws.many(rounding === 'stochastic' ? values.length : 0)
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = largestMagnitude(values, at, stop)
          scales[group++] = scale
          if (!(scale > 0)) continue
          if (rounding === 'nearest') nearest(values, at, stop, greatest / scale, mask, codes)
          else stochastic(values, at, stop, greatest / scale, mask, codes, drawn)
        }
      }
      writeScales(scales, out)
      pack(codes, bits, out)
    },
    decode: (bytes, shapes, into) => {
      const spans = spansOf(shapes, per)
      const scales = readScales(bytes, groupsIn(spans))
      const codes = unpack(bytes, into.length, bits)
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = scales[group++]
          if (!(scale > 0)) codesOfNone(codes, at, stop)
          const least = numbers(codes, at, stop, scale / greatest, 32 - bits, into)
          if (least < -greatest) throw new Malformed(`a code of ${least}, where ${-greatest} is the least`)
        }
      }
    },
    bound: ({ shapes, values }) => {
      const bounds = new Float64Array(values.length)
      for (const { start, end, size } of spansOf(shapes, per)) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = largestMagnitude(values, at, stop)
          const steps = rounding === 'nearest' ? 0.5 : 1
          bounds.fill(told(scale) ? (steps * scale) / greatest + asFloat(scale) : Infinity, at, stop)
        }
      }
      return bounds
    },
    most: (shapes) => 4 * groupsIn(spansOf(shapes, per)) + packedBytes(sizeOf(shapes), bits),
  }
}
