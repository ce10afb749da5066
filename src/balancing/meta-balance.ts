import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry, type Gradients } from './balancer.js'
import { checkShared, taskNumber } from './by-task.js'
import { tiny } from './gram.js'

/**
 * MetaBalance: in every segment, each auxiliary gradient is moved towards the length of the main task's,
 * g_t <- (relax m_main / m_t + 1 - relax) g_t, where m_t is the running mean of its own norm there. The
 * joint gradient is the mean. Norms are each task's own; a task that has no gradient yet is left as it is.
 */
export const metaBalance = balancerEntry({
  kind: 'meta-balance',
  sentence: 'auxiliary gradients are brought near the length of the main task’s, segment by segment',
  source: 'He, Feng, Cheng, Ji, Guo and Caverlee, WWW 2022; rule as in its code, norms of each task by itself',
  schema: z.strictObject({
    kind: z.literal('meta-balance'),
    main: z.string().optional().describe('Name of the main task; the first one when absent'),
    relax: z.number().min(0).max(1).prefault(0.7).describe('How far lengths are moved; 0 leaves gradients as they are'),
    beta: z.number().min(0).lt(1).prefault(0.9).describe('Share of the earlier norms in the running mean'),
  }),
  build({ main, relax, beta }, { tasks, shared }) {
    checkShared('meta-balance', shared)
    const chief = taskNumber('local.balance.main', main, tasks)
    const places = new Map(shared.map(({ name }, place) => [name, place]))
    const count = tasks.length
    return {
      kind: 'meta-balance',
      inputs: [],
      memory: [{ name: 'norms', shape: [shared.length, count], initial: 0 }],
      balance(step) {
        const own = step.gradients()
        const rows: Tensor[] = tf.split(step.memory('norms'), shared.length, 0)
        const gradients: Record<string, Tensor> = {}
        const squares: Tensor[] = []
        for (const { name } of step.shared) {
          const place = places.get(name)!
          const square = tf.stack(own.map((gradient) => tf.sum(tf.square(gradient[name]))))
          squares.push(square)
          const norms = tf.sqrt(square)
          const kept = tf.add(tf.mul(rows[place], beta), tf.mul(tf.reshape(norms, [1, count]), 1 - beta))
          rows[place] = kept
          const lengths = tf.unstack(tf.reshape(kept, [count]))
          gradients[name] = tf.mul(balanced(name, own, lengths, chief, relax), 1 / count)
        }
        return { gradients, memory: { norms: tf.concat(rows, 0) }, ...(squares.length > 0 && { squares: tf.addN(squares) }) }
      },
    }
  },
})

/** The sum of a segment's gradients, auxiliary ones moved towards the main task's length. */
const balanced = (
  name: string,
  own: readonly Gradients[],
  lengths: readonly Tensor[],
  chief: number,
  relax: number,
): Tensor =>
  own
    .map((gradient, t) => {
      if (t === chief) return gradient[name]
      const there = tf.greater(lengths[t], tiny)
      const ratio = tf.where(there, tf.div(lengths[chief], tf.maximum(lengths[t], tiny)), tf.scalar(1))
      return tf.mul(gradient[name], tf.add(tf.mul(ratio, relax), 1 - relax))
    })
    .reduce((sum, part) => tf.add(sum, part))

export const metaBalancing = (options: { main?: string; relax?: number; beta?: number } = {}) =>
  ({ kind: 'meta-balance', ...options }) as const
