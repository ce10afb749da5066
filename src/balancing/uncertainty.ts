import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'

/**
 * Uncertainty weighting: the mean over tasks of c e^-s_t L_t + s_t / 2, where s_t is the log variance of task t and is
 * learnt. `form: 'half'` has c = 1/2, the Gaussian likelihood with s = log sigma^2, rule as in LibMTL; `whole`
 * has c = 1, the form in use for cross-entropy. s_t takes steps of plain gradient descent at a rate of its own,
 * s_t -= rate (1/2 - c e^-s_t L_t); a task without labelled rows keeps its s_t.
 */
export const uncertainty = balancerEntry({
  kind: 'uncertainty',
  sentence: 'each task’s loss divided by a learnt variance, which the loss pays for',
  source: 'Kendall, Gal and Cipolla, CVPR 2018; the form `half` rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('uncertainty'),
    form: z.enum(['half', 'whole']).prefault('half').describe('c of c e^-s L + s / 2: one half or one'),
    initial: z.number().prefault(-0.5).describe('First log variance of each task'),
    rate: z.number().positive().prefault(0.01).describe('Learning rate of the log variances'),
  }),
  build: ({ form, initial, rate }, { tasks: { length: tasks } }) => ({
    kind: 'uncertainty',
    inputs: [],
    memory: [{ name: 's', shape: [tasks], initial }],
    balance(step) {
      const s = step.memory('s')
      const precision = tf.mul(tf.exp(tf.neg(s)), form === 'half' ? 0.5 : 1)
      const slope = tf.sub(0.5, tf.mul(precision, step.losses))
      const moved = tf.sub(s, tf.mul(tf.mul(slope, step.present), rate))
      return { weights: tf.unstack(tf.mul(precision, 1 / tasks)), memory: { s: moved } }
    },
  }),
})

export const uncertaintyWeighting = (options: { form?: 'half' | 'whole'; initial?: number; rate?: number } = {}) =>
  ({ kind: 'uncertainty', ...options }) as const
