import seedrandom from 'seedrandom'
import { digest, origin, scatter } from './digest.js'

/** A random stream: each call gives the next number in [0, 1). */
export type Stream = () => number

/** A part of a stream's name. */
export type KeyPart = string | number

/**
 * Random streams named by **what they decide**, so that adding one draw never shifts another.
 *
 * `streams(seed)('link', from, to, round)` is the same sequence in every run, whatever else was drawn. A new stream
 * object starts at the beginning: keep it for several draws that belong together.
 */
export type Streams = (...key: readonly KeyPart[]) => Stream

/** Encodes a key so that no two different keys collide: every part carries its type and its length. */
export const encodeKey = (key: readonly KeyPart[]): string => {
  let text = ''
  for (const part of key) {
    const s = typeof part === 'number' ? `n${part}` : `s${part}`
    text += `${s.length}:${s}`
  }
  return text
}

/**
 * All the streams of one seed. Pure: the same seed and key always give a stream that starts at the same place.
 *
 * The generator is seedrandom's Alea, started from a 128-bit hash of seed and key: a stream is made for every decision,
 * and Alea's own seeding takes ten times as long.
 */
export const streams = (seed: string): Streams => {
  const start = digest(origin, `${seed.length}:${seed}`)
  return (...key) => {
    const { a, b, c } = scatter(digest(start, encodeKey(key)))
    return alea('', { state: { c: 1, s0: a * unit, s1: b * unit, s2: c * unit } })
  }
}

/** Alea continues from a state of three fractions of 2^32 and a carry; the published types know a boolean only. */
const alea = seedrandom.alea as unknown as (
  seed: string,
  options: { readonly state: { readonly c: number; readonly s0: number; readonly s1: number; readonly s2: number } },
) => Stream

const unit = 2 ** -32

/** The largest float32 below 1. */
const belowOne = 1 - 2 ** -24

/** A uniform draw that is still below 1 when it is rounded to float32. */
export const uniformFloat = (stream: Stream): number => {
  const u = stream()
  return u < belowOne ? u : belowOne
}

/** A standard normal draw (Box-Muller, without the cached second variate, so that a stream has no hidden state). */
export const normal = (stream: Stream): number => {
  const u = 1 - stream()
  const v = stream()
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
}

/** A uniformly random permutation of 0..n-1 (Fisher-Yates). */
export const permutation = (n: number, stream: Stream): Int32Array => {
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(stream() * (i + 1))
    const t = order[i]
    order[i] = order[j]
    order[j] = t
  }
  return order
}
