import { logErfc } from '../../statistics/log-erfc.js'

/** A number by its sign and the logarithm of its size: sums of what no float holds. */
interface Logged {
  readonly log: number
  readonly negative: boolean
}

const nothing: Logged = { log: -Infinity, negative: false }

const plus = (a: Logged, b: Logged): Logged => {
  const [small, large] = a.log < b.log ? [a, b] : [b, a]
  if (small.log === -Infinity) return large
  const ratio = Math.exp(small.log - large.log)
  if (a.negative === b.negative) return { log: large.log + Math.log1p(ratio), negative: large.negative }
  return ratio === 1 ? nothing : { log: large.log + Math.log1p(-ratio), negative: large.negative }
}

/** log A of a whole order: Mironov, Talwar, Zhang 2019, section 3.3, the sum over i of C(order, i) (1 - q)^(order - i) q^i e^((i^2 - i) / 2 sigma^2). */
const ofWhole = (q: number, sigma: number, order: number): number => {
  let sum = nothing
  let binomial = 0
  for (let i = 0; i <= order; i++) {
    const log = binomial + i * Math.log(q) + (order - i) * Math.log1p(-q) + (i * i - i) / (2 * sigma ** 2)
    sum = plus(sum, { log, negative: false })
    binomial += Math.log((order - i) / (i + 1))
  }
  return sum.log
}

/** Orders near 1, which are of no use, take more terms than this for many mechanisms: nothing is said of them then, as in dp-accounting. */
const longest = 1000

/** log A of any order: the same section, both halves of the integral as series with the sign of the binomial. */
const ofAny = (q: number, sigma: number, order: number): number => {
  const middle = sigma ** 2 * Math.log(1 / q - 1) + 0.5
  const half = Math.log(0.5)
  let sum = nothing
  let binomial: Logged = { log: 0, negative: false }
  let before = -Infinity
  for (let i = 0; i < longest; i++) {
    const j = order - i
    const below = binomial.log + i * Math.log(q) + j * Math.log1p(-q) + (i * i - i) / (2 * sigma ** 2) +
      half + logErfc((i - middle) / (Math.SQRT2 * sigma))
    const above = binomial.log + j * Math.log(q) + i * Math.log1p(-q) + (j * j - j) / (2 * sigma ** 2) +
      half + logErfc((middle - j) / (Math.SQRT2 * sigma))
    const { negative } = binomial
    sum = plus(sum, plus({ log: below, negative }, { log: above, negative }))
    const greatest = Math.max(below, above)
    if (i > order && greatest < before && greatest < sum.log - 30) return sum.log
    before = greatest
    binomial = { log: binomial.log + Math.log(Math.abs(j) / (i + 1)), negative: j < 0 ? !negative : negative }
  }
  return Infinity
}

/**
 * Renyi divergence, in nats, of one release by the sampled Gaussian mechanism at an order above 1: a sum of vectors that
 * each come in with probability `q` and are at most 1 long, and noise of standard deviation `sigma` on every coordinate.
 * Infinite where nothing is promised.
 *
 * Mironov, Talwar, Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism", 2019 (arXiv 1908.10530): with
 * q = 1 it is order / (2 sigma^2), else log A / (order - 1).
 */
export const sampledGaussian = (q: number, sigma: number, order: number): number => {
  if (q === 0) return 0
  if (sigma === 0) return Infinity
  if (q === 1) return order / (2 * sigma ** 2)
  const log = Number.isInteger(order) ? ofWhole(q, sigma, order) : ofAny(q, sigma, order)
  // Rounding may leave a divergence that is as good as none below it.
  return Math.max(0, log) / (order - 1)
}
