import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Segment } from '../models/layout.js'
import type { Balancer, Balanced, Gradients, Step } from './balancer.js'

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

/** A balancer that weighs gradients by their inner products A [tasks, tasks]. */
export const gramBalancer = (
  parts: Pick<Balancer, 'kind' | 'inputs' | 'memory'>,
  solve: (a: Tensor, step: Step) => Solved,
): Balancer => ({
  ...parts,
  balance(step) {
    const gradients = step.gradients()
    const { weights, ...rest } = solve(gramOf(gradients, step.shared), step)
    return { gradients: combine(weights, gradients, step.shared), ...rest }
  },
})

/** Sums the rows of x [n, m]: [n, 1], as a product. */
export const across = (x: Tensor): Tensor => tf.matMul(x, tf.ones([x.shape[1]!, 1]))

/** The diagonal of A [n, n] as [n, 1]. */
export const diagonal = (a: Tensor): Tensor => across(tf.mul(a, tf.eye(a.shape[0])))

/** Far below any squared norm that means something; keeps 0 / 0 from happening where a task has no gradient. */
export const tiny = 1e-20
