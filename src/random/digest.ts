/** A 128-bit state of the hash: four 32-bit words. */
export interface Words {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/** Where the hash begins. */
export const origin: Words = { a: 0x6a09e667, b: 0xbb67ae85, c: 0x3c6ef372, d: 0xa54ff53a }

/** Goes on from `from` with every code unit of `text`. Not cryptographic. Source: bryc, cyrb128 (public domain). */
export const digest = (from: Words, text: string): Words => {
  let { a, b, c, d } = from
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i)
    a = b ^ Math.imul(a ^ k, 597399067)
    b = c ^ Math.imul(b ^ k, 2869860233)
    c = d ^ Math.imul(c ^ k, 951274213)
    d = a ^ Math.imul(d ^ k, 2716044179)
  }
  return { a, b, c, d }
}

/** The end of the hash: every bit of the state reaches every word. Words are unsigned. */
export const scatter = (state: Words): Words => {
  let a = Math.imul(state.c ^ (state.a >>> 18), 597399067)
  let b = Math.imul(state.d ^ (state.b >>> 22), 2869860233)
  let c = Math.imul(a ^ (state.c >>> 17), 951274213)
  let d = Math.imul(b ^ (state.d >>> 19), 2716044179)
  a ^= b ^ c ^ d
  b ^= a
  c ^= a
  d ^= a
  return { a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 }
}
