import type { Streams } from './streams.js'

/*
 * Draws that are made for every message. To begin a seedrandom stream for each would cost more than all else that a
 * message costs, so a purpose begins one stream, which gives a 128-bit seed, and every draw is a hash of that seed and
 * the draw's key (the mixing of MurmurHash3, two 32-bit lanes). Same key, same number, on every machine: integer
 * arithmetic only. Names enter as 64-bit hashes of their text.
 */

/** A name as two 32-bit words. */
type Words = readonly [number, number]

/** Hashes of names, kept for one run. */
export type Lexicon = (text: string) => Words

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

const absorbA = (state: number, word: number): number => {
  const mixed = state ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
  return (Math.imul(rotate(mixed, 13), 5) + 0xe6546b64) | 0
}

const absorbB = (state: number, word: number): number => {
  const mixed = state ^ Math.imul(rotate(Math.imul(word, 0x38b34ae5), 17), 0xa1e38b93)
  return (Math.imul(rotate(mixed, 15), 5) + 0x561ccd1b) | 0
}

const settle = (x: number): number => {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** 53 bits of the two lanes as a number in [0, 1). */
const unit = (a: number, b: number): number => {
  const x = settle((a + b) | 0)
  const y = settle((b + rotate(x, 7)) | 0)
  return ((x >>> 5) * 67_108_864 + (y >>> 6)) / 9_007_199_254_740_992
}

const wordsOf = (text: string): Words => {
  let a = absorbA(0x9747b28c, text.length)
  let b = absorbB(0x3c6ef372, text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = absorbA(a, code)
    b = absorbB(b, code)
  }
  return [settle(a), settle(b)]
}

export const createLexicon = (): Lexicon => {
  const known = new Map<string, Words>()
  return (text) => {
    let words = known.get(text)
    if (words === undefined) {
      words = wordsOf(text)
      known.set(text, words)
    }
    return words
  }
}

/** Random numbers in [0, 1) for one purpose, by what they decide. `nth` tells apart several for the same key. */
export interface Draws {
  /** For a client in a round. */
  visit(client: string, round: number, nth: number): number
  /**
   * For one copy of a message: keyed (kind, round, from, to, part, attempt, again, copy). `copy` names the copy by what made
   * it, '' for the original.
   */
  message(kind: number, about: MessageKey, copy: string, nth: number): number
}

/** What names the draws of a message, beside the number of its kind. */
export interface MessageKey {
  readonly attempt: number
  /** How many were sent before of which all else is the same, such as questions that are asked again. */
  readonly again: number
  readonly round: number
  readonly from: string
  readonly to: string
  readonly part: string
}

export const createDraws = (streams: Streams, lexicon: Lexicon, ...purpose: readonly string[]): Draws => {
  const stream = streams(...purpose)
  const seedA = Math.floor(stream() * 4_294_967_296) | 0
  const seedB = Math.floor(stream() * 4_294_967_296) | 0
  const closeA = Math.floor(stream() * 4_294_967_296) | 0
  const closeB = Math.floor(stream() * 4_294_967_296) | 0
  return {
    visit: (client, round, nth) => {
      const name = lexicon(client)
      const a = absorbA(absorbA(absorbA(seedA, name[0]), round), nth)
      const b = absorbB(absorbB(absorbB(seedB, name[1]), round), nth)
      return unit(a ^ closeA, b ^ closeB)
    },
    message: (kind, about, copy, nth) => {
      const from = lexicon(about.from)
      const to = lexicon(about.to)
      const part = lexicon(about.part)
      const made = lexicon(copy)
      const head = kind + 1 + about.attempt * 8
      let a = absorbA(absorbA(absorbA(seedA, head), about.round), from[0])
      let b = absorbB(absorbB(absorbB(seedB, head), about.round), from[1])
      a = absorbA(absorbA(absorbA(absorbA(a, to[0]), part[0]), made[0]), nth)
      b = absorbB(absorbB(absorbB(absorbB(b, to[1]), part[1]), made[1]), nth)
      if (about.again > 0) {
        a = absorbA(a, about.again)
        b = absorbB(b, about.again)
      }
      return unit(a ^ closeA, b ^ closeB)
    },
  }
}
