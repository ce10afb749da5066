import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { SpecificationError } from '../errors.js'
import type { Segment } from '../models/layout.js'
import { balancerEntry } from './balancer.js'
import { checkShared } from './by-task.js'

/** Whether a segment is the weight of a layer: matrices, or stacks of them. */
const isWeight = ({ role, shape }: Segment): boolean =>
  !['gate', 'embedding', 'user', 'batch-norm'].includes(role) && shape.filter((extent) => extent > 1).length > 1

/** The last shared layer W: the last shared weight in the order of the layout, or the one that is named. */
const layerOf = (shared: readonly Segment[], name: string | undefined): Segment => {
  const found = name === undefined
    ? (shared.findLast(isWeight) ?? shared.at(-1))
    : shared.find((segment) => segment.name === name)
  if (found !== undefined) return found
  checkShared('grad-norm', shared)
  const known = shared.map((segment) => segment.name).join(', ')
  throw new SpecificationError(`local.balance.layer is '${name}': the segments that all tasks share are ${known}.`)
}

/** No weight falls below this before they are scaled: the paper's updates know no bound, and a negative one diverges. */
const least = 1e-3

/**
 * GradNorm: loss weights w_t that are learnt so that tasks train at similar rates. With G_t = |grad_W (w_t L_t)| at the
 * last shared layer W and r_t = (L_t / L_t(0)) / mean, the weights descend sum_t |G_t - mean(G) r_t^alpha|
 * with the target taken as a constant, and are then scaled to sum to the number of tasks. The model's step has the
 * weights from before (algorithm 1), divided by the number of tasks. L_t(0) is the loss of the first step that the
 * client had a labelled row for; a task without one in this batch leaves its weight to the scaling.
 *
 * Costs one backward pass of the whole model and one per task down to W.
 */
export const gradNorm = balancerEntry({
  kind: 'grad-norm',
  sentence: 'learnt loss weights that make gradient norms at the last shared layer follow relative training rates',
  source: 'Chen, Badrinarayanan, Lee and Rabinovich, ICML 2018, algorithm 1',
  schema: z.strictObject({
    kind: z.literal('grad-norm'),
    alpha: z.number().nonnegative().prefault(1.5).describe('How strongly slow tasks are pulled up; 0 for equal norms'),
    rate: z.number().positive().prefault(0.025).describe('Learning rate of the weights'),
    layer: z.string().optional().describe('Name of the segment W; the last shared weight when absent'),
  }),
  build({ alpha, rate, layer: name }, { tasks: { length: tasks }, shared }) {
    const layer = layerOf(shared, name)
    return {
      kind: 'grad-norm',
      inputs: [],
      memory: [{ name: 'weights', shape: [tasks], initial: 1 }, { name: 'first', shape: [tasks], initial: 0 }],
      balance(step) {
        const { losses, present } = step
        const weights = step.memory('weights')
        const before = step.memory('first')
        const first = tf.where(tf.greater(before, 0), before, losses)
        const squares = tf.stack(step.gradients([layer]).map((own) => tf.sum(tf.square(own[layer.name]))))
        const norms = tf.sqrt(squares)
        const known = tf.greater(tf.mul(first, present), 0)
        const progress = tf.where(known, tf.div(losses, tf.maximum(first, 1e-12)), tf.onesLike(first))
        const relative = tf.div(progress, tf.maximum(tf.mean(progress), 1e-12))
        const scaled = tf.mul(weights, norms)
        const target = tf.mul(tf.mean(scaled), tf.pow(relative, alpha))
        const slope = tf.mul(tf.mul(tf.sign(tf.sub(scaled, target)), norms), present)
        const moved = tf.maximum(tf.sub(weights, tf.mul(slope, rate)), least)
        // A quotient, since factors of a product would be gathered with those of the next step, if one graph holds both.
        const renewed = tf.div(tf.mul(moved, tasks), tf.sum(moved))
        const memory = { weights: renewed, first }
        return { weights: tf.unstack(tf.mul(weights, 1 / tasks)), memory, squares }
      },
    }
  },
})

export const gradientNormalisation = (options: { alpha?: number; rate?: number; layer?: string } = {}) =>
  ({ kind: 'grad-norm', ...options }) as const
