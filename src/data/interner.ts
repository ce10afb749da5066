/** Words seen so far, each with a code 0, 1, 2, ... in order of first sight. Built from bytes, so that a repeated word
 * costs no string. One interner can serve several files, whose codes then agree. */
export interface Interner {
  /** The words by code. */
  readonly words: readonly string[]
  /** The code of the UTF-8 word `bytes[start, end)`. */
  ofBytes(bytes: Uint8Array, start: number, end: number): number
  /** The code of a word given as text. */
  of(word: string): number
}

/** An empty interner: open addressing over FNV-1a hashes, load at most one half. */
export const interner = (): Interner => {
  const words: string[] = []
  let hashes = new Int32Array(32)
  let offsets = new Int32Array(33)
  let pool = new Uint8Array(512)
  let slots = new Int32Array(64).fill(-1)

  const place = (code: number): void => {
    const mask = slots.length - 1
    let slot = hashes[code] & mask
    while (slots[slot] >= 0) slot = (slot + 1) & mask
    slots[slot] = code
  }

  const add = (hash: number, bytes: Uint8Array, start: number, end: number): number => {
    const code = words.length
    const at = offsets[code]
    const length = end - start
    if (at + length > pool.length) {
      const grown = new Uint8Array(Math.max(pool.length * 2, at + length))
      grown.set(pool)
      pool = grown
    }
    for (let i = 0; i < length; i++) pool[at + i] = bytes[start + i]
    words.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('utf8'))
    if (code + 1 >= hashes.length) {
      const moreHashes = new Int32Array(hashes.length * 2)
      moreHashes.set(hashes)
      hashes = moreHashes
      const moreOffsets = new Int32Array(hashes.length + 1)
      moreOffsets.set(offsets)
      offsets = moreOffsets
    }
    hashes[code] = hash
    offsets[code + 1] = at + length
    if (words.length * 2 > slots.length) {
      slots = new Int32Array(slots.length * 2).fill(-1)
      for (let c = 0; c < words.length; c++) place(c)
    } else place(code)
    return code
  }

  const ofBytes = (bytes: Uint8Array, start: number, end: number): number => {
    let hash = 0x811c9dc5 | 0
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
    const mask = slots.length - 1
    const length = end - start
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = slots[slot]
      if (code < 0) return add(hash, bytes, start, end)
      if (hashes[code] !== hash || offsets[code + 1] - offsets[code] !== length) continue
      let i = 0
      for (let at = offsets[code]; i < length && pool[at + i] === bytes[start + i]; ) i++
      if (i === length) return code
    }
  }

  return {
    words,
    ofBytes,
    of: (word) => {
      const bytes = Buffer.from(word, 'utf8')
      return ofBytes(bytes, 0, bytes.length)
    },
  }
}

/** The shortest form of a decimal number; any other word is as it is, and so is one with more digits than a number holds. */
const shortest = (word: string): string =>
  /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word) && word.replace(/\D/g, '').length <= 15
    ? String(Number(word) + 0)
    : word

/** An interner to which words that are the same number (`0`, `0.0`, `-0`, `00`) are one. */
export const asNumbers = (canonical: Interner): Interner => {
  const raw = interner()
  const codes: number[] = []
  const known = (code: number): number => (codes[code] ??= canonical.of(shortest(raw.words[code])))
  return {
    words: canonical.words,
    ofBytes: (bytes, start, end) => known(raw.ofBytes(bytes, start, end)),
    of: (word) => known(raw.of(word)),
  }
}
