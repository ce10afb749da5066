import { dot } from './vectors.js'

/** Keeps pivots of dependent columns from vanishing; matrices have ones on their diagonals. */
const ridge = 1e-14

/** Solves M x = h within a set of places, by Cholesky's factors: x is 0 outside. */
const solveWithin = (m: readonly Float64Array[], h: Float64Array, set: readonly number[]): Float64Array => {
  const n = set.length
  const factor = set.map(() => new Float64Array(n))
  const y = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = m[set[i]][set[j]] + (i === j ? ridge : 0)
      for (let k = 0; k < j; k++) rest -= factor[i][k] * factor[j][k]
      factor[i][j] = i === j ? Math.sqrt(Math.max(rest, ridge)) : rest / factor[j][j]
    }
    let rest = h[set[i]]
    for (let k = 0; k < i; k++) rest -= factor[i][k] * y[k]
    y[i] = rest / factor[i][i]
  }
  const x = new Float64Array(h.length)
  for (let i = n - 1; i >= 0; i--) {
    let rest = y[i]
    for (let k = i + 1; k < n; k++) rest -= factor[k][i] * x[set[k]]
    x[set[i]] = rest / factor[i][i]
  }
  return x
}

const placesAbove0 = (z: Float64Array): number[] => [...z.keys()].filter((i) => z[i] > 0)

/** The minimiser within the set, or as far from z towards it as no entry is negative: entries that become 0 leave. */
const descend = (m: readonly Float64Array[], h: Float64Array, from: Float64Array, among: readonly number[]): Float64Array => {
  let z = from
  for (let set = among; set.length > 0; ) {
    const goal = solveWithin(m, h, set)
    const falling = set.filter((i) => goal[i] <= 0)
    if (falling.length === 0) return goal
    const [first, reach] = falling
      .map((i) => [i, z[i] / (z[i] - goal[i])] as const)
      .reduce((least, each) => (each[1] < least[1] ? each : least))
    z = z.map((value, i) => (i === first ? 0 : Math.max(0, value + reach * (goal[i] - value))))
    set = set.filter((i) => z[i] > 0)
  }
  return z
}

/**
 * The z >= 0 that minimises z' M z / 2 - h' z, for a symmetric M [n][n] without negative eigenvalues and with ones on its
 * diagonal. Lawson and Hanson, *Solving Least Squares Problems*, 1974, chapter 23, from `start` on: a set of positive
 * entries grows by the steepest one and loses those that would turn negative, until no slope is above the rounding.
 */
export const leastNonNegative = (m: readonly Float64Array[], h: Float64Array, start: Float64Array): Float64Array => {
  let z = descend(m, h, start, placesAbove0(start))
  for (let step = 0; step < 10 * h.length; step++) {
    const slope = h.map((value, i) => (z[i] > 0 ? 0 : value - dot(m[i], z)))
    const gross = z.reduce((sum, value) => sum + value, 0)
    const rising = slope.map((value, i) => (value > 1e-14 * (Math.abs(h[i]) + gross) ? value : 0))
    const steepest = rising.reduce((best, value, i) => (value > rising[best] ? i : best), 0)
    if (!(rising[steepest] > 0)) return z
    const next = descend(m, h, z, [...placesAbove0(z), steepest])
    if (!(next[steepest] > 0)) return z
    z = next
  }
  return z
}

/** Solves M x = h for all columns h within the places where z > 0. */
export const solveOnSupport = (
  m: readonly Float64Array[],
  columns: readonly Float64Array[],
  z: Float64Array,
): Float64Array[] => columns.map((h) => solveWithin(m, h, placesAbove0(z)))
