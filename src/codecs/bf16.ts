import { z } from 'zod'

import { bitsOf } from './bits-of.js'
import { sizeOf, type Codec } from './codec.js'
import { codecEntry, plain } from './entry.js'
import { readHalves, writeHalves } from './coding/halves.js'

const brain: Codec = {
  encode: ({ values }, out) => {
    const from = bitsOf(values)
    writeHalves(from.length, out, (into) => {
      for (let i = 0; i < from.length; i++) {
        const bits = from[i]
        const code = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
        into[i] = (bits & 0x7fffffff) > 0x7f800000 ? ((bits >>> 16) & 0x8000) | 0x7fc0 : code
      }
    })
  },
  decode: (bytes, _, into) => {
    const from = readHalves(bytes, into.length)
    const to = bitsOf(into)
    for (let i = 0; i < to.length; i++) to[i] = from[i] << 16
  },
  // Half of the last place, which is 2^-133 below 2^-126.
  bound: ({ values }) =>
    Float64Array.from(values, (value) => {
      const magnitude = Math.abs(value)
      if (!(magnitude < greatest)) return Infinity
      return Math.max(2 ** -134, 2 ** -8 * magnitude)
    }),
  most: (shapes) => 2 * sizeOf(shapes),
}

/** The least that is rounded to infinity. */
const greatest = 2 ** 127 * (2 - 2 ** -8)

/**
 * The upper half of a 32-bit float: 8 bits of significand and its whole range. Rounded to the nearest, ties to even. What is
 * nearer to 2^128 than to the greatest number below becomes infinite, and is not hidden.
 */
export const bf16 = codecEntry({
  kind: 'bf16',
  sentence: 'The upper 16 bits of each number, rounded to nearest even: less precise than fp16, with the range of fp32.',
  source: 'Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training (2019)',
  schema: z.strictObject({ kind: z.literal('bf16') }),
  makes: 'numbers',
  traits: () => ({ ...plain, unbiased: false, sums: false }),
  build: () => brain,
})
