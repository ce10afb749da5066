import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry } from './balancer.js'
import { best, checkFaces, solveOnFaces } from './faces.js'
import { across, directionsOf, gramBalancer, tiny, type Directions } from './gram.js'

/** What a gradient adds to the mean, in lengths of the longest gradient. */
interface Problem extends Directions {
  /** [tasks, 1]: lengths; 0 where there is no gradient. */
  readonly r: Tensor
  /** []: how far the joint gradient may be from the mean. */
  readonly k: Tensor
}

/**
 * The best of all faces: [tasks, 1], what each unit gradient has in U - g_0, and the least rate of descent that the
 * tasks have then. On a face C zeta = mu b - C r / tasks, with b_t = 1 / |g_t| up to a factor: all its
 * tasks have one rate; of the two mu that put U on the sphere the larger one is wanted. Where gradients cancel, no U has a
 * rate above 0: then mu is 0, and U inside the sphere.
 */
const onFaces = ({ cosines, there, r, k }: Problem, rates: (zeta: Tensor) => Tensor): [Tensor, Tensor] => {
  const tasks = cosines.shape[0]
  const shortest = tf.min(tf.where(tf.greater(there, 0), r, tf.onesLike(r)))
  const b = tf.div(tf.mul(there, shortest), tf.maximum(r, tiny))
  const mean = tf.mul(tf.matMul(cosines, r), 1 / tasks)
  const solved = solveOnFaces(cosines, tf.concat([b, mean], 1))
  const [p, q] = tf.unstack(solved, 2)
  const [bp, bq, mq] = [tf.matMul(p, b), tf.matMul(q, b), tf.matMul(q, mean)]
  const room = tf.add(tf.square(bq), tf.mul(bp, tf.sub(tf.square(k), mq)))
  const mu = tf.div(tf.add(bq, tf.sqrt(tf.relu(room))), tf.maximum(bp, tiny))
  const zeta = tf.relu(tf.concat([tf.sub(tf.mul(mu, p), q), tf.neg(q)], 0))
  const length = tf.sqrt(tf.relu(across(tf.mul(tf.matMul(zeta, cosines), zeta))))
  const within = tf.mul(zeta, tf.minimum(1, tf.div(k, tf.maximum(length, tiny))))
  const least = tf.min(rates(within), 1, true)
  return [best(within, tf.neg(least)), tf.max(least)]
}

/**
 * The weights [tasks] of the conflict-averse direction U: at most k = c |g_0| away from the mean gradient g_0, the one
 * whose least rate of descent <g_t, U> is largest, divided by 1 + c^2 as in the authors' code. It is
 * g_0 + k G w / |G w|, where w on the simplex minimises <G w, g_0> + k |G w| (the dual). The mean itself, where no U is
 * better; the 1e-8 that the authors' code adds to squares and radii are left out, so that scale changes nothing.
 */
export const averse = (a: Tensor, c: number): Tensor => {
  const tasks = a.shape[0]
  const directions = directionsOf(a)
  const { cosines, lengths, there } = directions
  const longest = tf.max(lengths)
  const r = tf.div(tf.mul(lengths, there), longest)
  const k = tf.div(tf.mul(tf.sqrt(tf.relu(tf.mean(a))), c), longest)
  const rates = (zeta: Tensor): Tensor => {
    const joint = tf.add(zeta, tf.mul(tf.reshape(r, [1, tasks]), 1 / tasks))
    return tf.mul(tf.matMul(joint, cosines), tf.reshape(r, [1, tasks]))
  }
  const [found, reached] = onFaces({ ...directions, r, k }, rates)
  const better = tf.greater(reached, tf.min(rates(tf.zeros([1, tasks]))))
  const beyond = tf.where(better, tf.div(found, tf.maximum(r, tiny)), tf.zerosLike(found))
  return tf.reshape(tf.mul(tf.add(beyond, 1 / tasks), 1 / (1 + c * c)), [tasks])
}

/** CAGrad: near the mean gradient, the direction that is best for the task it serves worst. */
export const cagrad = balancerEntry({
  kind: 'cagrad',
  sentence: 'near the mean gradient, the direction that is best for the task that it serves worst',
  source: 'Liu, Liu, Jin, Stone and Liu, NeurIPS 2021; rescaled as in its code',
  schema: z.strictObject({
    kind: z.literal('cagrad'),
    c: z.number().min(0).lt(1).prefault(0.5).describe('Radius around the mean gradient, as a share of its length'),
  }),
  build({ c }, { tasks }) {
    checkFaces('cagrad', tasks.length)
    return gramBalancer({ kind: 'cagrad', inputs: [], memory: [] }, (a) => ({ weights: averse(a, c) }))
  },
})

export const conflictAverse = (options: { c?: number } = {}) => ({ kind: 'cagrad', ...options }) as const
