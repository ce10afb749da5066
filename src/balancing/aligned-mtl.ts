import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { diagonal, gramBalancer, tiny } from './gram.js'
import { eigen } from './jacobi.js'

/** Of single precision: the step from 1 to the next number. */
const epsilon = 2 ** -23

/**
 * Weights [tasks] of the aligned gradients' mean. With the principal components of the gradient system, A = V L V^T, the
 * balance matrix is B = sqrt(l_min) V L^-1/2 V^T over the eigenvalues that are not zero, which makes the
 * system's condition number 1; the weights are B's column sums over the number of tasks.
 *
 * An entry of A is off by epsilon |g_s| |g_t|, so an eigenvalue l of v by epsilon (sum_t |v_t| |g_t|)^2, and it is zero
 * where it is below `tasks` times that. A bound by the largest eigenvalue, as in LibMTL, would take a direction that only
 * a short gradient has for nothing.
 */
export const aligned = (a: Tensor, sweeps: number): Tensor => {
  const tasks = a.shape[0]
  const squares = diagonal(a)
  const size = tf.maximum(tf.sum(squares), tiny)
  const { values, vectors } = eigen(tf.div(a, size), sweeps)
  const gross = tf.square(tf.matMul(tf.abs(vectors), tf.sqrt(tf.div(squares, size)), true))
  const there = tf.greater(values, tf.mul(gross, tasks * epsilon))
  const safe = tf.where(there, values, tf.onesLike(values))
  const factors = tf.mul(tf.cast(there, 'float32'), tf.sqrt(tf.div(tf.min(safe), safe)))
  const sums = tf.mul(tf.matMul(vectors, tf.ones([tasks, 1]), true), factors)
  return tf.reshape(tf.mul(tf.matMul(vectors, sums), 1 / tasks), [tasks])
}

/** Aligned-MTL: gradients are made orthogonal and equally long, as long as the weakest direction of their system. */
export const alignedMtl = balancerEntry({
  kind: 'aligned-mtl',
  sentence: 'gradients turned into an orthogonal system as long as its weakest direction',
  source: 'Senushkin, Patakin, Kuznetsov and Konushin, CVPR 2023; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('aligned-mtl'),
    sweeps: z.int().min(1).prefault(5).describe('Sweeps of Jacobi’s eigenvalue method, for three tasks or more'),
  }),
  build: ({ sweeps }) =>
    gramBalancer({ kind: 'aligned-mtl', inputs: [], memory: [] }, (a) => ({ weights: aligned(a, sweeps) })),
})

export const alignedGradients = (options: { sweeps?: number } = {}) => ({ kind: 'aligned-mtl', ...options }) as const
