import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { diagonal, gramBalancer, tiny } from './gram.js'
import { ontoSimplex, quadratic, uniformWeights } from './simplex.js'

/** Added to squared lengths and to radii, so that no gradient at all is no exception. */
const [squared, radius] = [1e-8, 1e-8]

/**
 * Two gradients in closed form. On w = (x, 1 - x) the objective is p x + k sqrt(q(x)) + constant with the quadratic
 * q(x) = m x^2 + 2 b x + A_22, convex in x. Either its slope vanishes, where
 * (m x + b)^2 (k^2 m - p^2) = p^2 (m A_22 - b^2) and m x + b has the sign of -p, or it falls towards an end.
 */
const ofTwo = (a: Tensor, k: Tensor): Tensor => {
  const [[aa, ab], [, bb]] = tf.unstack(a).map((row) => tf.unstack(row))
  const m = tf.maximum(tf.sub(tf.add(aa, bb), tf.mul(ab, 2)), tiny)
  const b = tf.sub(ab, bb)
  const p = tf.mul(tf.sub(aa, bb), 0.5)
  const room = tf.sub(tf.mul(tf.square(k), m), tf.square(p))
  const spread = tf.relu(tf.sub(tf.mul(m, tf.add(bb, squared)), tf.square(b)))
  const flat = tf.neg(tf.mul(p, tf.sqrt(tf.div(spread, tf.maximum(room, 1e-36)))))
  const inner = tf.clipByValue(tf.div(tf.sub(flat, b), m), 0, 1)
  const end = tf.cast(tf.lessEqual(p, 0), 'float32')
  const x = tf.where(tf.greater(room, 0), inner, end)
  return tf.stack([x, tf.sub(1, x)])
}

/**
 * Three or more: projected gradient steps on upper bounds of the objective, k sqrt(q) <= k (q / s + s) / 2 at the
 * current s = sqrt(q), so that no step goes up.
 */
const byDescent = (a: Tensor, k: Tensor, iterations: number): Tensor => {
  const tasks = a.shape[0]
  const mean = tf.matMul(a, uniformWeights(tasks))
  const steepest = tf.maximum(tf.mul(k, tf.sum(diagonal(a))), tiny)
  let w = uniformWeights(tasks)
  for (let i = 0; i < iterations; i++) {
    const s = tf.sqrt(tf.add(quadratic(a, w), squared))
    const slope = tf.add(tf.mul(mean, s), tf.mul(tf.matMul(a, w), k))
    w = ontoSimplex(tf.sub(w, tf.div(slope, steepest)))
  }
  return tf.reshape(w, [tasks])
}

/**
 * The weights [tasks] of the conflict-averse direction U: with g_0 the mean gradient, k = c |g_0| and G w* the gradient
 * that minimises <G w, g_0> + k |G w| over the simplex (the dual), U = g_0 + k G w* / |G w*|, divided by
 * 1 + c^2 as in the authors' code. No task's rate of descent <g_t, U> is below that of the mean gradient at its worst.
 */
export const averse = (a: Tensor, c: number, iterations: number): Tensor => {
  const tasks = a.shape[0]
  const length = tf.sqrt(tf.relu(tf.add(tf.mean(a), squared)))
  const k = tf.add(tf.mul(length, c), radius)
  const w = tasks === 2 ? ofTwo(a, k) : byDescent(a, k, iterations)
  const joint = tf.sqrt(tf.add(quadratic(a, tf.reshape(w, [tasks, 1])), squared))
  const lambda = tf.div(k, tf.add(joint, radius))
  return tf.mul(tf.add(tf.mul(w, lambda), 1 / tasks), 1 / (1 + c * c))
}

/** CAGrad: near the mean gradient, the direction that is best for the task it serves worst. */
export const cagrad = balancerEntry({
  kind: 'cagrad',
  sentence: 'near the mean gradient, the direction that is best for the task that it serves worst',
  source: 'Liu, Liu, Jin, Stone and Liu, NeurIPS 2021; rescaled as in its code',
  schema: z.strictObject({
    kind: z.literal('cagrad'),
    c: z.number().min(0).lt(1).prefault(0.5).describe('Radius around the mean gradient, as a share of its length'),
    iterations: z.int().min(1).prefault(40).describe('Steps of the solver, for three tasks or more'),
  }),
  build: ({ c, iterations }) =>
    gramBalancer({ kind: 'cagrad', inputs: [], memory: [] }, (a) => ({ weights: averse(a, c, iterations) })),
})

export const conflictAverse = (options: { c?: number; iterations?: number } = {}) =>
  ({ kind: 'cagrad', ...options }) as const
