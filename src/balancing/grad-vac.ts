import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { across, diagonal, gramBalancer, tiny } from './gram.js'
import { ordersOf, readOrders } from './pcgrad.js'

/** The sine of an angle from its cosine; not below 1e-4, since it divides. */
const sine = (cosine: Tensor): Tensor => tf.maximum(tf.sqrt(tf.relu(tf.sub(1, tf.square(cosine)))), 1e-4)

interface Vaccinated {
  /** [tasks]: of the original gradients in the mean of the new ones. */
  readonly weights: Tensor
  /** [tasks, tasks] */
  readonly rho: Tensor
}

/**
 * As `projected` of PCGrad, with goals: where cos(g_i', g_j) < rho_ij, g_i' gets the multiple of the original g_j that
 * makes their cosine rho_ij, and then rho_ij = (1 - beta) rho_ij + beta cos. All tasks at once: row i of C
 * holds g_i' in terms of the original gradients.
 */
export const vaccinated = (a: Tensor, orders: Tensor, before: Tensor, beta: number): Vaccinated => {
  const tasks = a.shape[0]
  const squares = diagonal(a)
  let [c, rho]: Tensor[] = [tf.eye(tasks), before]
  for (const pick of tf.unstack(orders)) {
    const products = tf.matMul(c, a)
    const own = tf.relu(across(tf.mul(products, c)))
    const other = tf.matMul(pick, squares)
    const both = tf.sqrt(tf.mul(own, other))
    const some = tf.cast(tf.greater(both, tiny), 'float32')
    const cosine = tf.clipByValue(tf.div(across(tf.mul(products, pick)), tf.maximum(both, tiny)), -1, 1)
    const goal = across(tf.mul(rho, pick))
    const short = tf.mul(some, tf.cast(tf.less(cosine, goal), 'float32'))
    const angle = tf.sub(tf.mul(goal, sine(cosine)), tf.mul(cosine, sine(goal)))
    const length = tf.sqrt(tf.div(own, tf.maximum(other, tiny)))
    c = tf.add(c, tf.mul(pick, tf.mul(short, tf.div(tf.mul(length, angle), sine(goal)))))
    rho = tf.add(rho, tf.mul(pick, tf.mul(some, tf.mul(tf.sub(cosine, goal), beta))))
  }
  return { weights: tf.reshape(tf.mul(tf.matMul(tf.ones([1, tasks]), c), 1 / tasks), [tasks]), rho }
}

/** Gradient vaccine: gradients are aligned up to a running cosine of their own, not only freed of conflict. The mean. */
export const gradVac = balancerEntry({
  kind: 'grad-vac',
  sentence: 'each task’s gradient is turned towards the others’ where their cosine falls below its running mean',
  source: 'Wang, Tsvetkov, Firat and Cao, ICLR 2021; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('grad-vac'),
    beta: z.number().min(0).max(1).prefault(0.5).describe('Share of the newest cosine in the running mean'),
  }),
  build: ({ beta }, { tasks: { length: tasks } }) => {
    const memory = [{ name: 'rho', shape: [tasks, tasks], initial: 0 }]
    return gramBalancer({ kind: 'grad-vac', inputs: ordersOf(tasks), memory }, (a, step) => {
      const { weights, rho } = vaccinated(a, readOrders(tasks, step.input), step.memory('rho'), beta)
      return { weights, memory: { rho } }
    })
  },
})

export const gradientVaccine = (options: { beta?: number } = {}) => ({ kind: 'grad-vac', ...options }) as const
