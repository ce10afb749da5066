import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Segment } from '../models/layout.js'
import type { Balancer, Balanced, Gradients, Step } from './balancer.js'
import { tiny } from './oddity.js'

export { tiny }

/*
 * Rules whose joint gradient is a weighted sum of the tasks' gradients, with weights that follow from the inner products
 * of these: the large vectors are read twice, and all else happens on [tasks, tasks].
 */

/** Each task's gradient as one row: [tasks, elements]. */
const rowsOf = (gradients: readonly Gradients[], segments: readonly Segment[]): Tensor => {
  const pieces = gradients.flatMap((own) => segments.map(({ name, size }) => tf.reshape(own[name], [size])))
  return tf.reshape(tf.concat(pieces), [gradients.length, -1])
}

/** A = G G^T [tasks, tasks]: the inner products of the tasks' gradients over the given segments. */
export const gramOf = (gradients: readonly Gradients[], segments: readonly Segment[]): Tensor => {
  if (segments.length === 0) return tf.zeros([gradients.length, gradients.length])
  const rows = rowsOf(gradients, segments)
  return tf.matMul(rows, rows, false, true)
}

/** sum_t w_t g_t, segment by segment, for weights [tasks]. */
export const combine = (weights: Tensor, gradients: readonly Gradients[], segments: readonly Segment[]): Gradients => {
  const each = tf.unstack(weights)
  return Object.fromEntries(
    segments.map(({ name }) => [
      name,
      gradients.map((own, t) => tf.mul(own[name], each[t])).reduce((sum, part) => tf.add(sum, part)),
    ]),
  )
}

/** The weights [tasks] of the tasks' gradients, and what else a rule gives. */
export interface Solved extends Pick<Extract<Balanced, { gradients: Gradients }>, 'own' | 'memory'> {
  readonly weights: Tensor
}

/** The diagonal of A [tasks, tasks] as it is, [tasks]: in `diagonal` a product that is not finite spoils its whole row. */
const taken = (a: Tensor): Tensor => {
  const tasks = a.shape[0]
  return tf.stridedSlice(tf.reshape(a, [tasks * tasks]), [0], [tasks * tasks], [tasks + 1])
}

/** A balancer that weighs gradients by their inner products A [tasks, tasks]. */
export const gramBalancer = (
  parts: Pick<Balancer, 'kind' | 'inputs' | 'memory'>,
  solve: (a: Tensor, step: Step) => Solved,
): Balancer => ({
  ...parts,
  balance(step) {
    const gradients = step.gradients()
    const gram = gramOf(gradients, step.shared)
    const { weights, ...rest } = solve(gram, step)
    const squares = taken(gram)
    return { gradients: combine(weights, gradients, step.shared), squares, ...rest }
  },
})

/** Sums the rows of x [n, m]: [n, 1], as a product. */
export const across = (x: Tensor): Tensor => tf.matMul(x, tf.ones([x.shape[1]!, 1]))

/** The diagonal of A [n, n] as [n, 1]. */
export const diagonal = (a: Tensor): Tensor => across(tf.mul(a, tf.eye(a.shape[0])))

/** A cosine this near to -1 is -1: gradients that are opposed shall cancel, whatever their products are rounded to. */
const rounded = 5e-7

/** What the tasks' gradients are to each other, without the squares of their lengths in one sum with each other. */
export interface Directions {
  /** [tasks, 1]; 1e-18 where there is no gradient. */
  readonly lengths: Tensor
  /** [tasks, 1]: 1 where a task has a gradient, 0 elsewhere. */
  readonly there: Tensor
  /** [tasks, tasks]: 1 on the diagonal; 0 elsewhere beside a task that has no gradient. */
  readonly cosines: Tensor
}

/**
 * The directions behind inner products A [tasks, tasks]. An entry of A is off by the rounding of its own two lengths,
 * so a cosine is off by that of 1, whatever the lengths of the others: systems of cosines lose nothing where one
 * gradient is a thousand times longer than another, while in A its square would drown the other's.
 */
export const directionsOf = (a: Tensor): Directions => {
  const tasks = a.shape[0]
  const squares = diagonal(a)
  const there = tf.cast(tf.greater(squares, tiny), 'float32')
  const lengths = tf.sqrt(tf.maximum(squares, tiny))
  const inverse = tf.div(there, lengths)
  const between = tf.mul(tf.mul(a, inverse), tf.reshape(inverse, [1, tasks]))
  const known = tf.where(tf.less(between, rounded - 1), tf.scalar(-1), between)
  const apart = tf.sub(1, tf.eye(tasks))
  return { lengths, there, cosines: tf.add(tf.mul(known, apart), tf.eye(tasks)) }
}
