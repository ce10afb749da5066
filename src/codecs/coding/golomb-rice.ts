import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { Malformed } from './malformed.js'

/*
 * Positions in rising order, as the gaps between them: the quotient of each gap by 2^b in unary (as many 0 bits,
 * then a 1), its remainder in b bits, the lowest bit first. A byte before them holds b. With b = 0 this is a bit for each
 * place, so positions among n places never need more than n bits.
 *
 * Sources: S. W. Golomb, Run-length encodings (IEEE Transactions on Information Theory, 1966); R. F. Rice and J. R. Plaunt,
 * Adaptive variable-length coding for efficient compression of spacecraft television data (1971): divisors that are powers of 2.
 */

/** Remainders have at most as many bits, so that a gap is read from one word. */
const widest = 24

/** Bits that gaps need with each b. Gaps >> b add up to what their bits from b on are worth, so the bits are counted once. */
const bitsWith = (positions: Uint32Array): Float64Array => {
  const set = new Float64Array(32)
  let before = -1
  for (const position of positions) {
    for (let gap = position - before - 1; gap !== 0; gap &= gap - 1) set[31 - Math.clz32(gap & -gap)]++
    before = position
  }
  const bits = new Float64Array(widest + 1)
  let quotients = 0
  for (let b = 31; b >= 0; b--) {
    quotients = 2 * quotients + set[b]
    if (b <= widest) bits[b] = positions.length * (b + 1) + quotients
  }
  return bits
}

/** The first of the least. */
const best = (bits: Float64Array): number => {
  let b = 0
  for (let i = 1; i < bits.length; i++) if (bits[i] < bits[b]) b = i
  return b
}

/** Appends positions, strictly rising, each below `places`. Their number is not written; of none or all nothing is. */
export const writePositions = (positions: Uint32Array, places: number, out: ByteWriter): void => {
  const count = positions.length
  if (count === 0 || count === places) return
  const bits = bitsWith(positions)
  const b = best(bits)
  out.u8(b)
  const into = out.take(Math.ceil(bits[b] / 8))
  const mask = 2 ** b - 1
  let at = 0
  let word = 0
  let filled = 0
  let before = -1
  for (const position of positions) {
    const gap = position - before - 1
    before = position
    for (filled += gap >>> b; filled >= 8; filled -= 8) {
      into[at++] = word
      word = 0
    }
    // Fewer than 8 bits lie in the word, so that a 1 and up to 24 bits behind it fit.
    word |= ((((gap & mask) << 1) | 1) << filled) >>> 0
    for (filled += b + 1; filled >= 8; filled -= 8) {
      into[at++] = word
      word >>>= 8
    }
  }
  if (filled > 0) into[at] = word
}

/** Reads `count` positions that `writePositions` has written. */
export const readPositions = (bytes: ByteReader, count: number, places: number): Uint32Array => {
  const positions = new Uint32Array(count)
  if (count === 0) return positions
  if (count === places) return positions.map((_, i) => i)
  const b = bytes.u8()
  if (b > widest) throw new Malformed(`gaps with ${b} bits after their quotient, where ${widest} are the most`)
  const from = bytes.ahead()
  const mask = 2 ** b - 1
  let at = 0
  let word = 0
  let filled = 0
  let position = -1
  for (let i = 0; i < count; i++) {
    let quotient = 0
    while (word === 0) {
      quotient += filled
      if (at >= from.length) throw new Malformed(`positions end after ${i} of ${count}`)
      word = from[at++]
      filled = 8
      if (quotient > places) throw new Malformed(`a position behind the last of ${places} places`)
    }
    const zeros = 31 - Math.clz32(word & -word)
    quotient += zeros
    word >>>= zeros + 1
    filled -= zeros + 1
    for (; filled < b; filled += 8) {
      if (at >= from.length) throw new Malformed(`positions end after ${i} of ${count}`)
      word |= from[at++] << filled
    }
    position += quotient * (mask + 1) + (word & mask) + 1
    if (position >= places) throw new Malformed(`a position behind the last of ${places} places`)
    positions[i] = position
    word >>>= b
    filled -= b
  }
  if (word !== 0) throw new Malformed('bits after the last position')
  bytes.take(at)
  return positions
}

/** No `count` positions or fewer among as many places or fewer need more bytes. */
export const mostOfPositions = (count: number, places: number): number => {
  if (count === 0) return 0
  let most = Infinity
  for (let b = 0; b <= widest; b++) most = Math.min(most, count * (b + 1) + Math.floor((places - count) / 2 ** b))
  return 1 + Math.ceil(most / 8)
}
