import type { Draws } from '../../codecs/coding/draws.js'
import { drawElement, type Element, inverse, minus, plus, times } from './field.js'

/** A point of a polynomial whose value at 0 is the secret. */
export interface Share {
  /** Whose share it is: its holder's number, from 1. */
  readonly x: number
  readonly y: Element
}

/**
 * Shares of a secret for holders 1 to `holders`: any `threshold` of them give it back, fewer say nothing of it.
 *
 * Shamir, "How to Share a Secret", CACM 1979: a polynomial of degree threshold - 1 with drawn coefficients.
 */
export const share = (secret: Element, threshold: number, holders: number, draws: Draws): Share[] => {
  if (!(threshold >= 1 && threshold <= holders)) throw new RangeError(`a threshold of ${threshold} for ${holders} holders`)
  const coefficients = [secret, ...Array.from({ length: threshold - 1 }, () => drawElement(draws))]
  return Array.from({ length: holders }, (_, i) => {
    const x = BigInt(i + 1)
    // Horner's rule, from the highest coefficient down.
    return { x: i + 1, y: coefficients.reduceRight((sum, coefficient) => plus(times(sum, x), coefficient), 0n) }
  })
}

/** The weights by which the values at these points make up that at 0: Lagrange's interpolation. */
const weightsAtZero = (points: readonly number[]): Element[] =>
  points.map((x, i) => {
    let [above, below] = [1n, 1n]
    points.forEach((other, j) => {
      if (i === j) return
      above = times(above, BigInt(other))
      below = times(below, minus(BigInt(other), BigInt(x)))
    })
    return times(above, inverse(below))
  })

/** Gives secrets back that were shared among the same holders: interpolation is the same for all that these have shares of. */
export class Interpolation {
  readonly #weights: readonly Element[]

  /** Throws a `RangeError` where a holder is named twice: that is one share. */
  constructor(private readonly holders: readonly number[]) {
    if (new Set(holders).size < holders.length) throw new RangeError('a holder is named twice')
    this.#weights = weightsAtZero(holders)
  }

  /** `shares` in the order of the holders. */
  secret(shares: readonly Share[]): Element {
    return shares.reduce((sum, { x, y }, i) => {
      if (x !== this.holders[i]) throw new RangeError(`a share of holder ${x} where that of ${this.holders[i]} is expected`)
      return plus(sum, times(this.#weights[i], y))
    }, 0n)
  }
}

/** The secret, of as many shares as its threshold; with fewer it is some other number, and nobody can tell. */
export const combine = (shares: readonly Share[]): Element => new Interpolation(shares.map(({ x }) => x)).secret(shares)
