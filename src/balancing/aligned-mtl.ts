import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { diagonal, gramBalancer, tiny } from './gram.js'
import { eigen } from './jacobi.js'

/** Eigenvalues below this share of the largest are taken to be zero: the inner products are sums in single precision. */
const rank = 1e-5

/**
 * Weights [tasks] of the aligned gradients' mean. With the principal components of the gradient system, A = V L V^T, the
 * balance matrix is B = sqrt(l_min) V L^-1/2 V^T over the eigenvalues that are not zero, which makes the
 * system's condition number 1; the weights are B's column sums over the number of tasks.
 */
export const aligned = (a: Tensor, sweeps: number): Tensor => {
  const tasks = a.shape[0]
  const { values, vectors } = eigen(tf.div(a, tf.maximum(tf.sum(diagonal(a)), tiny)), sweeps)
  const largest = tf.max(values)
  const there = tf.greater(values, tf.maximum(tf.mul(largest, rank), tiny))
  const safe = tf.where(there, values, tf.mul(tf.onesLike(values), tf.maximum(largest, tiny)))
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
