import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/** A pivot below this is rounding: single precision keeps 6e-8 of 1. */
const leastPivot = 2e-7

/**
 * Solves x M = r by elimination, number by number: for systems as small as the tasks are few. M is symmetric, without
 * negative eigenvalues, and its entries are around 1, as cosines are; so no pivoting is needed. Where it is singular,
 * x is large along what M makes 0.
 */
export const solveRow = (matrix: readonly (readonly Tensor[])[], right: readonly Tensor[]): Tensor[] => {
  const n = right.length
  const columns = right.map((_, j) => matrix.map((row) => row[j]))
  const rest = [...right]
  const safe = (pivot: Tensor): Tensor => tf.maximum(pivot, leastPivot)
  for (let p = 0; p < n; p++) {
    for (let j = p + 1; j < n; j++) {
      const factor = tf.div(columns[j][p], safe(columns[p][p]))
      columns[j] = columns[j].map((value, i) => tf.sub(value, tf.mul(factor, columns[p][i])))
      rest[j] = tf.sub(rest[j], tf.mul(factor, rest[p]))
    }
  }
  const x: Tensor[] = []
  for (let p = n - 1; p >= 0; p--) {
    const known = x.reduce((sum, value, i) => tf.sub(sum, tf.mul(columns[p][p + 1 + i], value)), rest[p])
    x.unshift(tf.div(known, safe(columns[p][p])))
  }
  return x
}
