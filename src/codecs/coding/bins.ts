import { evenOdds, type RangeDecoder, type RangeEncoder } from './range-coder.js'

/** A number's class is how many bits its magnitude has; this one is of what is no bin. */
const none = 15

/** Bins are whole numbers of a magnitude below this. */
export const binsEnd = 2 ** (none - 1)

/** Bits that a class is likely to cost: for choosing among predictors. */
export const roughBits = (bin: number): number => (Math.abs(bin) < binsEnd ? 2 * (32 - Math.clz32(Math.abs(bin))) : 48)

/** The odds of classes, by the class before; and of the two highest bits after the first of magnitudes, by class. */
const newOdds = () => ({ classes: evenOdds(16 * 16), magnitudes: evenOdds(16 * 4), before: 0 })

/**
 * Bins, of which most are near 0: the class of each in four bits with learnt odds, which know the class before; then the sign,
 * and the bits of the magnitude after its first, of which the two highest have odds of their class.
 */
export class BinsEncoder {
  readonly #coder: RangeEncoder
  readonly #odds = newOdds()

  constructor(coder: RangeEncoder) {
    this.#coder = coder
  }

  /** A bin; undefined: none. */
  put(bin: number | undefined): void {
    const magnitude = bin === undefined ? 0 : Math.abs(bin)
    const size = bin === undefined ? none : 32 - Math.clz32(magnitude)
    const { classes, magnitudes, before } = this.#odds
    for (let node = 1, bit = 3; bit >= 0; bit--) {
      const one = (size >>> bit) & 1
      this.#coder.bit(classes, 16 * before + node, one)
      node = 2 * node + one
    }
    this.#odds.before = size
    if (bin === undefined || size === 0) return
    this.#coder.even(bin < 0 ? 1 : 0, 1)
    let left = size - 1
    for (let node = 1; left > 0 && node < 4; ) {
      const one = (magnitude >>> --left) & 1
      this.#coder.bit(magnitudes, 4 * size + node, one)
      node = 2 * node + one
    }
    if (left > 0) this.#coder.even(magnitude & (2 ** left - 1), left)
  }
}

export class BinsDecoder {
  readonly #coder: RangeDecoder
  readonly #odds = newOdds()

  constructor(coder: RangeDecoder) {
    this.#coder = coder
  }

  take(): number | undefined {
    const { classes, magnitudes, before } = this.#odds
    let node = 1
    while (node < 16) node = 2 * node + this.#coder.bit(classes, 16 * before + node)
    const size = node - 16
    this.#odds.before = size
    if (size === none) return undefined
    if (size === 0) return 0
    const negative = this.#coder.even(1) === 1
    let magnitude = 1
    let left = size - 1
    for (; left > 0 && magnitude < 4; left--) magnitude = 2 * magnitude + this.#coder.bit(magnitudes, 4 * size + magnitude)
    if (left > 0) magnitude = (magnitude << left) + this.#coder.even(left)
    return negative ? -magnitude : magnitude
  }
}
