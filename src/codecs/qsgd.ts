import { z } from 'zod'

import { sizeOf, type Codec } from './codec.js'
import { longest, readLevels, writeLevels } from './coding/elias.js'
import { codecEntry } from './entry.js'
import { Malformed } from './coding/malformed.js'
import { pack, packedBytes, unpack } from './coding/packing.js'
import { asFloat, codesOfNone, largestMagnitude, readScales, told, writeScales } from './coding/scales.js'
import { groupsIn, spansOf } from './coding/spans.js'

interface Options {
  readonly levels: number
  readonly bucket: number
  readonly norm: 'l2' | 'max'
  readonly code: 'fixed' | 'elias'
}

/** The norm of a bucket as it is sent, never below its greatest magnitude; not finite where a number is not, or where it is beyond a float. */
const normOf = (values: Float32Array, start: number, end: number, norm: Options['norm']): number => {
  if (norm === 'max') return largestMagnitude(values, start, end)
  let squares = 0
  for (let i = start; i < end; i++) squares += values[i] * values[i]
  return Math.fround(Math.sqrt(squares))
}

/** Levels of one bucket, with the bit `minus` for those below 0. */
const chosen = (values: Float32Array, start: number, end: number, perStep: number, minus: number, levels: Uint8Array, drawn: Uint32Array): void => {
  for (let i = start; i < end; i++) {
    const value = values[i]
    const level = (Math.abs(value) * perStep + drawn[i] * 2 ** -32) | 0
    levels[i] = level > 0 && value < 0 ? level | minus : level
  }
}

const quantised = ({ levels: most, bucket, norm, code }: Options): Codec => {
  const width = 32 - Math.clz32(most)
  const minus = 1 << width
  return {
    encode: ({ shapes, values }, out, { draws }) => {
      const spans = spansOf(shapes, bucket)
      const norms = new Float32Array(groupsIn(spans))
      const levels = new Uint8Array(values.length)
      const drawn = draws.many(values.length)
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const length = normOf(values, at, stop, norm)
          norms[group++] = length
          if (length > 0 && told(length)) chosen(values, at, stop, most / length, minus, levels, drawn)
        }
      }
      writeScales(norms, out)
      if (code === 'elias') writeLevels(levels, minus, out)
      else pack(levels, width + 1, out)
    },
    decode: (bytes, shapes, into) => {
      const spans = spansOf(shapes, bucket)
      const norms = readScales(bytes, groupsIn(spans))
      const levels = code === 'elias' ? readLevels(bytes, into.length, most, minus) : unpack(bytes, into.length, width + 1)
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const length = norms[group++]
          if (!(length > 0)) codesOfNone(levels, at, stop)
          const step = length / most
          for (let i = at; i < stop; i++) {
            const level = levels[i] & (minus - 1)
            if (level > most) throw new Malformed(`a level of ${level}, above ${most}`)
            if (levels[i] === minus) throw new Malformed('a 0 that is below 0')
            into[i] = levels[i] > minus ? -level * step : level * step
          }
        }
      }
    },
    bound: ({ shapes, values }) => {
      const bounds = new Float64Array(values.length)
      for (const { start, end, size } of spansOf(shapes, bucket)) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const length = normOf(values, at, stop, norm)
          bounds.fill(told(length) ? length / most + asFloat(length) : Infinity, at, stop)
        }
      }
      return bounds
    },
    most: (shapes) =>
      4 * groupsIn(spansOf(shapes, bucket)) + packedBytes(sizeOf(shapes), code === 'elias' ? longest(most) : width + 1),
  }
}

/**
 * Levels of the norm of a bucket of numbers, drawn so that they are right on average:
 *
 *   |v| sgn(v_i) xi_i,  xi_i = l / s or (l + 1) / s,  P((l + 1) / s) = s |v_i| / |v| - l        (equation 3.1 and below)
 *
 * for s levels and the l with l <= s |v_i| / |v| <= l + 1. Buckets lie within segments (section 4). All norms go first, then a
 * sign and a level for each number: of fixed width, or in Elias's code (elias.ts), which is shorter where most are 0. The
 * paper's experiments scale by the greatest magnitude in the place of the Euclidean norm: `norm: 'max'`.
 */
export const qsgd = codecEntry({
  kind: 'qsgd',
  sentence: 'A sign and a level of the norm of its bucket for each number, drawn unbiased: of fixed width, or Elias coded.',
  source: 'Alistarh et al., QSGD: Communication-Efficient SGD via Gradient Quantization and Encoding (NeurIPS 2017), sections 3.1 and 4',
  schema: z.strictObject({
    kind: z.literal('qsgd'),
    levels: z.int().min(1).max(127).default(7).describe('Levels between 0 and the norm, which is the last of them: 7 are 4 bits with the sign.'),
    bucket: z.int().positive().default(512).describe('How many numbers share one norm of 4 bytes.'),
    norm: z.enum(['l2', 'max']).default('l2').describe("Euclidean as in the paper's theorems, or the greatest magnitude, as in its experiments: less variance, and fewer zeros."),
    code: z.enum(['fixed', 'elias']).default('fixed').describe("'fixed': as many bits for each; 'elias': fewer for lower levels."),
  }),
  makes: 'numbers',
  traits: ({ code }) => ({ unbiased: true, readsNumbers: code === 'elias', sums: false, remembers: false, of: 'changes' }),
  build: (options) => quantised(options),
})
