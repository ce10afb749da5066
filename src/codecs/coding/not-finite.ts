import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { sizeOf, type Block, type Shape } from '../codec.js'
import { Malformed } from './malformed.js'

/*
 * Codecs that leave numbers out, or mix them, say of which tensors they have left out numbers that are not finite: a bit
 * for each tensor. Those decode to what is no number, at every place.
 */

/** Which tensors hold a number that is not finite. */
export const notFiniteIn = ({ shapes, values }: Block): boolean[] => {
  let at = 0
  return shapes.map((shape) => {
    const end = at + sizeOf([shape])
    let finite = true
    for (; at < end; at++) finite &&= Math.abs(values[at]) < Infinity
    return !finite
  })
}

/** Bytes of a bit for each tensor. */
export const flagBytes = (shapes: readonly Shape[]): number => Math.ceil(shapes.length / 8)

export const writeFlags = (flags: readonly boolean[], out: ByteWriter): void => {
  for (let i = 0; i < flags.length; i += 8) {
    out.u8(flags.slice(i, i + 8).reduce((byte, flag, bit) => byte | (flag ? 1 << bit : 0), 0))
  }
}

export const readFlags = (bytes: ByteReader, count: number): boolean[] => {
  const read = bytes.take(Math.ceil(count / 8))
  if (count % 8 > 0 && read[read.length - 1] >>> (count % 8) > 0) throw new Malformed('flags of tensors that are not there')
  return Array.from({ length: count }, (_, i) => ((read[i >>> 3] >>> (i & 7)) & 1) === 1)
}

/** Makes all of the tensors that are flagged no numbers. */
export const spoil = (flags: readonly boolean[], shapes: readonly Shape[], into: Float32Array): void => {
  let at = 0
  for (const [i, shape] of shapes.entries()) {
    const end = at + sizeOf([shape])
    if (flags[i]) into.fill(NaN, at, end)
    at = end
  }
}
