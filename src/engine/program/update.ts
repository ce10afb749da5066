import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Optimizer } from './optimizer.js'

export { scalarsOf, slotsOf } from './scalars.js'

/** One segment after a step, and its optimizer state by slot name. */
export interface Updated {
  readonly parameter: Tensor
  readonly slots: Readonly<Record<string, Tensor>>
}

/**
 * One step on one segment, in as few elementwise passes as possible: 2 for SGD, 4 with momentum, 10 for Adam, 7 for
 * Adagrad, and one more for decoupled weight decay.
 * `scalars` are the tensors [] of `scalarsOf`. SGD is exactly parameter - rate * gradient.
 *
 * Momentum as in PyTorch's SGD; Adam as in Kingma and Ba (2015), algorithm 1, with PyTorch's place for epsilon.
 */
export const update = (
  optimizer: Optimizer,
  parameter: Tensor,
  gradient: Tensor,
  slots: Readonly<Record<string, Tensor>>,
  scalars: Readonly<Record<string, Tensor>>,
): Updated => {
  switch (optimizer.kind) {
    case 'sgd': {
      if (optimizer.momentum === 0) {
        return { parameter: tf.sub(parameter, tf.mul(gradient, scalars.rate)), slots: {} }
      }
      const velocity = tf.add(tf.mul(slots.velocity, optimizer.momentum), gradient)
      return { parameter: tf.sub(parameter, tf.mul(velocity, scalars.rate)), slots: { velocity } }
    }
    case 'adam': {
      const m = tf.add(tf.mul(slots.m, optimizer.beta1), gradient)
      const v = tf.add(tf.mul(slots.v, optimizer.beta2), tf.square(gradient))
      const step = tf.div(tf.mul(m, scalars.rate), tf.add(tf.sqrt(v), scalars.epsilon))
      const kept = optimizer.weightDecay === undefined ? parameter : tf.mul(parameter, scalars.keep)
      return { parameter: tf.sub(kept, step), slots: { m, v } }
    }
    case 'adagrad': {
      const sum = tf.add(slots.sum, tf.square(gradient))
      const step = tf.div(tf.mul(gradient, scalars.rate), tf.add(tf.sqrt(sum), scalars.epsilon))
      return { parameter: tf.sub(parameter, step), slots: { sum } }
    }
    default:
      return optimizer satisfies never
  }
}
