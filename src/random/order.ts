/** A random order of the numbers 0..n-1. */
export interface Order {
  /** The number at a place. */
  at(place: number): number
  /** The place of a number. */
  placeOf(number: number): number
}

/** Up to here an order is written out: as uniform as its stream, and cheaper than working places out one by one. */
const WRITTEN = 64
const ROUNDS = 6

const mixed = (x: number): number => {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Fisher-Yates, drawing with the words of a counter. */
const written = (n: number, a: number, b: number): Order => {
  const numbers = new Int32Array(n)
  const places = new Int32Array(n)
  for (let i = 0; i < n; i++) numbers[i] = i
  for (let i = n - 1; i > 0; i--) {
    const draw = mixed(mixed(a + i) ^ b) / 4_294_967_296
    const j = Math.floor(draw * (i + 1))
    const number = numbers[i]
    numbers[i] = numbers[j]
    numbers[j] = number
  }
  for (let i = 0; i < n; i++) places[numbers[i]] = i
  return { at: (place) => numbers[place], placeOf: (number) => places[number] }
}

/**
 * A Feistel network over the smallest square power of two that holds n; what lands outside walks on until it is inside
 * (Black and Rogaway, Ciphers with Arbitrary Finite Domains, CT-RSA 2002). At most four steps a place on average.
 */
const walked = (n: number, a: number, b: number): Order => {
  const half = Math.ceil(Math.log2(n) / 2)
  const mask = 2 ** half - 1
  const round = (right: number, i: number): number => mixed(mixed(right + Math.imul(i + 1, 0x9e3779b9) + a) ^ b) & mask
  const there = (x: number): number => {
    let left = x >>> half
    let right = x & mask
    for (let i = 0; i < ROUNDS; i++) {
      const next = left ^ round(right, i)
      left = right
      right = next
    }
    return left * (mask + 1) + right
  }
  const back = (x: number): number => {
    let left = x >>> half
    let right = x & mask
    for (let i = ROUNDS - 1; i >= 0; i--) {
      const before = right ^ round(left, i)
      right = left
      left = before
    }
    return left * (mask + 1) + right
  }
  const inside = (step: (x: number) => number) => (x: number): number => {
    let y = step(x)
    while (y >= n) y = step(y)
    return y
  }
  return { at: inside(there), placeOf: inside(back) }
}

/**
 * The random order that two draws in [0, 1) name. Places are worked out when they are asked for, so that the first few
 * of ten thousand cost no more than the first few of a hundred.
 */
export const randomOrder = (n: number, first: number, second: number): Order => {
  const a = Math.floor(first * 4_294_967_296)
  const b = Math.floor(second * 4_294_967_296)
  return n <= WRITTEN ? written(n, a, b) : walked(n, a, b)
}
