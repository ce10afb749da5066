import { Malformed } from './malformed.js'

/*
 * Bits coded by how likely they are, in as much of a bit as they tell. Each bit has a probability that the coder learns as it
 * goes, the same at both ends: an entry of `odds`, of 2^11, that the bit is 0.
 *
 * Sources: G. N. N. Martin, Range encoding (1979); the binary, adaptive form with carries is that of LZMA (I. Pavlov, public
 * domain). Integers of 32 bits only.
 */

const bitsOfOdds = 11
const inertia = 5
/** Below this a range has too few bits, and the next byte is due. */
const least = 2 ** 24

/** As many odds, all even. */
export const evenOdds = (count: number): Uint16Array => new Uint16Array(count).fill(2 ** (bitsOfOdds - 1))

export class RangeEncoder {
  #bytes = new Uint8Array(1024)
  #length = 0
  #low = 0
  #range = 0xffffffff
  /** The last byte that a carry may still change, and the bytes of 255 behind it that it would run through. */
  #held = 0
  #carried = 0
  #begun = false

  /** A bit whose odds are learnt. */
  bit(odds: Uint16Array, at: number, bit: number): void {
    const odd = odds[at]
    const bound = (this.#range >>> bitsOfOdds) * odd
    if (bit === 0) {
      this.#range = bound
      odds[at] = odd + ((2 ** bitsOfOdds - odd) >>> inertia)
    } else {
      this.#low += bound
      this.#range -= bound
      odds[at] = odd - (odd >>> inertia)
    }
    if (this.#range < least) this.#shift()
  }

  /** A number of `count` bits, at most 16, of which each is as likely. */
  even(value: number, count: number): void {
    this.#range >>>= count
    this.#low += this.#range * value
    while (this.#range < least) this.#shift()
  }

  /** All bytes: nothing may follow. */
  end(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#out()
    return this.#bytes.subarray(0, this.#length)
  }

  #shift(): void {
    this.#range = (this.#range << 8) >>> 0
    this.#out()
  }

  #out(): void {
    const carry = this.#low >= 2 ** 32 ? 1 : 0
    if (carry === 1 || this.#low < 0xff000000) {
      // Before the first byte there is none: all of what is coded is below 1.
      if (this.#begun) this.#push(this.#held + carry)
      for (; this.#carried > 0; this.#carried--) this.#push(0xff + carry)
      this.#held = (this.#low >>> 24) & 0xff
      this.#begun = true
    } else this.#carried++
    this.#low = (this.#low & 0xffffff) * 256
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const more = new Uint8Array(2 * this.#length)
      more.set(this.#bytes)
      this.#bytes = more
    }
    this.#bytes[this.#length++] = byte
  }
}

export class RangeDecoder {
  readonly #bytes: Uint8Array
  #at = 0
  #code = 0
  #range = 0xffffffff

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    for (let i = 0; i < 4; i++) this.#next()
  }

  bit(odds: Uint16Array, at: number): 0 | 1 {
    const odd = odds[at]
    const bound = (this.#range >>> bitsOfOdds) * odd
    let bit: 0 | 1 = 0
    if (this.#code < bound) {
      this.#range = bound
      odds[at] = odd + ((2 ** bitsOfOdds - odd) >>> inertia)
    } else {
      this.#code -= bound
      this.#range -= bound
      odds[at] = odd - (odd >>> inertia)
      bit = 1
    }
    if (this.#range < least) this.#shift()
    return bit
  }

  even(count: number): number {
    this.#range >>>= count
    const value = Math.floor(this.#code / this.#range)
    // What is left of a range behind its last whole share is nothing's.
    if (value >>> count > 0) throw new Malformed('coded bits that stand for nothing')
    this.#code -= value * this.#range
    while (this.#range < least) this.#shift()
    return value
  }

  /** All must have been read, and be what an encoder ends with: the lower end of the last range. */
  end(): void {
    if (this.#at < this.#bytes.length || this.#code !== 0) throw new Malformed('coded bits that go on after the last number')
  }

  #shift(): void {
    this.#range = (this.#range << 8) >>> 0
    this.#next()
  }

  #next(): void {
    if (this.#at === this.#bytes.length) throw new Malformed('coded bits that end before the last number')
    this.#code = ((this.#code << 8) | this.#bytes[this.#at++]) >>> 0
  }
}
