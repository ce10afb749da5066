/** A seed of 64 bits. */
export type Seed = readonly [low: number, high: number]

/** Draws for many numbers at once: a generator of a few operations, the same on every machine. */
export interface Draws {
  /** 32 bits: 0 to 2^32 - 1. */
  next(): number
  /** A number in [0, 1) with 24 bits, which a 32-bit float holds. */
  unit(): number
  /** So many of `next`. */
  many(count: number): Uint32Array
}

/** Source: sfc32 (Chris Doty-Humphrey, PractRand; public domain), 128 bits of state, the counter begins at 1; twelve draws are thrown away. */
class Sfc32 implements Draws {
  #a: number
  #b: number
  #c = 0
  #counter = 1

  constructor([low, high]: Seed) {
    this.#a = low | 0
    this.#b = high | 0
    for (let i = 0; i < 12; i++) this.next()
  }

  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return sum >>> 0
  }

  // The words of the state stay in registers.
  many(count: number): Uint32Array {
    const drawn = new Uint32Array(count)
    let a = this.#a
    let b = this.#b
    let c = this.#c
    let counter = this.#counter
    for (let i = 0; i < count; i++) {
      const sum = (a + b + counter) | 0
      counter = (counter + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + sum) | 0
      drawn[i] = sum
    }
    this.#a = a
    this.#b = b
    this.#c = c
    this.#counter = counter
    return drawn
  }

  unit(): number {
    return (this.next() >>> 8) * 5.9604644775390625e-8
  }
}

export const drawsOf = (seed: Seed): Draws => new Sfc32(seed)

/** A seed out of draws, to be sent to who must draw the same. */
export const drawSeed = (draws: Draws): Seed => [draws.next(), draws.next()]
