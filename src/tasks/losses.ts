import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { differentiable } from '../tensors/ops.js'
import { alignmentAndUniformity } from './ranking/alignment.js'
import { pairwiseRanking } from './ranking/pairwise.js'
import type { Task } from './task.js'

/**
 * Weights and losses [batch, 1] to their weighted sum [], or [tasks, batch, 1] to [tasks]; a product, so bitwise safe
 * in a cohort.
 */
const weighted = (weight: Tensor, rows: Tensor): Tensor =>
  tf.reshape(tf.matMul(weight, rows, true, false), rows.shape.slice(0, -2))

/** Every row in a matrix of one column: [batch] to [batch, 1], [tasks, batch] to [tasks, batch, 1]. */
const columns = (rows: Tensor): Tensor => tf.reshape(rows, [...rows.shape, 1])

/** The derivative of a loss per task [tasks], beside [tasks, batch, 1]; that of a single loss [] fits any shape. */
const perTask = (dy: Tensor): Tensor => (dy.rank === 0 ? dy : tf.reshape(dy, [...dy.shape, 1, 1]))

/**
 * Mean binary cross-entropy of logits z [batch, 1] against labels y [batch] in [0, 1]: log(1 + exp(z)) - z y, which
 * does not overflow. Its gradient is (sigmoid(z) - y) * weight, in closed form. `weight` [batch] is w / (labelled rows),
 * w = 1 where rows count alike, 0 for padding and for rows without the label. Several tasks at once are
 * [tasks, batch, 1] and [tasks, batch], and give [tasks].
 */
export const binaryCrossEntropy = (logits: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  differentiable([logits], (save) => {
    const [y, w] = [columns(labels), columns(weight)]
    save(logits, y, w)
    return {
      value: weighted(w, tf.sub(tf.softplus(logits), tf.mul(logits, y))),
      gradient: (dy, [z, label, share]) => [tf.mul(tf.sub(tf.sigmoid(z), label), tf.mul(share, perTask(dy)))],
    }
  })

/**
 * Mean softmax cross-entropy of logits z [batch, classes] against one-hot labels y [batch, classes]:
 * log sum exp(z) - z y, shifted by the row's largest logit. Its gradient is (softmax(z) - y) * weight, in closed form.
 * `weight` [batch] as for the binary loss.
 */
export const softmaxCrossEntropy = (logits: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  differentiable([logits], (save) => {
    const w = columns(weight)
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

/**
 * Mean squared error of predictions z [batch, 1] against numbers y [batch]: (z - y)^2, without a factor of one half, so
 * that it is the MSE that tables print. Its gradient is 2 (z - y) * weight, in closed form. `weight` [batch] and
 * several tasks at once as for the binary loss.
 */
export const squaredError = (predicted: Tensor, labels: Tensor, weight: Tensor): Tensor =>
  differentiable([predicted], (save) => {
    const w = columns(weight)
    const error = tf.sub(predicted, columns(labels))
    save(error, w)
    return {
      value: weighted(w, tf.square(error)),
      gradient: (dy, [off, share]) => [tf.mul(tf.mul(off, 2), tf.mul(share, perTask(dy)))],
    }
  })

/** The loss of a kind of task; see each for shapes. */
const losses = { binary: binaryCrossEntropy, regression: squaredError, multiclass: softmaxCrossEntropy }

/** A task's logits, labels and weights of one batch; see the losses for shapes. */
export interface ScoredTask {
  readonly task: Task
  readonly logits: Tensor
  /** Read only by kinds that have labels, so it may be a getter. */
  readonly labels: Tensor
  readonly weight: Tensor
}

/** The mean loss [] of a task over the rows that have its label. */
export const lossOf = (scored: ScoredTask): Tensor => {
  const { task, logits, weight } = scored
  if (task.kind === 'ranking') return pairwiseRanking(logits, weight)
  if (task.kind === 'alignment') return alignmentAndUniformity(logits, weight, task.uniformity)
  return losses[task.kind](logits, scored.labels, weight)
}

/**
 * `lossOf` every task, in their order. Those that are of one kind, with one number a row, are computed together: fewer,
 * larger operations.
 */
export const lossesOf = (scored: readonly ScoredTask[]): Tensor[] => {
  const found = new Map<ScoredTask, Tensor>()
  for (const kind of ['binary', 'regression'] as const) {
    const alike = scored.filter(({ task }) => task.kind === kind)
    if (alike.length < 2) continue
    const [logits, labels, weight] = (['logits', 'labels', 'weight'] as const).map((part) =>
      tf.stack(alike.map((each) => each[part])))
    const together = tf.unstack(losses[kind](logits, labels, weight))
    alike.forEach((each, i) => found.set(each, together[i]))
  }
  return scored.map((each) => found.get(each) ?? lossOf(each))
}

/**
 * What an engine gives of a head: [batch] logits for binary, [batch] numbers for regression, else the head as it is,
 * [batch, classes] logits. Probabilities are made of them in double precision, by whoever needs any: those of rare tasks
 * do not survive a runtime's single precision (that of ONNX Runtime has no sigmoid below a logit of -18).
 */
export const scoreOf = (task: Task, head: Tensor): Tensor => (task.kind === 'multiclass' ? head : tf.reshape(head, [-1]))
