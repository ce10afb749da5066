import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/** Appends numbers of 16 bits, which `fill` writes all of. */
export const writeHalves = (count: number, out: ByteWriter, fill: (halves: Uint16Array) => void): void => {
  const room = out.take(2 * count)
  if (room.byteOffset % 2 === 0) {
    fill(new Uint16Array(room.buffer, room.byteOffset, count))
    return
  }
  const halves = new Uint16Array(count)
  fill(halves)
  room.set(new Uint8Array(halves.buffer))
}

/** The next `count` numbers of 16 bits: to read at once, and not to write. */
export const readHalves = (bytes: ByteReader, count: number): Uint16Array => {
  const read = bytes.take(2 * count)
  const even = read.byteOffset % 2 === 0 ? read : read.slice()
  return new Uint16Array(even.buffer, even.byteOffset, count)
}
