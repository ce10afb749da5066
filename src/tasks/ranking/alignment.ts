import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { differentiable } from '../../tensors/ops.js'

/** Keeps the norm of a zero row from dividing by zero. */
const least = 1e-12

/** [units, 1]: times x [rows, units], it sums each row. */
const onesAlong = (x: Tensor): Tensor => tf.ones([x.shape.at(-1)!, 1])

/** Rows of x [rows, units] divided by their length: dx = (dy - y <y, dy>) / length. */
export const unitRows = (x: Tensor): Tensor =>
  differentiable([x], (save) => {
    const length = tf.sqrt(tf.add(tf.matMul(tf.square(x), onesAlong(x)), least))
    const value = tf.div(x, length)
    save(value, length)
    return {
      value,
      gradient: (dy, [y, n]) => [tf.div(tf.sub(dy, tf.mul(y, tf.matMul(tf.mul(y, dy), onesAlong(y)))), n)],
    }
  })

/**
 * log of the weighted mean over pairs of two different rows r, s of exp(-2 |x_r - x_s|^2), x [rows, units] on the unit
 * sphere, where |x_r - x_s|^2 = 2 - 2 <x_r, x_s>. Wang and Isola, ICML 2020, with t = 2. 0 where no pair is.
 */
const uniformity = (x: Tensor, weight: Tensor): Tensor => {
  const kernel = tf.exp(tf.sub(tf.mul(tf.matMul(x, x, false, true), 4), 4))
  const pairs = tf.matMul(tf.matMul(weight, kernel, true, false), weight)
  const same = tf.matMul(weight, weight, true, false)
  const apart = tf.sub(1, same)
  return tf.log(tf.div(tf.add(tf.sub(pairs, same), least), tf.add(apart, least)))
}

/**
 * The direct objective of Wang et al., *Towards Representation Alignment and Uniformity in Collaborative Filtering*,
 * KDD 2022 (DirectAU), of vectors [batch, 2 width], a row's user before its item, first put on the unit sphere:
 *
 *     l_align   = mean over rows of |u - i|^2
 *     l_uniform = (log mean exp(-2 |u - u'|^2) + log mean exp(-2 |i - i'|^2)) / 2, over pairs of different rows
 *     l         = l_align + gamma l_uniform
 *
 * `weight` [batch] sums to 1 and is 0 for rows that do not count.
 */
export const alignmentAndUniformity = (vectors: Tensor, weight: Tensor, gamma: number): Tensor => {
  const [user, item] = tf.split(vectors, 2, 1).map(unitRows)
  const share = tf.reshape(weight, [-1, 1])
  const apart = tf.matMul(tf.square(tf.sub(user, item)), onesAlong(user))
  const aligned = tf.matMul(share, apart, true, false)
  const spread = tf.mul(tf.add(uniformity(user, share), uniformity(item, share)), gamma / 2)
  return tf.reshape(tf.add(aligned, spread), [])
}
