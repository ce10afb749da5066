import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry, type Step } from './balancer.js'
import { best, checkFaces, membersOf, solveOnFaces } from './faces.js'
import { across, directionsOf, gramBalancer, tiny, type Directions } from './gram.js'

/**
 * The weights [tasks], non-negative and summing to 1, of the shortest vector d in the convex hull of the gradients, from
 * their directions, and lengths [tasks, 1].
 *
 * With unit gradients u, v_t = w_t |g_t|, C = U U^T and b_t = 1 / |g_t|, all up to factors, v minimises
 * v^T C v + (b^T v - 1)^2 over v >= 0: on the face that holds it, (C + b b^T) v = b. No squared length is in there, so
 * that short gradients count as exactly as long ones. The best face has the smallest duality gap
 * max_t |d|^2 / |g_t| - <u_t, d> over sum_t w_t |g_t|: below 1e-5, unless two gradients are nearly opposed. If some task
 * has no gradient, the weight is all with such tasks.
 */
export const shortest = ({ cosines, there }: Directions, lengths: Tensor): Tensor => {
  const tasks = cosines.shape[0]
  const b = tf.div(tf.min(lengths), lengths)
  const within = tf.mul(membersOf(tasks), b)
  const own = tf.div(within, tf.max(within, 1, true))
  const solved = solveOnFaces(tf.add(cosines, tf.matMul(own, own, false, true)), own)
  const v = tf.relu(tf.reshape(solved, [-1, tasks]))
  const y = tf.div(v, tf.maximum(tf.matMul(v, b), tiny))
  const rates = tf.matMul(y, cosines)
  const square = across(tf.mul(rates, y))
  const gap = tf.max(tf.sub(tf.mul(square, tf.reshape(b, [1, tasks])), rates), 1, true)
  const some = tf.greater(across(v), 0)
  const weights = tf.mul(best(y, tf.where(some, tf.div(gap, tf.maximum(across(y), tiny)), 1e30)), b)
  const absent = tf.sub(1, there)
  const missing = tf.sum(absent)
  const idle = tf.div(absent, tf.maximum(missing, 1))
  return tf.reshape(tf.where(tf.greater(missing, 0), idle, tf.div(weights, tf.sum(weights))), [tasks])
}

type Normalise = 'none' | 'l2' | 'loss' | 'loss+'

/** The lengths [tasks, 1] of the gradients while weights are sought; the weights go to the gradients as they are. */
const lengthsFor = (normalise: Normalise, { lengths }: Directions, step: Step): Tensor => {
  const losses = (): Tensor => tf.reshape(step.losses, [-1, 1])
  switch (normalise) {
    case 'none':
      return lengths
    case 'l2':
      return tf.onesLike(lengths)
    case 'loss':
      return over(lengths, losses())
    case 'loss+':
      return over(tf.onesLike(lengths), losses())
    default:
      return normalise satisfies never
  }
}

/** A quotient; what would be divided by nothing is left alone. */
const over = (lengths: Tensor, scale: Tensor): Tensor =>
  tf.div(lengths, tf.where(tf.greater(scale, tiny), scale, tf.onesLike(scale)))

/** Multiple-gradient descent: the min-norm point of the convex hull of the tasks' gradients. */
export const mgda = balancerEntry({
  kind: 'mgda',
  sentence: 'the shortest convex combination of the tasks’ gradients, which hurts no task',
  source: 'Désidéri, C. R. Acad. Sci. 2012; Sener and Koltun, NeurIPS 2018; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('mgda'),
    normalise: z
      .enum(['none', 'l2', 'loss', 'loss+'])
      .prefault('none')
      .describe('What gradients are divided by while weights are sought: nothing, norms, losses, both'),
  }),
  build({ normalise }, { tasks }) {
    checkFaces('mgda', tasks.length)
    return gramBalancer({ kind: 'mgda', inputs: [], memory: [] }, (a, step) => {
      const directions = directionsOf(a)
      return { weights: shortest(directions, lengthsFor(normalise, directions, step)) }
    })
  },
})

export const multipleGradientDescent = (options: { normalise?: Normalise } = {}) =>
  ({ kind: 'mgda', ...options }) as const
