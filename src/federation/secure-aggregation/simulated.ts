import { crc32 } from 'node:zlib'

import { drawsOf, type Draws, type Seed } from '../../codecs/coding/draws.js'
import { drawElement, type Element, times } from './field.js'

/*
 * Stand-ins for cryptography: they cost the bytes of what they stand for and give what it gives, so that sums unmask, shares are
 * recovered and damage is found; and they keep nothing secret from anybody. Nobody in a simulation breaks a cipher.
 */

/** In place of the point of X25519 from which public keys are made (RFC 7748, section 4.1). */
const base: Element = 9n

/** A drawn secret key. */
export const drawKey = (draws: Draws): Element => drawElement(draws)

/** In place of X25519: what is public of a secret key, 32 bytes. */
export const publicOf = (secret: Element): Element => times(base, secret)

/** What two agree on, whichever of them works it out: of one's secret key and the other's public one. */
export const agree = (secret: Element, other: Element): Element => times(secret, other)

const seedOf = (key: Element): Seed => {
  const word = (nth: bigint): number => Number((key >> (32n * nth)) & 0xffffffffn)
  return [word(0n) ^ word(2n) ^ word(4n) ^ word(6n), word(1n) ^ word(3n) ^ word(5n) ^ word(7n)]
}

/** In place of AES-128 in counter mode: as many elements of a ring of so many bits as a vector has, from a seed. */
export const maskOf = (seed: Element, length: number, ring: number): Uint32Array => {
  const words = drawsOf(seedOf(seed)).many(length)
  return ring === 32 ? words : words.map((word) => word >>> (32 - ring))
}

/** Bytes of a nonce and of a tag of AES-GCM (NIST SP 800-38D, sections 5.2.1.1 and 5.2.1.2). */
const [nonceBytes, tagBytes] = [12, 16] as const
/** Bytes that encryption adds. */
export const sealBytes = nonceBytes + tagBytes

const stream = (key: Element, length: number): Uint8Array => new Uint8Array(drawsOf(seedOf(key)).many(Math.ceil(length / 4)).buffer, 0, length)

const tagOf = (key: Element, hidden: Uint8Array): Buffer => {
  const tag = Buffer.alloc(tagBytes)
  const start = Number(key & 0xffffffffn)
  for (let i = 0; i < 4; i++) tag.writeUInt32LE(crc32(hidden, (start + i) >>> 0), 4 * i)
  return tag
}

/** In place of AES-GCM: nonce, what is hidden, tag. */
export const seal = (plain: Uint8Array, key: Element): Uint8Array => {
  const pad = stream(key, plain.length)
  const hidden = plain.map((byte, i) => byte ^ pad[i])
  return Buffer.concat([Buffer.alloc(nonceBytes), hidden, tagOf(key, hidden)])
}

/** What was sealed; undefined: it is damaged, or of another key. */
export const unseal = (sealed: Uint8Array, key: Element): Uint8Array | undefined => {
  if (sealed.length < sealBytes) return undefined
  const hidden = sealed.subarray(nonceBytes, sealed.length - tagBytes)
  if (Buffer.compare(tagOf(key, hidden), sealed.subarray(sealed.length - tagBytes)) !== 0) return undefined
  const pad = stream(key, hidden.length)
  return hidden.map((byte, i) => byte ^ pad[i])
}
