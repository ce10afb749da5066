import { z } from 'zod'

/** Option of worlds that fit vocabularies. */
export const bucketsSchema = z
  .int().min(0)
  // Each is a row of an embedding table that every client holds: 16 million rows of 8 numbers are half a GiB.
  .max(1 << 24)
  .default(0)
  .describe('hash buckets that words without an id of their own fall into; 0: they are all the one unknown word')

/** The ids of one categorical field: 0 is unknown, known words run from 1, and after them come the buckets. */
export interface Vocabulary {
  readonly size: number
  /** Codes that were seen too rarely to be kept, and so are unknown, or in a bucket. */
  readonly dropped: number
  /** The id of a word's code. A code that the fit never saw is 0, or its word's bucket. */
  id(code: number): number
}

/** How words become ids. */
export interface Wording {
  readonly order: WordOrder
  /** Training rows that a word needs for an id of its own. */
  readonly atLeast: number
  /** Hash buckets for all other words, those of later rows among them. Default 0: they are unknown. */
  readonly buckets?: number | undefined
}

/** How words are put in order before they get ids. Canonical, so that ids do not depend on the order of rows. */
export type WordOrder = 'text' | 'number'

/** Counts words in training rows. Feed it nothing else: a vocabulary that saw the test rows leaks their values. */
export interface VocabularyFit {
  count(code: number): void
  /** Ids by `order` of the words (`number`: by value, where words are whole numbers; else by code point). */
  fit(words: readonly string[], options: Wording): Vocabulary
}

/** FNV-1a of the word in UTF-8: the same bucket in every world, whatever other words there are. */
const bucketOf = (word: string, buckets: number): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(word, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % buckets
}

export const vocabularyFit = (): VocabularyFit => {
  let counts = new Int32Array(64)
  return {
    count: (code) => {
      if (code >= counts.length) {
        const grown = new Int32Array(Math.max(code + 1, counts.length * 2))
        grown.set(counts)
        counts = grown
      }
      counts[code]++
    },
    fit: (words, { order, atLeast, buckets = 0 }) => {
      const known: number[] = []
      let dropped = 0
      for (let code = 0; code < words.length; code++) {
        const count = code < counts.length ? counts[code] : 0
        if (count >= atLeast && count > 0) known.push(code)
        else if (count > 0) dropped++
      }
      const byText = (a: number, b: number): number => (words[a] < words[b] ? -1 : words[a] > words[b] ? 1 : 0)
      known.sort(order === 'number' ? (a, b) => Number(words[a]) - Number(words[b]) || byText(a, b) : byText)
      const own = known.length + 1
      const ids = Int32Array.from(words, (word) => (buckets === 0 ? 0 : own + bucketOf(word, buckets)))
      known.forEach((code, i) => (ids[code] = i + 1))
      return { size: own + buckets, dropped, id: (code) => (code < ids.length ? ids[code] : 0) }
    },
  }
}
