import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { differentiable } from '../../tensors/ops.js'

/**
 * Bayesian personalised ranking: the weighted mean of -log sigmoid(m) = log(1 + exp(-m)) over margins m [batch, 1], the
 * score of what shall come first minus that of what shall come after it. Rendle et al., BPR, UAI 2009: BPR-Opt
 * without its regulariser. Its gradient is -sigmoid(-m) * weight, in closed form. `weight` [batch] is 1 / (rows that
 * take part), 0 elsewhere.
 */
export const pairwiseRanking = (margin: Tensor, weight: Tensor): Tensor =>
  differentiable([margin], (save) => {
    const share = tf.reshape(weight, [-1, 1])
    const behind = tf.neg(margin)
    save(behind, share)
    return {
      value: tf.reshape(tf.matMul(share, tf.softplus(behind), true, false), []),
      gradient: (dy, [m, w]) => [tf.neg(tf.mul(tf.sigmoid(m), tf.mul(w, dy)))],
    }
  })
