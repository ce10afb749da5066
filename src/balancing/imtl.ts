import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { diagonal, gramBalancer, tiny } from './gram.js'
import { solveRow } from './solve.js'

/**
 * Weights alpha [tasks] that sum to 1 and give the joint gradient the same projection onto every task's own:
 * alpha_2.. = g_1 U^T (D U^T)^-1 with D_i = g_1 - g_i and U_i = u_1 - u_i of the unit gradients. For two
 * tasks that is |g_2| and |g_1| over their sum. With three or more a weight may be negative, as in the paper.
 */
export const impartial = (a: Tensor): Tensor => {
  const tasks = a.shape[0]
  const lengths = tf.reshape(tf.sqrt(tf.maximum(diagonal(a), tiny)), [tasks])
  if (tasks === 2) return tf.div(tf.stack(tf.unstack(lengths).toReversed()), tf.sum(lengths))
  // along[i][j] = <g_i, u_j>
  const along = tf.unstack(tf.div(a, tf.reshape(lengths, [1, tasks]))).map((row) => tf.unstack(row))
  const others = along.slice(1)
  const first = along[0]
  const right = first.slice(1).map((value) => tf.sub(first[0], value))
  const matrix = others.map((row) => row.slice(1).map((value, j) => tf.add(tf.sub(right[j], row[0]), value)))
  const solved = solveRow(matrix, right)
  return tf.stack([solved.reduce((left, value) => tf.sub(left, value), tf.scalar(1)), ...solved])
}

/**
 * Impartial multi-task learning. `loss`: losses e^s_t L_t - s_t whose learnt scale makes all of them 1; `gradient`: equal
 * projections of the joint gradient; `hybrid`: both, the gradients being those of the scaled losses. s_t takes steps of
 * plain gradient descent, s_t -= rate (e^s_t L_t - 1).
 */
export const imtl = balancerEntry({
  kind: 'imtl',
  sentence: 'losses scaled to one size, and a joint gradient with equal projections onto every task’s own',
  source: 'Liu, Li, Kuang, Xue, Chen, Yang, Liao and Zhang, ICLR 2021; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('imtl'),
    variant: z.enum(['hybrid', 'gradient', 'loss']).prefault('hybrid').describe('Which of the two halves to use'),
    rate: z.number().positive().prefault(0.01).describe('Learning rate of the losses’ log scales'),
  }),
  build({ variant, rate }, { tasks: { length: tasks } }) {
    if (variant === 'gradient') {
      return gramBalancer({ kind: 'imtl', inputs: [], memory: [] }, (a) => ({ weights: impartial(a) }))
    }
    const parts = { kind: 'imtl', inputs: [], memory: [{ name: 's', shape: [tasks], initial: 0 }] } as const
    const moved = (s: Tensor, scale: Tensor, losses: Tensor, present: Tensor): Tensor =>
      tf.sub(s, tf.mul(tf.mul(tf.sub(tf.mul(scale, losses), 1), present), rate))
    if (variant === 'loss') {
      return {
        ...parts,
        balance(step) {
          const s = step.memory('s')
          const scale = tf.exp(s)
          const memory = { s: moved(s, scale, step.losses, step.present) }
          return { weights: tf.unstack(tf.mul(scale, 1 / tasks)), memory }
        },
      }
    }
    return gramBalancer(parts, (a, step) => {
      const s = step.memory('s')
      const scale = tf.exp(s)
      const both = tf.mul(tf.reshape(scale, [tasks, 1]), tf.reshape(scale, [1, tasks]))
      const memory = { s: moved(s, scale, step.losses, step.present) }
      return { weights: tf.mul(impartial(tf.mul(a, both)), scale), own: scale, memory }
    })
  },
})

export const impartialLearning = (options: { variant?: 'hybrid' | 'gradient' | 'loss'; rate?: number } = {}) =>
  ({ kind: 'imtl', ...options }) as const
