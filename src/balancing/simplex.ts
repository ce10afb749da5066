import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { across } from './gram.js'

/**
 * The nearest point to v [n, 1] with non-negative entries that sum to 1: max(v - tau, 0), where tau is the largest of
 * (sum of the entries that are at least v_j, minus 1) / (their number) over all j. Duchi et al., ICML 2008, without the
 * sorting.
 */
export const ontoSimplex = (v: Tensor): Tensor => {
  const least = tf.cast(tf.greaterEqual(tf.reshape(v, [1, -1]), v), 'float32')
  const tau = tf.max(tf.div(tf.sub(tf.matMul(least, v), 1), across(least)))
  return tf.relu(tf.sub(v, tau))
}

/** Uniform weights [n, 1]. */
export const uniformWeights = (n: number): Tensor => tf.mul(tf.ones([n, 1]), 1 / n)

/** w^T A w for w [n, 1], as []. */
export const quadratic = (a: Tensor, w: Tensor): Tensor => tf.reshape(tf.matMul(w, tf.matMul(a, w), true), [])
