import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'

/**
 * The operations that models are made of, with closed-form gradients.
 *
 * TensorFlow.js would derive gradients that sum over the batch axis, and such a sum is not bitwise the same alone and
 * in a cohort. Here every sum over rows is a product with a row of ones or of weights, which is.
 */

/** A value whose gradient is written by hand. `gradient` gets what `forward` saved, and gives one tensor per input. */
export const differentiable = (
  inputs: readonly Tensor[],
  forward: (save: (...tensors: Tensor[]) => void) => {
    readonly value: Tensor
    readonly gradient: (dy: Tensor, saved: readonly Tensor[]) => Tensor[]
  },
): Tensor =>
  tf.customGrad((...given) => {
    const keep = given[given.length - 1] as (tensors: Tensor[]) => void
    const { value, gradient } = forward((...tensors) => keep(tensors))
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy, saved) }
  })(...inputs)

/** [1, rows] for x [rows, units], [1, 1, rows] for [stack, rows, units]: times x, it sums the rows. */
const onesFor = (x: Tensor): Tensor => tf.ones([...Array<number>(x.rank - 1).fill(1), x.shape[x.rank - 2]])

/** Sums over rows: [rows, units] to [1, units]; [stack, rows, units] to [stack, 1, units]. */
export const sumRows = (x: Tensor): Tensor => tf.matMul(onesFor(x), x)

/** x [rows, units] + row [1, units], or [stack, rows, units] + [stack, 1, units]. */
export const addRow = (x: Tensor, row: Tensor): Tensor =>
  differentiable([x, row], () => ({ value: tf.add(x, row), gradient: (dy) => [dy, sumRows(dy)] }))

/** max(x, 0). Its gradient is the sign of its value, one pass less than a comparison and a cast. */
export const relu = (x: Tensor): Tensor =>
  differentiable([x], (save) => {
    const value = tf.relu(x)
    save(value)
    return { value, gradient: (dy, [y]) => [tf.mul(dy, tf.sign(y))] }
  })

/** Softmax over the last axis of x [rows, units]. */
export const softmax = (x: Tensor): Tensor =>
  differentiable([x], (save) => {
    const value = tf.softmax(x)
    save(value)
    return {
      value,
      gradient: (dy, [y]) => {
        const slope = tf.mul(dy, y)
        const along = tf.matMul(slope, tf.ones([y.shape[y.rank - 1], 1]))
        return [tf.sub(slope, tf.mul(y, along))]
      },
    }
  })

/**
 * Rows `ids` [n] int32 of table [rows, width]: [n, width]. Gradients of a row that is asked for twice add up. (Plain
 * TensorFlow.js scatters in n steps; its segment sums look through all of n for every row of the table.)
 */
export const lookup = (table: Tensor, ids: tf.Tensor1D): Tensor =>
  differentiable([table], (save) => {
    save(ids)
    const shape = [...table.shape]
    return {
      value: tf.gather(table, ids),
      gradient: (dy, [at]) => [tf.scatterND(tf.reshape(at, [-1, 1]), dy, shape)],
    }
  })

const sumOf = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => tf.add(sum, term))

/**
 * y_i = sum_j a_ij x_j per unit: x [n, rows, units] and a [n, n, units] to [n, rows, units]. Its gradients are
 * dx_j = sum_i a_ij dy_i and da_ij = the sum over rows of dy_i x_j.
 */
export const crossStitched = (x: Tensor, a: Tensor): Tensor => {
  const [n, rows, units] = x.shape
  const each = Array.from({ length: n }, (_, i) => i)
  const entry = (of: Tensor, i: number): Tensor => tf.slice(of, [i, 0, 0], [1, rows, units])
  return differentiable([x, a], (save) => {
    save(x, a)
    return {
      value: sumOf(each.map((j) => tf.mul(tf.slice(a, [0, j, 0], [n, 1, units]), entry(x, j)))),
      gradient: (dy, [seen, by]) => {
        const row = (i: number): Tensor => tf.reshape(tf.slice(by, [i, 0, 0], [1, n, units]), [n, 1, units])
        const dx = sumOf(each.map((i) => tf.mul(row(i), entry(dy, i))))
        return [dx, tf.concat(each.map((j) => sumRows(tf.mul(dy, entry(seen, j)))), 1)]
      },
    }
  })
}

/** x, through which nothing is trained: its gradient is 0. */
export const detached = (x: Tensor): Tensor =>
  differentiable([x], () => ({ value: tf.clone(x), gradient: (dy) => [tf.mul(dy, 0)] }))

/** Mean and biased variance over rows with weights that sum to 1; see `moments` for shapes. */
export interface Moments {
  readonly mean: Tensor
  readonly variance: Tensor
}

/** Weights [rows] as a row and as a column that fit x: [1, rows] and [rows, 1], or with a leading 1 for a stack. */
const asRow = (weight: Tensor, x: Tensor): Tensor =>
  tf.reshape(weight, [...Array<number>(x.rank - 1).fill(1), weight.shape[0]])
const asColumn = (weight: Tensor, x: Tensor): Tensor =>
  tf.reshape(weight, [...Array<number>(x.rank - 2).fill(1), weight.shape[0], 1])

/**
 * Batch normalisation over the rows that count: y = (x - mean) / sqrt(variance + epsilon) * scale + shift.
 *
 * x is [rows, units] with scale and shift [1, units], or [stack, rows, units] with [stack, 1, units]; `weight` [rows]
 * sums to 1 and is 0 for padding. Ioffe and Szegedy (2015), algorithm 1, and the gradients after it, which with weights
 * w are dx = scale / deviation * (dy - w (sum(dy) + xhat sum(dy xhat))).
 */
export const normalizeRows = (
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  weight: Tensor,
  epsilon: number,
): Moments & { readonly value: Tensor } => {
  const row = asRow(weight, x)
  const mean = tf.matMul(row, x)
  const centred = tf.sub(x, mean)
  const variance = tf.matMul(row, tf.square(centred))
  const value = differentiable([x, scale, shift], (save) => {
    const deviation = tf.sqrt(tf.add(variance, epsilon))
    const slope = tf.div(scale, deviation)
    save(centred, deviation, slope, asColumn(weight, x))
    return { value: tf.add(tf.mul(centred, slope), shift), gradient: normalizeGradient }
  })
  return { value, mean, variance }
}

/** Keeps (x - mean) rather than xhat = (x - mean) / deviation, and divides rows of sums: one pass less over x. */
const normalizeGradient = (dy: Tensor, [centred, deviation, slope, weight]: readonly Tensor[]): Tensor[] => {
  const dshift = sumRows(dy)
  const dscale = tf.div(sumRows(tf.mul(dy, centred)), deviation)
  const along = tf.mul(weight, tf.add(dshift, tf.mul(centred, tf.div(dscale, deviation))))
  return [tf.mul(tf.sub(dy, along), slope), dscale, dshift]
}

/**
 * Batch normalisation of each group of rows by itself: x [rows, units], `members` [rows, groups] with a 1 in the row's
 * group (a row of no group becomes 0), scale and shift [groups, units]; `weight` [rows] is 0 for padding, which counts
 * for nothing. Moments are [groups, units], 0 for a group without rows; `present` [groups, 1] is 1 where there is one.
 * Gradients are those of `normalizeRows`, group by group; picking a row's group and summing over a group are products
 * with `members`.
 */
export const normalizeGroups = (
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  members: Tensor,
  weight: Tensor,
  epsilon: number,
): Moments & { readonly value: Tensor; readonly present: Tensor } => {
  const real = tf.mul(members, asColumn(tf.sign(weight), x))
  const counts = tf.matMul(real, tf.ones([weight.shape[0] as number, 1]), true)
  const shares = tf.div(real, tf.reshape(tf.maximum(counts, 1), [1, -1]))
  const mean = tf.matMul(shares, x, true)
  const centred = tf.sub(x, tf.matMul(members, mean))
  const variance = tf.matMul(shares, tf.square(centred), true)
  const value = differentiable([x, scale, shift], (save) => {
    const deviation = tf.sqrt(tf.add(variance, epsilon))
    const slope = tf.div(scale, deviation)
    const share = tf.matMul(shares, tf.ones([counts.shape[0], 1]))
    save(centred, deviation, tf.matMul(members, slope), share, members)
    return {
      value: tf.add(tf.mul(centred, tf.matMul(members, slope)), tf.matMul(members, shift)),
      gradient: groupsGradient,
    }
  })
  return { value, mean, variance, present: tf.sign(counts) }
}

const groupsGradient = (dy: Tensor, [centred, deviation, slope, share, members]: readonly Tensor[]): Tensor[] => {
  const dshift = tf.matMul(members, dy, true)
  const dscale = tf.div(tf.matMul(members, tf.mul(dy, centred), true), deviation)
  const moved = tf.mul(centred, tf.matMul(members, tf.div(dscale, deviation)))
  const along = tf.mul(share, tf.add(tf.matMul(members, dshift), moved))
  return [tf.mul(tf.sub(dy, along), slope), dscale, dshift]
}
