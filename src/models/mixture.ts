import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Layer } from './layers.js'
import { addRow, softmax } from './ops.js'

/**
 * A gate per task over the experts, all in one product: x [batch, from] to [batch, tasks, experts], each row of the
 * last axis a distribution. Segments `name.weight` [from, tasks, experts] and `name.bias` [1, tasks, experts]; the axis
 * that counts experts is labelled `out`, because a gate belongs to the trunk and not to the experts it weighs.
 */
export const gates = (name: string, from: number, tasks: number, experts: number): Layer => ({
  width: experts,
  segments: [
    {
      name: `${name}.weight`, shape: [from, tasks, experts], axes: ['in', 'task', 'out'], role: 'gate',
      initial: { kind: 'glorot', fanIn: from, fanOut: experts },
    },
    {
      name: `${name}.bias`, shape: [1, tasks, experts], axes: ['row', 'task', 'out'], role: 'gate',
      initial: { kind: 'constant', value: 0 },
    },
  ],
  apply(x, { parameters }) {
    const weight = tf.reshape(parameters[`${name}.weight`], [from, tasks * experts])
    const bias = tf.reshape(parameters[`${name}.bias`], [1, tasks * experts])
    const logits = addRow(tf.matMul(x, weight), bias)
    return tf.reshape(softmax(tf.reshape(logits, [-1, experts])), [-1, tasks, experts])
  },
})

/**
 * Each task's mixture of the experts' outputs: shares [batch, tasks, experts] and outputs [batch, experts, width] to
 * [tasks, batch, width].
 */
export const mix = (shares: Tensor, outputs: Tensor): Tensor => tf.transpose(tf.matMul(shares, outputs), [1, 0, 2])
