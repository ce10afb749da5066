import { leastNonNegative, solveOnSupport } from './non-negative.js'
import { combine, dot, gram, meanOf, norm, type Vector } from './vectors.js'

export interface ConflictAverseOptions {
  /** How far U may lie from the mean, as a share of the mean's norm; in [0, 1). 0.4 in FedHCA2. */
  readonly c: number
}

/** Keeps square roots and quotients defined where deltas cancel; FedHCA2's constant. */
const tiny = 1e-8

/** Of the radius: how exactly its sphere is met. */
const precision = 1e-13

/** Deltas by their directions, lengths in those of the longest. */
interface Directions {
  /** [K][K], with ones on the diagonal. */
  readonly cosines: readonly Float64Array[]
  /** <u_k, D0>. */
  readonly along: Float64Array
  /** 1 / |D_k|. */
  readonly b: Float64Array
}

/**
 * zeta >= 0, what each unit delta has in U - D0 of length `radius`, for the largest mu with <D_k, U> >= mu for all k. For
 * a given mu the shortest such U - D0 is a non-negative least squares problem, without a solution where mu is more than
 * any U can give, and its length grows with mu. While the same deltas are at mu, the length gives mu in closed form, so
 * that few problems are solved.
 */
const onSphere = ({ cosines, along, b }: Directions, radius: number): Float64Array => {
  const each = [...b.keys()]
  let low = Math.min(...each.map((k) => along[k] / b[k]))
  let high = Math.min(...each.map((k) => (along[k] + radius) / b[k]))
  let mu = high
  let inside: Float64Array = new Float64Array(b.length)
  for (let step = 0; step < 100; step++) {
    const wanted = b.map((value, k) => mu * value - along[k])
    const zeta = leastNonNegative(cosines, wanted, inside)
    const reached = Float64Array.from(cosines, (row) => dot(row, zeta))
    const length = Math.sqrt(Math.max(0, dot(zeta, reached)))
    const met = wanted.every((value, k) => value - reached[k] <= 1e-9 * (Math.abs(value) + radius))
    if (met && Math.abs(length - radius) <= precision * radius) return zeta
    if (!met || length > radius) high = mu
    else [low, inside] = [mu, zeta]
    const [p, q] = solveOnSupport(cosines, [b, along], zeta)
    const [bp, bq] = [dot(b, p), dot(b, q)]
    const known = (bq + Math.sqrt(Math.max(0, bq * bq - bp * (dot(along, q) - radius * radius)))) / bp
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return inside
    mu = known > low && known < high ? known : middle
  }
  return inside
}

/**
 * The w >= 0 with sum 1 that minimises w' A 1/K + c sqrt(w' A w + 1e-8), the dual of CAGrad (Liu, Liu, Jin, Stone and
 * Liu, NeurIPS 2021, section 3.2). `products` is A = G'G [K][K]; `radius` is c.
 *
 * Sought as what is proportional to it, the multipliers of max over U within the radius of min_k <D_k, U>. Since w sums
 * to 1, the 1e-8 is one more coordinate of 1e-4 that all deltas share. Cosines and lengths stand for A, so that neither
 * scale nor unequal lengths cost precision: the duality gap is below 1e-9 |D_k| (|D0| + c) for every k, unless deltas much
 * longer than 1 cancel, whose w double precision does not hold.
 */
export const conflictWeights = (products: readonly Float64Array[], radius: number): Float64Array => {
  const count = products.length
  const lengths = Float64Array.from(products, (row, k) => Math.sqrt(Math.max(row[k], 0) + tiny))
  const longest = Math.max(...lengths)
  const cosines = products.map((row, k) => row.map((value, j) => (k === j ? 1 : (value + tiny) / lengths[k] / lengths[j])))
  const along = Float64Array.from(products, (row, k) =>
    row.reduce((sum, value) => sum + value, 0) / count / lengths[k] / longest)
  const zeta = onSphere({ cosines, along, b: lengths.map((value) => longest / value) }, radius / longest)
  const w = zeta.map((value, k) => value / lengths[k])
  const total = w.reduce((sum, value) => sum + value, 0)
  return total > 0 ? w.map((value) => value / total) : w.fill(1 / count)
}

/**
 * Conflict-averse aggregation of K deltas: near their mean D0, the direction whose worst inner product with any delta
 * is largest.
 *
 *     A = G'G;  g0 = sqrt(mean of A's entries + 1e-8) = |D0|;  r = c g0 + 1e-8
 *     w = argmin over the simplex of  w' A 1/K + r sqrt(w' A w + 1e-8)
 *     U = (D0 + r / (|G w| + 1e-8) G w) / (1 + c^2)
 *
 * CAGrad (Liu et al., NeurIPS 2021, algorithm 1) on parameter deltas of clients, as in FedHCA2 (Lu, Huang, Yang,
 * Sirejiding, Ding, Lu, CVPR 2024). K equal deltas D give (1 + c) / (1 + c^2) D.
 */
export const conflictAverse = (deltas: readonly Vector[], { c }: ConflictAverseOptions): Float64Array => {
  const products = gram(deltas)
  const count = deltas.length
  const all = products.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0)
  const radius = c * Math.sqrt(Math.max(all, 0) / (count * count) + tiny) + tiny
  const turned = combine(deltas, conflictWeights(products, radius))
  const share = radius / (norm(turned) + tiny)
  return meanOf(deltas).map((value, i) => (value + share * turned[i]) / (1 + c * c))
}
