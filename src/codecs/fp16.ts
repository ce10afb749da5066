import { z } from 'zod'

import { bitsOf } from './bits-of.js'
import { sizeOf, type Codec } from './codec.js'
import { codecEntry, plain } from './entry.js'
import { readHalves, writeHalves } from './coding/halves.js'

/*
 * A binary32 with sign and exponent i (9 bits) and significand m (24 bits, the leading one written out) is
 *
 *   start[i] + m / 2^shift[i], rounded to even,
 *
 * as a binary16: a carry out of the significand goes into the exponent, and out of the greatest exponent to infinity.
 */
const start = new Uint16Array(512)
const shift = new Uint8Array(512)
for (let i = 0; i < 512; i++) {
  const exponent = (i & 0xff) - 127
  const sign = (i >>> 8) << 15
  // At 25 nothing is left of the significand, not even a half.
  const lost = exponent >= -14 ? 13 : Math.min(-1 - exponent, 25)
  start[i] = sign | (exponent >= 16 ? 0x7c00 : exponent >= -14 ? (exponent + 14) << 10 : 0)
  shift[i] = exponent >= 16 ? 25 : lost
}

/** Every binary16, as bits of a binary32. */
const floats = Int32Array.from({ length: 0x10000 }, (_, half) => {
  const sign = (half & 0x8000) << 16
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13)
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13)
  if (fraction === 0) return sign
  // 2^-24 * fraction: its leading one leaves.
  const leading = 31 - Math.clz32(fraction)
  return sign | ((leading + 103) << 23) | ((fraction << (23 - leading)) & 0x7fffff)
})

const half: Codec = {
  encode: ({ values }, out) => {
    const from = bitsOf(values)
    writeHalves(from.length, out, (into) => {
      for (let i = 0; i < from.length; i++) {
        const bits = from[i]
        const top = bits >>> 23
        const lost = shift[top]
        const significand = (bits & 0x7fffff) | 0x800000
        const code = start[top] + ((significand + (1 << (lost - 1)) - 1 + ((significand >>> lost) & 1)) >>> lost)
        into[i] = (bits & 0x7fffffff) > 0x7f800000 ? ((bits >>> 16) & 0x8000) | 0x7e00 : code
      }
    })
  },
  decode: (bytes, _, into) => {
    const from = readHalves(bytes, into.length)
    const to = bitsOf(into)
    for (let i = 0; i < to.length; i++) to[i] = floats[from[i]]
  },
  // Half of the last place, which is 2^-24 below 2^-14.
  bound: ({ values }) =>
    Float64Array.from(values, (value) => {
      const magnitude = Math.abs(value)
      if (!(magnitude < 65520)) return Infinity
      return Math.max(2 ** -25, 2 ** -11 * magnitude)
    }),
  most: (shapes) => 2 * sizeOf(shapes),
}

/**
 * Half precision: 11 bits of significand, from 6.1e-5 to 65504, and with fewer bits down to 6.0e-8. Rounded to the nearest,
 * ties to even. What is 65520 or greater becomes infinite, and is not hidden.
 */
export const fp16 = codecEntry({
  kind: 'fp16',
  sentence: 'Half precision: 16 bits each, rounded to nearest even, at most 65504.',
  source: 'IEEE 754 binary16; tables after van der Zijp, Fast Half Float Conversions (2008)',
  schema: z.strictObject({ kind: z.literal('fp16') }),
  makes: 'numbers',
  traits: () => ({ ...plain, unbiased: false, sums: false }),
  build: () => half,
})
