import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Optimizer } from './optimizer.js'

/** Plain stochastic gradient descent, or with momentum as in PyTorch (no dampening, no Nesterov). */
export const sgd = (rate: number, { momentum = 0 }: { momentum?: number } = {}): Optimizer => ({
  kind: 'sgd', rate, momentum,
})

/** Adam with PyTorch's defaults. */
export const adam = (
  rate: number,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: { beta1?: number; beta2?: number; epsilon?: number } = {},
): Optimizer => ({ kind: 'adam', rate, beta1, beta2, epsilon })

/** Names of the state that an optimizer keeps per segment; each starts at zero. */
export const slotsOf = (optimizer: Optimizer): readonly string[] => {
  switch (optimizer.kind) {
    case 'sgd':
      return optimizer.momentum > 0 ? ['velocity'] : []
    case 'adam':
      return ['m', 'v']
    default:
      return optimizer satisfies never
  }
}

/**
 * The numbers that step t (from 1, over the client's whole life with this optimizer state) needs from the host, by
 * name.
 *
 * Adam keeps M = m / (1 - beta1) and V = v / (1 - beta2) instead of m and v, which saves two passes over the parameters a
 * step, and all that is missing goes into two numbers: with c1 = 1 - beta1^t and c2 = 1 - beta2^t, PyTorch's
 * rate / c1 * m / (sqrt(v / c2) + epsilon) is `rate` * M / (sqrt(V) + `epsilon`).
 */
export const scalarsOf = (optimizer: Optimizer, t: number): Readonly<Record<string, number>> => {
  switch (optimizer.kind) {
    case 'sgd':
      return { rate: optimizer.rate }
    case 'adam': {
      const { rate, beta1, beta2, epsilon } = optimizer
      const scale = Math.sqrt((1 - beta2 ** t) / (1 - beta2))
      return { rate: (rate * scale * (1 - beta1)) / (1 - beta1 ** t), epsilon: epsilon * scale }
    }
    default:
      return optimizer satisfies never
  }
}

/** One segment after a step, and its optimizer state by slot name. */
export interface Updated {
  readonly parameter: Tensor
  readonly slots: Readonly<Record<string, Tensor>>
}

/**
 * One step on one segment, in as few elementwise passes as possible: 2 for SGD, 4 with momentum, 10 for Adam.
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
      return { parameter: tf.sub(parameter, step), slots: { m, v } }
    }
    default:
      return optimizer satisfies never
  }
}
