import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { directionsOf, gramBalancer, type Directions } from './gram.js'
import { solveRow } from './solve.js'

/**
 * Weights alpha [tasks] that sum to 1 and give the joint gradient the same projection onto every task's own, for
 * gradients of these directions and lengths [tasks, 1]. The paper's alpha_2.. = g_1 U^T (D U^T)^-1, with D_i = g_1 - g_i
 * and U_i = u_1 - u_i of the unit gradients, is the solution of alpha_t |g_t| ~ (C^-1 1)_t with the cosines C, which
 * has no squared length in it. For two tasks that is |g_2| and |g_1| over their sum. With three or more a weight may be
 * negative, as in the paper. A task that has no gradient gets all of the weight.
 */
export const impartial = ({ cosines }: Directions, lengths: Tensor): Tensor => {
  const tasks = cosines.shape[0]
  const ones = Array.from({ length: tasks }, () => tf.scalar(1))
  const rows = tf.unstack(cosines).map((row) => tf.unstack(row))
  const along = tasks === 2 ? ones : solveRow(rows, ones)
  const alpha = tf.mul(tf.stack(along), tf.reshape(tf.div(tf.min(lengths), lengths), [tasks]))
  return tf.div(alpha, tf.sum(alpha))
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
      return gramBalancer({ kind: 'imtl', inputs: [], memory: [] }, (a) => {
        const directions = directionsOf(a)
        return { weights: impartial(directions, directions.lengths) }
      })
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
      const directions = directionsOf(a)
      const scaled = tf.mul(directions.lengths, tf.reshape(scale, [tasks, 1]))
      const memory = { s: moved(s, scale, step.losses, step.present) }
      return { weights: tf.mul(impartial(directions, scaled), scale), own: scale, memory }
    })
  },
})

export const impartialLearning = (options: { variant?: 'hybrid' | 'gradient' | 'loss'; rate?: number } = {}) =>
  ({ kind: 'imtl', ...options }) as const
