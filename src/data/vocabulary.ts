/** The ids of one categorical field: 0 is unknown, known words run from 1 to `size - 1`. */
export interface Vocabulary {
  readonly size: number
  /** Codes that were seen too rarely to be kept, and so are unknown. */
  readonly dropped: number
  /** The id of a word's code. A code that the fit never saw is 0. */
  id(code: number): number
}

/** How words are put in order before they get ids. Canonical, so that ids do not depend on the order of rows. */
export type WordOrder = 'text' | 'number'

/** Counts words in training rows. Feed it nothing else: a vocabulary that saw the test rows leaks their values. */
export interface VocabularyFit {
  count(code: number): void
  /** Ids by `order` of the words (`number`: by value, where words are whole numbers; else by code point). */
  fit(words: readonly string[], options: { readonly order: WordOrder; readonly atLeast: number }): Vocabulary
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
    fit: (words, { order, atLeast }) => {
      const known: number[] = []
      let dropped = 0
      for (let code = 0; code < words.length; code++) {
        const count = code < counts.length ? counts[code] : 0
        if (count >= atLeast && count > 0) known.push(code)
        else if (count > 0) dropped++
      }
      const byText = (a: number, b: number): number => (words[a] < words[b] ? -1 : words[a] > words[b] ? 1 : 0)
      known.sort(order === 'number' ? (a, b) => Number(words[a]) - Number(words[b]) || byText(a, b) : byText)
      const ids = new Int32Array(words.length)
      known.forEach((code, i) => (ids[code] = i + 1))
      return { size: known.length + 1, dropped, id: (code) => (code < ids.length ? ids[code] : 0) }
    },
  }
}
