/** An exact number: a fraction of integers, in lowest terms. */
export class Rational {
  private constructor(
    readonly top: bigint,
    readonly bottom: bigint,
  ) {}

  static of(top: bigint, bottom = 1n): Rational {
    let [a, b] = [top < 0n ? -top : top, bottom]
    while (b !== 0n) [a, b] = [b, a % b]
    return a === 0n ? new Rational(0n, 1n) : new Rational(top / a, bottom / a)
  }

  /** What a float is exactly. */
  static from(float: number): Rational {
    let [value, bottom] = [float, 1n]
    while (!Number.isInteger(value)) [value, bottom] = [value * 2, bottom * 2n]
    return Rational.of(BigInt(value), bottom)
  }

  plus(other: Rational): Rational {
    return Rational.of(this.top * other.bottom + other.top * this.bottom, this.bottom * other.bottom)
  }

  minus(other: Rational): Rational {
    return Rational.of(this.top * other.bottom - other.top * this.bottom, this.bottom * other.bottom)
  }

  times(other: Rational): Rational {
    return Rational.of(this.top * other.top, this.bottom * other.bottom)
  }

  /** By a number above 0. */
  over(other: Rational): Rational {
    return Rational.of(this.top * other.bottom, this.bottom * other.top)
  }

  isBelow(other: Rational): boolean {
    return this.top * other.bottom < other.top * this.bottom
  }

  get isZero(): boolean {
    return this.top === 0n
  }

  /** Of one that is not below 0. */
  get floor(): number {
    return Number(this.top / this.bottom)
  }

  get ceil(): number {
    return Number((this.top + this.bottom - 1n) / this.bottom)
  }
}
