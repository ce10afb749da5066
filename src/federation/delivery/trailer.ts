import { crc32 } from 'node:zlib'

/**
 * What a numbered message has behind its frame, little-endian: u32 number, from 1 for each receiver in each life of the
 * sender; u32 the first number that the sender still wants to bring over; u32 the sender's life; u32 CRC-32 of all bytes
 * before it. It finds out what a bit flipped anywhere does; the frame's own checksum is not needed then.
 */
const TRAILER = 16

export interface Trailer {
  readonly number: number
  readonly first: number
  readonly life: number
}

const { readUInt32LE, writeUInt32LE } = Buffer.prototype

/** A frame with its trailer. */
export const numbered = (frame: Uint8Array, { number, first, life }: Trailer): Uint8Array => {
  const bytes = new Uint8Array(frame.length + TRAILER)
  bytes.set(frame)
  const words = [number, first, life]
  words.forEach((word, i) => writeUInt32LE.call(bytes as Buffer, word, frame.length + 4 * i))
  writeUInt32LE.call(bytes as Buffer, crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

/** The frame and its trailer, or undefined if a bit of it is not what it was. */
export const readNumbered = (bytes: Uint8Array): { readonly frame: Uint8Array; readonly trailer: Trailer } | undefined => {
  const end = bytes.length - TRAILER
  if (end < 0) return undefined
  const word = (i: number): number => readUInt32LE.call(bytes as Buffer, end + 4 * i)
  if (word(3) !== crc32(bytes.subarray(0, -4))) return undefined
  return { frame: bytes.subarray(0, end), trailer: { number: word(0), first: word(1), life: word(2) } }
}
