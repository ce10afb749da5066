import { crc32 } from 'node:zlib'

/*
 * A record of a job log: a head of fixed length, then the value. The head says how long the value is and vouches for
 * itself and for the value, so that one that was torn, wherever it was, is seen.
 */

const magic = 0x31_4a_54_57
const keyBytes = 32
const checkedBytes = 12 + keyBytes
export const headBytes = checkedBytes + 4

/** What the head of a record says. */
export interface RecordHead {
  readonly key: string
  readonly bytes: number
  readonly checksum: number
}

/** Key: 64 hexadecimal digits. */
export const encodeRecord = (key: string, value: Uint8Array): Uint8Array => {
  const record = new Uint8Array(headBytes + value.length)
  const view = new DataView(record.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, value.length, true)
  view.setUint32(8, crc32(value), true)
  record.set(Buffer.from(key, 'hex'), 12)
  view.setUint32(checkedBytes, crc32(record.subarray(0, checkedBytes)), true)
  record.set(value, headBytes)
  return record
}

/** Undefined where there is no whole head. */
export const decodeHead = (head: Uint8Array): RecordHead | undefined => {
  if (head.length < headBytes) return undefined
  const view = new DataView(head.buffer, head.byteOffset)
  const checked = head.subarray(0, checkedBytes)
  if (view.getUint32(0, true) !== magic || view.getUint32(checkedBytes, true) !== crc32(checked)) return undefined
  const key = Buffer.from(checked.subarray(12)).toString('hex')
  return { key, bytes: view.getUint32(4, true), checksum: view.getUint32(8, true) }
}

export const isWhole = ({ bytes, checksum }: RecordHead, value: Uint8Array): boolean =>
  value.length === bytes && crc32(value) === checksum
