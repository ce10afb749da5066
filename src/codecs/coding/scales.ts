import { bitsOf } from '../bits-of.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { Malformed } from './malformed.js'

/*
 * Scales of groups of numbers, as 32-bit floats from 0 on. NaN is written for a group that holds a number that is not finite,
 * or whose scale is beyond a float: all of it is NaN to the receiver.
 */

/** Bits of the NaN that is written: machines differ in which they reckon. */
const notANumber = 0x7fc00000
const infinite = 0x7f800000

/** Whether a group's numbers are told by it. */
export const told = (scale: number): boolean => scale < Infinity

export const writeScales = (scales: Float32Array, out: ByteWriter): void => {
  for (const bits of bitsOf(scales)) {
    const magnitude = bits & 0x7fffffff
    out.u32(magnitude >= infinite ? notANumber : magnitude)
  }
}

export const readScales = (bytes: ByteReader, count: number): Float32Array => {
  const read = bytes.take(4 * count)
  const scales = new Float32Array(count)
  new Uint8Array(scales.buffer).set(read)
  for (const bits of bitsOf(scales)) {
    if (bits < 0 || (bits >= infinite && bits !== notANumber)) throw new Malformed('a scale that is no number from 0 on')
  }
  return scales
}

/** The greatest magnitude from `start` to `end`; NaN where a number is not finite. */
export const largestMagnitude = (values: Float32Array, start: number, end: number): number => {
  let most = 0
  // 0, or NaN once there was a number that is not finite.
  let spoilt = 0
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(values[i])
    most = magnitude > most ? magnitude : most
    spoilt += magnitude - magnitude
  }
  return spoilt === 0 ? most : NaN
}

/** Codes of a group whose scale is 0 or NaN say nothing: all of them are 0. */
export const codesOfNone = (codes: Uint8Array, start: number, end: number): void => {
  for (let i = start; i < end; i++) if (codes[i] !== 0) throw new Malformed('a code in a group that has no scale')
}

/** What a number of this magnitude or less may lose as it becomes a float, and what it was reckoned with in 64 bits. */
export const asFloat = (magnitude: number): number => magnitude * 2 ** -23 + 2 ** -149
