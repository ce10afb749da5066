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
const word = (bytes: Uint8Array, at: number): number => readUInt32LE.call(bytes as Buffer, at)
const setWord = (bytes: Uint8Array, value: number, at: number): void => void writeUInt32LE.call(bytes as Buffer, value, at)

/** A frame with its trailer, in `memory`. */
export const numbered = (frame: Uint8Array, { number, first, life }: Trailer, memory: (size: number) => Uint8Array): Uint8Array => {
  const end = frame.length
  const bytes = memory(end + TRAILER)
  bytes.set(frame)
  setWord(bytes, number, end)
  setWord(bytes, first, end + 4)
  setWord(bytes, life, end + 8)
  setWord(bytes, crc32(bytes.subarray(0, -4)), end + 12)
  return bytes
}

/** The frame and its trailer, or undefined if a bit of it is not what it was. */
export const readNumbered = (bytes: Uint8Array): { readonly frame: Uint8Array; readonly trailer: Trailer } | undefined => {
  const end = bytes.length - TRAILER
  if (end < 0) return undefined
  if (word(bytes, end + 12) !== crc32(bytes.subarray(0, -4))) return undefined
  const trailer = { number: word(bytes, end), first: word(bytes, end + 4), life: word(bytes, end + 8) }
  return { frame: bytes.subarray(0, end), trailer }
}
