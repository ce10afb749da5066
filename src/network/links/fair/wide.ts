/**
 * A number of twice a float's precision, 106 bits: the unevaluated sum of two floats (Dekker, Numer. Math. 18, 1971; Hida,
 * Li and Bailey, ARITH 2001). Made of additions, subtractions, multiplications and divisions alone, which are the same on
 * every machine. With it an end that falls on a whole microsecond is told from one that falls just after it.
 *
 * `hi` is the nearest float, so that ordering by `hi`, then by `lo`, orders the numbers. Finite ones only.
 */
export class Wide {
  constructor(
    readonly hi: number,
    readonly lo: number,
  ) {}

  plus({ hi, lo }: Wide): Wide {
    return added(this.hi, this.lo, hi, lo)
  }

  minus({ hi, lo }: Wide): Wide {
    return added(this.hi, this.lo, -hi, -lo)
  }

  times({ hi, lo }: Wide): Wide {
    const product = this.hi * hi
    return normal(product, rest(this.hi, hi, product) + (this.hi * lo + this.lo * hi))
  }

  /** Divided by another that is not 0. */
  over(other: Wide): Wide {
    const first = this.hi / other.hi
    const left = this.minus(scaled(other, first))
    const second = left.hi / other.hi
    const third = left.minus(scaled(other, second)).hi / other.hi
    const { hi, lo } = normal(first, second)
    return added(hi, lo, third, 0)
  }

  isBelow({ hi, lo }: Wide): boolean {
    return this.hi < hi || (this.hi === hi && this.lo < lo)
  }

  equals({ hi, lo }: Wide): boolean {
    return this.hi === hi && this.lo === lo
  }
}

/** What rounding may have added or taken: far below what a float can tell. */
const hair = (size: number): number => 2 ** -60 + size * 2 ** -90

/** The least whole number that is not below one of at least 0. */
export const roundedUp = ({ hi, lo }: Wide): number => {
  const up = Math.ceil(hi)
  return up === hi && lo > hair(hi) ? up + 1 : up
}

/** The greatest whole number that is not above it; at least 0. */
export const roundedDown = ({ hi, lo }: Wide): number => {
  const down = Math.floor(hi)
  return Math.max(0, down === hi && lo < -hair(hi) ? down - 1 : down)
}

export const wide = (n: number): Wide => new Wide(n, 0)

export const zero = wide(0)

/** The sum of two floats that are ordered by size, with what it rounds away. */
const normal = (large: number, small: number): Wide => {
  const sum = large + small
  return new Wide(sum, small - (sum - large))
}

const added = (aHi: number, aLo: number, bHi: number, bLo: number): Wide => {
  const high = aHi + bHi
  const highPart = high - aHi
  const highRest = aHi - (high - highPart) + (bHi - highPart)
  const low = aLo + bLo
  const lowPart = low - aLo
  const lowRest = aLo - (low - lowPart) + (bLo - lowPart)
  const middle = highRest + low
  const sum = high + middle
  return normal(sum, middle - (sum - high) + lowRest)
}

/** Splits a float into halves of 26 bits. */
const splitter = 134_217_729

/** What the product of two floats rounds away. */
const rest = (a: number, b: number, product: number): number => {
  const aWide = splitter * a
  const aHigh = aWide - (aWide - a)
  const aLow = a - aHigh
  const bWide = splitter * b
  const bHigh = bWide - (bWide - b)
  const bLow = b - bHigh
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

const scaled = ({ hi, lo }: Wide, by: number): Wide => {
  const product = hi * by
  return normal(product, rest(hi, by, product) + lo * by)
}
