/** A copy of bytes with bits flipped: number 0 is the lowest bit of the first byte. One that is named twice is as it was. */
export const flipBits = (bytes: Uint8Array, bits: readonly number[]): Uint8Array => {
  const damaged = bytes.slice()
  for (const bit of bits) damaged[Math.floor(bit / 8)] ^= 1 << (bit % 8)
  return damaged
}
