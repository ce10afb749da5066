import type { Draws } from '../../codecs/coding/draws.js'

/** The prime 2^255 - 19 (RFC 7748): secrets of a key exchange fit, and an element is 32 bytes. */
export const prime = 2n ** 255n - 19n
/** Bytes of an element. */
export const elementBytes = 32

/** An element of the field of that prime: 0 to prime - 1. */
export type Element = bigint

export const times = (a: Element, b: Element): Element => (a * b) % prime
export const plus = (a: Element, b: Element): Element => (a + b) % prime
export const minus = (a: Element, b: Element): Element => (a - b + prime) % prime

/** The inverse of an element that is not 0, by the extended Euclidean algorithm. */
export const inverse = (a: Element): Element => {
  let [r, next] = [prime, a]
  let [t, one] = [0n, 1n]
  while (next !== 0n) {
    const quotient = r / next
    ;[r, next] = [next, r - quotient * next]
    ;[t, one] = [one, t - quotient * one]
  }
  if (r !== 1n) throw new RangeError('0 has no inverse')
  return t < 0n ? t + prime : t
}

/** A drawn element: uniform but for one part in 2^250. */
export const drawElement = (draws: Draws): Element => {
  let value = 0n
  for (let i = 0; i < 16; i++) value = (value << 32n) | BigInt(draws.next())
  return value % prime
}

/** Writes an element, the least byte first. */
export const writeElement = (value: Element, into: Uint8Array, at: number): void => {
  let rest = value
  for (let i = 0; i < elementBytes; i++, rest >>= 8n) into[at + i] = Number(rest & 255n)
}

/** Reads one; `undefined`: these bytes are none, for they are the prime or above it. */
export const readElement = (from: Uint8Array, at: number): Element | undefined => {
  let value = 0n
  for (let i = elementBytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(from[at + i])
  return value < prime ? value : undefined
}
