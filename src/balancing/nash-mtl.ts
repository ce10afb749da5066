import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { directionsOf, gramBalancer, tiny } from './gram.js'
import { solveRow } from './solve.js'

/**
 * beta > 0 with (C beta)_i = 1 / beta_i for the cosines C of the gradients, [tasks, 1]. Two: beta = 1 / sqrt(1 + cos).
 * More: damped Newton steps on beta^T C beta / 2 - sum log beta, which is strictly convex, has its minimum there, and is
 * self-concordant: a step divided by 1 + (Newton's decrement) never leaves beta > 0, and the last ones are whole.
 */
const bargain = (cosines: Tensor, iterations: number): Tensor => {
  const tasks = cosines.shape[0]
  if (tasks === 2) {
    const cosine = tf.slice(cosines, [0, 1], [1, 1])
    return tf.mul(tf.ones([2, 1]), tf.rsqrt(tf.maximum(tf.add(cosine, 1), 1e-5)))
  }
  let beta: Tensor = tf.ones([tasks, 1])
  for (let k = 0; k < iterations; k++) {
    const inverse = tf.reciprocal(beta)
    const slope = tf.sub(tf.matMul(cosines, beta), inverse)
    const curvature = tf.add(cosines, tf.mul(tf.eye(tasks), tf.square(inverse)))
    const rows = tf.unstack(curvature).map((row) => tf.unstack(row))
    const direction = tf.reshape(tf.stack(solveRow(rows, tf.unstack(tf.reshape(slope, [tasks])))), [tasks, 1])
    const decrement = tf.sqrt(tf.relu(tf.matMul(slope, direction, true)))
    beta = tf.sub(beta, tf.div(direction, tf.add(decrement, 1)))
  }
  return beta
}

/**
 * Weights alpha [tasks] of the Nash bargaining solution, (G G^T) alpha = 1 / alpha, times what makes the joint gradient
 * at most `maxNorm` long (it is sqrt(tasks) long before). A task without gradient has no part in it.
 *
 * That is where LibMTL's iterations end: it divides G G^T by its norm n, and seeks alpha_t n (G G^T / n alpha)_t >= 1, in
 * which n cancels. Where its convex solver gives up before (gradients 1e-3 long), it takes what there is so far.
 */
export const nash = (a: Tensor, iterations: number, maxNorm: number): Tensor => {
  const { cosines, lengths, there } = directionsOf(a)
  const beta = tf.mul(bargain(cosines, iterations), there)
  const length = tf.sqrt(tf.relu(quadratic(cosines, beta)))
  const cut = tf.minimum(1, tf.div(maxNorm, tf.maximum(length, tiny)))
  return tf.reshape(tf.mul(tf.div(beta, lengths), cut), [-1])
}

/** w^T A w for w [n, 1], as []. */
const quadratic = (a: Tensor, w: Tensor): Tensor => tf.reshape(tf.matMul(w, tf.matMul(a, w), true), [])

/** Nash-MTL: the tasks bargain for the direction of the step. */
export const nashMtl = balancerEntry({
  kind: 'nash-mtl',
  sentence: 'the direction that tasks would agree on in Nash bargaining, whatever the scale of their losses',
  source: 'Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik and Fetaya, ICML 2022; clipped rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('nash-mtl'),
    iterations: z.int().min(1).prefault(20).describe('Steps of the solver, for three tasks or more'),
    maxNorm: z.number().positive().prefault(1).describe('Longest joint gradient'),
  }),
  build: ({ iterations, maxNorm }) =>
    gramBalancer({ kind: 'nash-mtl', inputs: [], memory: [] }, (a) => ({ weights: nash(a, iterations, maxNorm) })),
})

export const nashBargaining = (options: { iterations?: number; maxNorm?: number } = {}) =>
  ({ kind: 'nash-mtl', ...options }) as const
