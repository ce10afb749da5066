import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { Malformed } from './malformed.js'

/** Bytes that so many codes of so many bits are packed in. */
export const packedBytes = (count: number, bits: number): number => Math.ceil((count * bits) / 8)

/** Packs codes of 1 to 8 bits without gaps, the first in the lowest bits; what is left of the last byte is 0. */
export const pack = (codes: Uint8Array, bits: number, out: ByteWriter): void => {
  const into = out.take(packedBytes(codes.length, bits))
  if (bits === 8) {
    into.set(codes)
    return
  }
  let word = 0
  let filled = 0
  let at = 0
  // Eight codes are `bits` bytes, and at most 32 bits together with what waits.
  for (let i = 0; i < codes.length; i++) {
    word |= codes[i] << filled
    filled += bits
    if (filled >= 8) {
      into[at++] = word
      word >>>= 8
      filled -= 8
    }
  }
  if (filled > 0) into[at] = word
}

/** Reads what `pack` has written. */
export const unpack = (bytes: ByteReader, count: number, bits: number): Uint8Array => {
  const from = bytes.take(packedBytes(count, bits))
  if (bits === 8) return from
  const codes = new Uint8Array(count)
  const mask = (1 << bits) - 1
  let word = 0
  let filled = 0
  let at = 0
  for (let i = 0; i < count; i++) {
    if (filled < bits) {
      word |= from[at++] << filled
      filled += 8
    }
    codes[i] = word & mask
    word >>>= bits
    filled -= bits
  }
  if (word !== 0) throw new Malformed('bits after the last code')
  return codes
}
