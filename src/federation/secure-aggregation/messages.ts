import { type Element, elementBytes, readElement, writeElement } from './field.js'
import { seal, sealBytes, unseal } from './simulated.js'

/*
 * The messages of the protocol as bytes: figure 4 of Bonawitz et al., CCS 2017, without what is there against active attackers
 * (signatures, the consistency check). Clients go by their numbers, from 1, in 4 bytes. A reader gives `undefined` for bytes that no
 * writer has written.
 */

/** What is public of a client: c encrypts shares, s makes masks. */
export interface PublicKeys {
  readonly c: Element
  readonly s: Element
}

/** Bytes of a client's number, and of its public keys. */
export const numberBytes = 4
export const keysBytes = 2 * elementBytes

const words = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Entries one after the other, each a number and as many bytes as all. */
const entries = (all: readonly (readonly [number, Uint8Array])[], size: number): Uint8Array => {
  const out = new Uint8Array(all.length * (numberBytes + size))
  all.forEach(([number, bytes], i) => {
    words(out).setUint32(i * (numberBytes + size), number, true)
    out.set(bytes, i * (numberBytes + size) + numberBytes)
  })
  return out
}

/** The same again; a number that is named twice, or 0, is none. */
const readEntries = (bytes: Uint8Array, size: number): Map<number, Uint8Array> | undefined => {
  const each = numberBytes + size
  if (bytes.length % each !== 0) return undefined
  const found = new Map<number, Uint8Array>()
  for (let at = 0; at < bytes.length; at += each) {
    const number = words(bytes).getUint32(at, true)
    if (number === 0 || found.has(number)) return undefined
    found.set(number, bytes.subarray(at + numberBytes, at + each))
  }
  return found
}

const every = <T>(found: ReadonlyMap<number, Uint8Array>, read: (bytes: Uint8Array) => T | undefined): Map<number, T> | undefined => {
  const out = new Map<number, T>()
  for (const [number, bytes] of found) {
    const one = read(bytes)
    if (one === undefined) return undefined
    out.set(number, one)
  }
  return out
}

/** Up, first: a client's public keys. */
export const writeKeys = ({ c, s }: PublicKeys): Uint8Array => {
  const out = new Uint8Array(keysBytes)
  writeElement(c, out, 0)
  writeElement(s, out, elementBytes)
  return out
}

export const readKeys = (bytes: Uint8Array): PublicKeys | undefined => {
  if (bytes.length !== keysBytes) return undefined
  const [c, s] = [readElement(bytes, 0), readElement(bytes, elementBytes)]
  return c === undefined || s === undefined ? undefined : { c, s }
}

/** Down, first: everybody's. */
export const writeRoster = (keys: ReadonlyMap<number, PublicKeys>): Uint8Array =>
  entries([...keys].map(([number, own]) => [number, writeKeys(own)]), keysBytes)

export const readRoster = (bytes: Uint8Array): Map<number, PublicKeys> | undefined => {
  const found = readEntries(bytes, keysBytes)
  return found && every(found, readKeys)
}

/** What one client hides for another: its shares of the seed of its own mask, and of the key of those with others. */
export interface HiddenShares {
  readonly from: number
  readonly to: number
  readonly s: Element
  readonly b: Element
}

const hiddenBytes = 2 * numberBytes + 2 * elementBytes
/** Bytes of an entry of hidden shares: whose they are, and what is sealed. */
export const sealedBytes = numberBytes + hiddenBytes + sealBytes

export const hide = ({ from, to, s, b }: HiddenShares, key: Element): Uint8Array => {
  const plain = new Uint8Array(hiddenBytes)
  words(plain).setUint32(0, from, true)
  words(plain).setUint32(numberBytes, to, true)
  writeElement(s, plain, 2 * numberBytes)
  writeElement(b, plain, 2 * numberBytes + elementBytes)
  return seal(plain, key)
}

export const reveal = (sealed: Uint8Array, key: Element): HiddenShares | undefined => {
  const plain = unseal(sealed, key)
  if (plain?.length !== hiddenBytes) return undefined
  const [s, b] = [readElement(plain, 2 * numberBytes), readElement(plain, 2 * numberBytes + elementBytes)]
  if (s === undefined || b === undefined) return undefined
  return { from: words(plain).getUint32(0, true), to: words(plain).getUint32(numberBytes, true), s, b }
}

/** Up, second: hidden shares by who is to have them. Down, second: by whose they are. */
export const writeHidden = (hidden: ReadonlyMap<number, Uint8Array>): Uint8Array => entries([...hidden], hiddenBytes + sealBytes)

export const readHidden = (bytes: Uint8Array): Map<number, Uint8Array> | undefined => readEntries(bytes, hiddenBytes + sealBytes)

/** Down, third: whose masked inputs have come. */
export const writeNumbers = (numbers: readonly number[]): Uint8Array => entries(numbers.map((number) => [number, new Uint8Array(0)]), 0)

export const readNumbers = (bytes: Uint8Array): Set<number> | undefined => {
  const found = readEntries(bytes, 0)
  return found && new Set(found.keys())
}

/** Up, fourth: by client, the share of its key where its input is missing, that of its seed where it has come. Which, both know. */
export const writeShares = (shares: ReadonlyMap<number, Element>): Uint8Array =>
  entries([...shares].map(([number, share]) => {
    const out = new Uint8Array(elementBytes)
    writeElement(share, out, 0)
    return [number, out]
  }), elementBytes)

export const readShares = (bytes: Uint8Array): Map<number, Element> | undefined => {
  const found = readEntries(bytes, elementBytes)
  return found && every(found, (one) => readElement(one, 0))
}
