import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { differentiable } from '../models/ops.js'
import type { Task } from './task.js'

/** [batch, 1] weights and [batch, 1] losses to their weighted sum []; a product, so bitwise safe in a cohort. */
const weighted = (weight: Tensor, rows: Tensor): Tensor => tf.reshape(tf.matMul(weight, rows, true, false), [])

/**
 * Mean binary cross-entropy of logits z [batch, 1] against labels y [batch] in [0, 1]: log(1 + exp(z)) - z y, which
 * does not overflow. Its gradient is (sigmoid(z) - y) * weight, in closed form. `weight` [batch] is 1 / (labelled
 * rows), 0 for padding and for rows without the label.
 */
export const binaryCrossEntropy = (logits: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  differentiable([logits], (save) => {
    const y = tf.reshape(labels, [-1, 1])
    const w = tf.reshape(weight, [-1, 1])
    save(logits, y, w)
    return {
      value: weighted(w, tf.sub(tf.softplus(logits), tf.mul(logits, y))),
      gradient: (dy, [z, label, share]) => [tf.mul(tf.sub(tf.sigmoid(z), label), tf.mul(share, dy))],
    }
  })

/**
 * Mean softmax cross-entropy of logits z [batch, classes] against one-hot labels y [batch, classes]:
 * log sum exp(z) - z y, shifted by the row's largest logit. Its gradient is (softmax(z) - y) * weight, in closed form.
 * `weight` [batch] as for the binary loss.
 */
export const softmaxCrossEntropy = (logits: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  differentiable([logits], (save) => {
    const w = tf.reshape(weight, [-1, 1])
    const ones = tf.ones([logits.shape[logits.rank - 1], 1])
    const shifted = tf.sub(logits, tf.max(logits, -1, true))
    const grown = tf.exp(shifted)
    const total = tf.matMul(grown, ones)
    const hit = tf.matMul(tf.mul(shifted, labels), ones)
    save(tf.div(grown, total), labels, w)
    return {
      value: weighted(w, tf.sub(tf.log(total), hit)),
      gradient: (dy, [p, label, share]) => [tf.mul(tf.sub(p, label), tf.mul(share, dy))],
    }
  })

/** The mean loss [] of a task over the rows that have its label; see the losses for shapes. */
export const lossOf = (task: Task, logits: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  task.kind === 'multiclass'
    ? softmaxCrossEntropy(logits, labels, weight)
    : binaryCrossEntropy(logits, labels, weight)

/** A head's probabilities: [batch] for binary, [batch, classes] for multiclass. */
export const probabilities = (task: Task, logits: Tensor): Tensor =>
  task.kind === 'multiclass' ? tf.softmax(logits) : tf.reshape(tf.sigmoid(logits), [-1])
