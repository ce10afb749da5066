import * as tf from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'

/**
 * Dynamic weight average: w_t = softmax_t(L_t(e - 1) / L_t(e - 2) / temperature), which is the paper's divided by the
 * number of tasks; equal in the first two epochs. L_t(e) is the client's own mean loss over the steps of its e-th local
 * epoch that had a labelled row. It is summed up inside the graph, so chunks and cohorts of any size give the same.
 */
export const dwa = balancerEntry({
  kind: 'dwa',
  sentence: 'more weight for tasks whose loss fell less between the client’s last two local epochs',
  source: 'Liu, Johns and Davison, CVPR 2019; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('dwa'),
    temperature: z.number().positive().prefault(2).describe('Higher is closer to equal weights'),
  }),
  build: ({ temperature }, { tasks: { length: tasks } }) => ({
    kind: 'dwa',
    inputs: [{ kind: 'epoch-begins', name: 'begins' }],
    memory: ['sum', 'count', 'last', 'before'].map((name) => ({ name, shape: [tasks], initial: 0 })),
    balance(step) {
      const begins = step.input('begins')
      const [sum, count, last, before] = ['sum', 'count', 'last', 'before'].map((name) => step.memory(name))
      const goesOn = tf.sub(1, begins)
      const turned = tf.mul(begins, tf.sign(count))
      const mean = tf.div(sum, tf.maximum(count, 1))
      const latest = tf.add(last, tf.mul(turned, tf.sub(mean, last)))
      const earlier = tf.add(before, tf.mul(turned, tf.sub(last, before)))
      const known = tf.greater(tf.mul(latest, earlier), 0)
      const ratio = tf.where(known, tf.div(latest, tf.maximum(earlier, 1e-12)), tf.onesLike(latest))
      return {
        weights: tf.unstack(tf.softmax(tf.mul(ratio, 1 / temperature))),
        memory: {
          sum: tf.add(tf.mul(sum, goesOn), tf.mul(step.losses, step.present)),
          count: tf.add(tf.mul(count, goesOn), step.present),
          last: latest,
          before: earlier,
        },
      }
    },
  }),
})

export const dynamicWeightAverage = (options: { temperature?: number } = {}) => ({ kind: 'dwa', ...options }) as const
