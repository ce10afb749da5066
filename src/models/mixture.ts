import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { linear, type Layer } from './layers.js'
import type { Axis, SegmentSpec } from './layout.js'
import { addRow, softmax } from '../tensors/ops.js'

/** One gate: x [batch, from] to a distribution over the experts, [batch, experts]. Segments of a linear layer. */
export const gate = (name: string, from: number, experts: number): Layer => {
  const logits = linear(name, from, experts, { role: 'gate' })
  return { ...logits, apply: (x, run) => softmax(logits.apply(x, run)) }
}

/** Weight and bias of a gate per task. The axis that counts experts is `out`: a gate is the trunk's, no expert's. */
const segmentsOf = (
  name: string,
  [weight, weightAxes]: readonly [readonly number[], readonly Axis[]],
  [bias, biasAxes]: readonly [readonly number[], readonly Axis[]],
  [fanIn, fanOut]: readonly [number, number],
): SegmentSpec[] => [
  {
    name: `${name}.weight`, shape: weight, axes: weightAxes, role: 'gate',
    initial: { kind: 'glorot', fanIn, fanOut },
  },
  { name: `${name}.bias`, shape: bias, axes: biasAxes, role: 'gate', initial: { kind: 'constant', value: 0 } },
]

/**
 * A gate per task over the experts, all in one product: x [batch, from] to [batch, tasks, experts], each row of the
 * last axis a distribution. Segments `name.weight` [from, tasks, experts] and `name.bias` [1, tasks, experts]; the axis
 * that counts experts is labelled `out`, because a gate belongs to the trunk and not to the experts it weighs.
 */
export const gates = (name: string, from: number, tasks: number, experts: number): Layer => ({
  width: experts,
  segments: segmentsOf(
    name,
    [[from, tasks, experts], ['in', 'task', 'out']],
    [[1, tasks, experts], ['row', 'task', 'out']],
    [from, experts],
  ),
  apply(x, { parameters }) {
    const weight = tf.reshape(parameters[`${name}.weight`], [from, tasks * experts])
    const bias = tf.reshape(parameters[`${name}.bias`], [1, tasks * experts])
    const logits = addRow(tf.matMul(x, weight), bias)
    return tf.reshape(softmax(tf.reshape(logits, [-1, experts])), [-1, tasks, experts])
  },
})

/**
 * A gate per task, each with a selector of its own: x [tasks, batch, from] to [batch, tasks, experts]. Segments
 * `name.weight` [tasks, from, experts] and `name.bias` [tasks, 1, experts].
 */
export const ownGates = (name: string, from: number, tasks: number, experts: number): Layer => ({
  width: experts,
  segments: segmentsOf(
    name,
    [[tasks, from, experts], ['task', 'in', 'out']],
    [[tasks, 1, experts], ['task', 'row', 'out']],
    [from, experts],
  ),
  apply(x, { parameters }) {
    const logits = addRow(tf.matMul(x, parameters[`${name}.weight`]), parameters[`${name}.bias`])
    const shares = tf.reshape(softmax(tf.reshape(logits, [-1, experts])), [tasks, -1, experts])
    return tf.transpose(shares, [1, 0, 2])
  },
})

/**
 * Each mixture of the experts' outputs: shares [batch, mixtures, experts] and outputs [batch, experts, width] to
 * [mixtures, batch, width].
 */
export const mix = (shares: Tensor, outputs: Tensor): Tensor => tf.transpose(tf.matMul(shares, outputs), [1, 0, 2])
