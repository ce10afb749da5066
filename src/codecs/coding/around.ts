import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import type { Codec } from '../codec.js'
import { Malformed } from './malformed.js'

/** Makes bytes into fewer bytes. */
export interface Packer {
  pack(bytes: Uint8Array): Uint8Array
  /** What was packed, which was `length` bytes long; fewer or undefined where it was not. Never makes more. */
  unpack(packed: Uint8Array, length: number): Uint8Array | undefined
}

/** Bytes with those first that lie at 0, 4, 8 and so on, then those at 1, 5, 9: the planes of numbers of 4 bytes. */
export const planesOf = (bytes: Uint8Array): Uint8Array => {
  const planes = new Uint8Array(bytes.length)
  let at = 0
  for (let plane = 0; plane < 4; plane++) for (let i = plane; i < bytes.length; i += 4) planes[at++] = bytes[i]
  return planes
}

/** The inverse of `planesOf`. */
export const ofPlanes = (planes: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(planes.length)
  let at = 0
  for (let plane = 0; plane < 4; plane++) for (let i = plane; i < bytes.length; i += 4) bytes[i] = planes[at++]
  return bytes
}

const varintBytes = (value: number): number => {
  let bytes = 1
  for (let left = value; left > 0x7f; left = Math.floor(left / 0x80)) bytes++
  return bytes
}

/**
 * A codec whose bytes are packed, all of them together: twice the length of what follows, and 1 more where that is packed;
 * then, if so, the length it had before; then the bytes. What would not shrink goes as it is.
 */
export const around = (inner: Codec, { pack, unpack }: Packer, planes: boolean): Codec => ({
  encode: (block, out, sending) => {
    const plain = new ByteWriter(1024)
    inner.encode(block, plain, sending)
    const bytes = plain.written()
    const packed = pack(planes ? planesOf(bytes) : bytes)
    if (packed.length + varintBytes(bytes.length) < bytes.length) {
      out.varint(2 * packed.length + 1)
      out.varint(bytes.length)
      out.bytes(packed)
    } else {
      out.varint(2 * bytes.length)
      out.bytes(bytes)
    }
  },
  decode: (reader, shapes, into) => {
    const most = inner.most(shapes)
    const head = reader.varint(2 * most + 1)
    const length = head % 2 === 1 ? reader.varint(most) : undefined
    let bytes = reader.take(Math.floor(head / 2))
    if (length !== undefined) {
      const unpacked = unpack(bytes, length)
      if (unpacked?.length !== length) throw new Malformed(`bytes that do not unpack to ${length}`)
      bytes = planes ? ofPlanes(unpacked) : unpacked
    }
    const all = new ByteReader(bytes)
    inner.decode(all, shapes, into)
    all.end()
  },
  bound: (block) => inner.bound(block),
  most: (shapes) => {
    const most = inner.most(shapes)
    return varintBytes(2 * most + 1) + most
  },
})
