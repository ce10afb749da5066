import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { differentiable } from '../tensors/ops.js'

/**
 * The logit of sigmoid(a) sigmoid(b), for logits a and b of one shape.
 *
 * With p the product, (1 - p) / p = exp(-a) + exp(-b) + exp(-a - b), so the logit is minus the logarithm of that sum:
 * it is taken with the largest exponent drawn out, and neither overflows nor loses a small 1 - p.
 */
export const productLogit = (a: Tensor, b: Tensor): Tensor =>
  differentiable([a, b], (save) => {
    const [x, y] = [tf.neg(a), tf.neg(b)]
    const both = tf.add(x, y)
    const most = tf.maximum(tf.maximum(x, y), both)
    const [ex, ey, e] = [x, y, both].map((value) => tf.exp(tf.sub(value, most)))
    const total = tf.add(tf.add(ex, ey), e)
    save(tf.div(tf.add(ex, e), total), tf.div(tf.add(ey, e), total))
    return {
      value: tf.neg(tf.add(most, tf.log(total))),
      gradient: (dy, [da, db]) => [tf.mul(dy, da), tf.mul(dy, db)],
    }
  })
