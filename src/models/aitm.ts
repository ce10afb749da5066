import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { SpecificationError } from '../errors.js'
import type { Task } from '../tasks/task.js'
import { defineModel } from './define.js'
import { modelEntry } from './entry.js'
import { inputs } from './input.js'
import { linear, type Layer, type ModelRun } from './layers.js'
import { mix } from './mixture.js'
import { relu, softmax } from '../tensors/ops.js'
import { looseInputOptions, regularisationOptions, towerOption, widths } from './options.js'
import { asStack, stack } from './stack.js'
import { perTask, towers } from './towers.js'

/**
 * The adaptive information transfer: what the step before sends, p [batch, width], and the step's own q [batch, width],
 * to their mixture [batch, width], by how much each speaks for itself:
 *
 *     z = w_p h1(p) + w_q h1(q),  w = softmax over u in {p, q} of <h2(u), h3(u)> / sqrt(width)
 */
const transfer = (width: number): { layers: readonly Layer[]; apply(p: Tensor, q: Tensor, run: ModelRun): Tensor } => {
  const [value, key, query] = ['value', 'key', 'query'].map((name) =>
    linear(`transfer.${name}`, width, width, { role: 'bottom' }))
  return {
    layers: [value, key, query],
    apply(p, q, run) {
      const both = tf.reshape(tf.stack([p, q], 1), [-1, width])
      const [v, k, s] = [value, key, query].map((layer) => layer.apply(both, run))
      const speaks = tf.mul(tf.matMul(tf.mul(k, s), tf.ones([width, 1])), 1 / Math.sqrt(width))
      const shares = tf.reshape(softmax(tf.reshape(speaks, [-1, 2])), [-1, 1, 2])
      return tf.reshape(mix(shares, tf.reshape(v, [-1, 2, width])), [-1, width])
    },
  }
}

/** Mean over real rows of how far a step is thought more probable than the step before it, []. */
const calibration = (before: Tensor, after: Tensor, { batch }: ModelRun): Tensor => {
  const above = relu(tf.sub(tf.sigmoid(after), tf.sigmoid(before)))
  return tf.reshape(tf.matMul(tf.reshape(batch.weight, [1, -1]), above), [])
}

const checkTasks = (tasks: readonly Task[]): void => {
  if (tasks.every(({ kind }) => kind === 'binary')) return
  const seen = tasks.map(({ name, kind }) => `${name} (${kind})`).join(', ')
  throw new SpecificationError(`The model 'aitm' needs binary tasks, each a step after the one before, not ${seen}.`)
}

const strength = { error: 'a number of at least 0' }

/**
 * Adaptive information transfer multi-task model, for tasks that follow each other (click, then purchase, ...), in the
 * world's order. Xi et al., *Modeling the Sequential Dependence among Audience Multi-step Conversions with Multi-task
 * Learning in Targeted Display Advertising*, KDD 2021; built after the authors' and MTReclib's code (`AITM.py`,
 * `models/aitm.py`): the paper itself was not at hand, hence no equation numbers.
 *
 *     x                                                     [batch, in]
 *     q_k = bottom_k(x)                                     [tasks, batch, width]
 *     p_k = G_k z_k + b_k                                   [batch, width], what step k tells the next
 *     z_1 = q_1, z_k = transfer(p_k-1, q_k)                 [batch, width]
 *     y_k = tower_k(z_k)                                    [tasks, batch, 1]
 *     loss of step k += c mean max(p(y_k) - p(y_k-1), 0)    [], over the batch
 *
 * The last line is the behavioural expectation calibrator, of strength `calibration`: 0.6 in the authors' code, absent
 * in MTReclib's. As in MTReclib, p_k is linear and the transfer's layers, common to all steps, have biases; the authors'
 * code has ReLU and dropout after p_k, and no biases.
 */
export const aitm = modelEntry({
  kind: 'aitm',
  sentence: 'Networks for tasks that follow each other, each told by attention what the step before found.',
  source: 'Xi et al., KDD 2021, after the authors’ AITM.py and MTReclib models/aitm.py',
  options: {
    ...looseInputOptions,
    bottom: widths('Widths of each task’s layers below its tower, each followed by ReLU', 1),
    tower: towerOption,
    calibration: z.number(strength).min(0, strength).optional()
      .describe('Strength of the loss where a step is thought more probable than the one before; default 0.6'),
    ...regularisationOptions,
  },
  build: (options) =>
    defineModel('aitm', ({ features, tasks }) => {
      checkTasks(tasks)
      const { dropout, batchNorm, calibration: weight = 0.6 } = options
      const input = inputs(features, options)
      const size = { count: tasks.length, from: input.width, hidden: options.bottom, dropout, batchNorm }
      const bottom = stack('bottom', { role: 'bottom', axis: 'task', ...size }, true)
      const { width } = bottom
      const chain = tasks.slice(1)
      const tell = chain.map(({ name }) => linear(`tell.${name}`, width, width, { role: 'bottom', task: name }))
      const attention = transfer(width)
      const own = { from: width, hidden: options.tower, shared: false, dropout, batchNorm }
      const tower = towers('tower', tasks, own)
      return {
        layers: [input, bottom, ...tell, ...(chain.length > 0 ? attention.layers : []), tower],
        forward(run) {
          const q = perTask(asStack(bottom.apply(input.apply(undefined, run), run)))
          const found = [q[0]]
          for (const [k, layer] of tell.entries()) {
            found.push(attention.apply(layer.apply(found[k], run), q[k + 1], run))
          }
          const heads = tower.apply({ each: tf.stack(found) }, run)
          if (run.mode.training && weight > 0) {
            for (const [k, { name }] of chain.entries()) {
              run.penalties[name] = tf.mul(calibration(heads[tasks[k].name], heads[name], run), weight)
            }
          }
          return heads
        },
      }
    }),
})
