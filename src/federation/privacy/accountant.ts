import { sampledGaussian } from './renyi.js'

/** Orders that an epsilon is looked for at: those of dp-accounting (Google) by default. */
export const orders: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128, 256, 512, 1024,
]

/**
 * The least epsilon with which divergences at these orders are (epsilon, delta)-differentially private; Infinity where none is.
 *
 *     epsilon = divergence + log(1 - 1 / order) - log(delta order) / (order - 1)
 *
 * Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, proposition 12; Balle, Barthe,
 * Gaboardi, Hsu, Sato, "Hypothesis Testing Interpretations and Renyi Differential Privacy", AISTATS 2020, theorem 21. Below
 * delta^2 > 1 - e^-divergence the divergence itself says it: epsilon is 0.
 */
export const epsilonOf = (divergences: readonly number[], delta: number, at: readonly number[] = orders): number => {
  let least = Infinity
  divergences.forEach((divergence, i) => {
    const order = at[i]
    if (delta ** 2 + Math.expm1(-divergence) > 0) least = 0
    // Near 1 the rest is no longer what it is to a computer, nor of use.
    else if (order > 1.01) least = Math.min(least, divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1))
  })
  return Math.max(0, least)
}

/** Adds up what releases by sampled Gaussian mechanisms tell of any one who takes part in them. */
export class Accountant {
  readonly #orders: readonly number[]
  readonly #sums: number[]
  /** Of mechanisms that were seen before, by probability and noise. */
  readonly #known = new Map<string, readonly number[]>()

  constructor(at: readonly number[] = orders) {
    this.#orders = at
    this.#sums = at.map(() => 0)
  }

  /** So many releases more, with `noise` a multiple of the most that one participant moves the sum by. */
  compose(q: number, noise: number, times = 1): void {
    const key = `${q} ${noise}`
    let one = this.#known.get(key)
    if (one === undefined) this.#known.set(key, (one = this.#orders.map((order) => sampledGaussian(q, noise, order))))
    for (let i = 0; i < one.length; i++) this.#sums[i] += times * one[i]
  }

  /** By order: the divergence of all releases together. */
  get divergences(): readonly number[] {
    return this.#sums
  }

  /** The least epsilon that all releases together keep to; Infinity: none. */
  epsilon(delta: number): number {
    return epsilonOf(this.#sums, delta, this.#orders)
  }
}
