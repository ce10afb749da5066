import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { Malformed } from './malformed.js'

/** Bytes of so many digits. */
export const base3Bytes = (count: number): number => Math.ceil(count / 5)

/** Packs digits 0, 1 and 2, five a byte (3^5 = 243), the first with weight 1; those that are missing from the last byte are 0. */
export const packBase3 = (digits: Uint8Array, out: ByteWriter): void => {
  const into = out.take(base3Bytes(digits.length))
  const whole = Math.floor(digits.length / 5)
  for (let byte = 0, i = 0; byte < whole; byte++, i += 5) {
    into[byte] = digits[i] + 3 * digits[i + 1] + 9 * digits[i + 2] + 27 * digits[i + 3] + 81 * digits[i + 4]
  }
  if (whole === into.length) return
  let last = 0
  for (let i = digits.length - 1; i >= 5 * whole; i--) last = 3 * last + digits[i]
  into[whole] = last
}

/** Reads what `packBase3` has written. */
export const unpackBase3 = (bytes: ByteReader, count: number): Uint8Array => {
  const from = bytes.take(base3Bytes(count))
  const digits = new Uint8Array(5 * from.length)
  for (let byte = 0, i = 0; byte < from.length; byte++) {
    let left = from[byte]
    if (left > 242) throw new Malformed(`a byte of ${left}, where five digits to the base 3 make 242 at most`)
    for (const end = i + 5; i < end; i++) {
      const rest = (left / 3) | 0
      digits[i] = left - 3 * rest
      left = rest
    }
  }
  for (let i = count; i < digits.length; i++) if (digits[i] !== 0) throw new Malformed('digits after the last number')
  return digits.subarray(0, count)
}
