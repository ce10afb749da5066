import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { across, diagonal, gramBalancer, tiny } from './gram.js'

/**
 * The weights [tasks] of sum_i g_i' / tasks: each g_i, for every other j in its random order, loses what it has against
 * the *original* g_j: if <g_i', g_j> < 0, g_i' -= <g_i', g_j> / |g_j|^2 g_j.
 *
 * Row i of C [tasks, tasks] holds g_i' in terms of the original gradients, so all tasks are projected at once, and
 * A [tasks, tasks] is all that is needed of the gradients. `orders` [tasks - 1, tasks, tasks] picks each one's j.
 */
export const projected = (a: Tensor, orders: Tensor): Tensor => {
  const tasks = a.shape[0]
  const squares = tf.maximum(diagonal(a), tiny)
  let c: Tensor = tf.eye(tasks)
  for (const pick of tf.unstack(orders)) {
    const against = tf.relu(tf.neg(across(tf.mul(tf.matMul(c, a), pick))))
    c = tf.add(c, tf.mul(pick, tf.div(against, tf.matMul(pick, squares))))
  }
  return tf.reshape(tf.mul(tf.matMul(tf.ones([1, tasks]), c), 1 / tasks), [tasks])
}

/** Random orders of the others for each task; with two tasks there is nothing to draw. */
export const ordersOf = (tasks: number) =>
  tasks === 2 ? [] : ([{ kind: 'orders', name: 'orders', tasks }] as const)

/** The orders of this step, [tasks - 1, tasks, tasks]. */
export const readOrders = (tasks: number, input: (name: string) => Tensor): Tensor =>
  tasks === 2 ? tf.tensor3d([[[0, 1], [1, 0]]]) : input('orders')

/** PCGrad: gradients that conflict are projected onto each other's normal plane. The mean, where the paper has a sum. */
export const pcgrad = balancerEntry({
  kind: 'pcgrad',
  sentence: 'each task’s gradient loses what it has against the others’, one after the other in random order',
  source: 'Yu, Kumar, Gupta, Levine, Hausman and Finn, NeurIPS 2020; rule as in LibMTL',
  schema: z.strictObject({ kind: z.literal('pcgrad') }),
  build: (_, { tasks: { length: tasks } }) =>
    gramBalancer({ kind: 'pcgrad', inputs: ordersOf(tasks), memory: [] }, (a, step) => ({
      weights: projected(a, readOrders(tasks, step.input)),
    })),
})

export const pcGrad = () => ({ kind: 'pcgrad' }) as const
