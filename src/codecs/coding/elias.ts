import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { Malformed } from './malformed.js'

/*
 * Levels from 0 on with their signs: Elias's recursive (omega) code of level + 1, then a bit for the sign (1: below 0) where
 * the level is not 0. The code of 1 is a 0; that of n > 1 is the binary digits of n, highest first, behind the code of how many
 * there are after the first, and a 0 at the end of all. Bits fill bytes from the lowest.
 *
 * Sources: P. Elias, Universal codeword sets and representations of the integers (IEEE Transactions on Information Theory,
 * 1975); Alistarh et al., QSGD (NeurIPS 2017), appendix A, where vectors are dense.
 */

/** The greatest level. */
const greatest = 127

/** Digits of the code of a number, in the order in which they are written. */
const omega = (number: number): string => {
  let digits = '0'
  for (let left = number; left > 1; ) {
    const binary = left.toString(2)
    digits = binary + digits
    left = binary.length - 1
  }
  return digits
}

const codes = Array.from({ length: greatest + 1 }, (_, level) => omega(level + 1))
const lengths = Uint8Array.from(codes, (digits) => digits.length)
const words = Uint32Array.from(codes, (digits) => Array.from(digits, Number).reduce((word, digit, i) => word | (digit << i), 0))

/** Bits of the longest code of a level up to `most`, with its sign. */
export const longest = (most: number): number => Math.max(...lengths.subarray(0, most + 1)) + 1

/** Appends levels; the bit `minus` is set for those below 0. */
export const writeLevels = (levels: Uint8Array, minus: number, out: ByteWriter): void => {
  let bits = 0
  for (const code of levels) bits += lengths[code & (minus - 1)] + (code === 0 ? 0 : 1)
  const into = out.take(Math.ceil(bits / 8))
  let word = 0
  let filled = 0
  let at = 0
  for (const code of levels) {
    const level = code & (minus - 1)
    const length = lengths[level]
    // At most 7 bits wait, and 15 come.
    word |= words[level] << filled
    filled += length
    if (level > 0) word |= (code >= minus ? 1 : 0) << filled++
    for (; filled >= 8; filled -= 8) {
      into[at++] = word
      word >>>= 8
    }
  }
  if (filled > 0) into[at] = word
}

/** Reads `count` levels, none above `most`. */
export const readLevels = (bytes: ByteReader, count: number, most: number, minus: number): Uint8Array => {
  const from = bytes.ahead()
  const levels = new Uint8Array(count)
  let word = 0
  let filled = 0
  let at = 0
  for (let i = 0; i < count; i++) {
    // No code is longer than 15 bits; behind the end there are zeros, which `take` refuses.
    for (; filled < 15; filled += 8, at++) word |= (at < from.length ? from[at] : 0) << filled
    let number = 1
    let used = 0
    while ((word >>> used++) & 1) {
      let next = 1
      for (let digits = number; digits > 0; digits--) next = 2 * next + ((word >>> used++) & 1)
      number = next
      if (number > most + 1) throw new Malformed(`a level above ${most}`)
    }
    if (number > 1) levels[i] = (number - 1) | ((word >>> used++) & 1 ? minus : 0)
    word >>>= used
    filled -= used
  }
  const end = at - (filled >>> 3)
  if ((word & ((1 << (filled & 7)) - 1)) !== 0) throw new Malformed('bits after the last level')
  bytes.take(end)
  return levels
}
