import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry, type Step } from './balancer.js'
import { diagonal, gramBalancer, tiny } from './gram.js'
import { ontoSimplex, uniformWeights } from './simplex.js'

/** Two gradients: w_1 = <g_2 - g_1, g_2> / |g_2 - g_1|^2, cut to [0, 1]. Equal gradients share. */
const ofTwo = (a: Tensor): Tensor => {
  const [[aa, ab], [, bb]] = tf.unstack(a).map((row) => tf.unstack(row))
  const apart = tf.sub(tf.add(aa, bb), tf.mul(ab, 2))
  const first = tf.clipByValue(tf.div(tf.sub(bb, ab), tf.maximum(apart, tiny)), 0, 1)
  const share = tf.where(tf.greater(apart, tiny), first, tf.scalar(0.5))
  return tf.stack([share, tf.sub(1, share)])
}

/**
 * The weights [tasks], non-negative and summing to 1, of the shortest vector in the convex hull of the gradients: in
 * closed form for two, otherwise by a fixed number of accelerated projected gradient steps (Nesterov's momentum) on
 * w^T A w, whose step is 1 over the trace.
 */
export const shortest = (a: Tensor, iterations: number): Tensor => {
  const tasks = a.shape[0]
  if (tasks === 2) return ofTwo(a)
  const scaled = tf.div(a, tf.maximum(tf.sum(diagonal(a)), tiny))
  let w = uniformWeights(tasks)
  let ahead = w
  for (let k = 0; k < iterations; k++) {
    const next = ontoSimplex(tf.sub(ahead, tf.matMul(scaled, ahead)))
    ahead = tf.add(next, tf.mul(tf.sub(next, w), k / (k + 3)))
    w = next
  }
  return tf.reshape(w, [tasks])
}

type Normalise = 'none' | 'l2' | 'loss' | 'loss+'

/** What gradients are divided by while weights are sought, [tasks, 1]; the weights go to the gradients as they are. */
const scales = (normalise: Normalise, a: Tensor, step: Step): Tensor | undefined => {
  const norms = (): Tensor => tf.sqrt(diagonal(a))
  const losses = (): Tensor => tf.reshape(step.losses, [-1, 1])
  switch (normalise) {
    case 'none':
      return undefined
    case 'l2':
      return norms()
    case 'loss':
      return losses()
    case 'loss+':
      return tf.mul(norms(), losses())
    default:
      return normalise satisfies never
  }
}

/** A for gradients divided by `scale` [tasks, 1]; one that would be divided by nothing is left alone. */
const rescaled = (a: Tensor, scale: Tensor | undefined): Tensor => {
  if (scale === undefined) return a
  const inverse = tf.where(tf.greater(scale, tiny), tf.reciprocal(tf.maximum(scale, tiny)), tf.onesLike(scale))
  return tf.mul(tf.mul(a, inverse), tf.matMul(tf.ones([a.shape[0], 1]), inverse, false, true))
}

/** Multiple-gradient descent: the min-norm point of the convex hull of the tasks' gradients. */
export const mgda = balancerEntry({
  kind: 'mgda',
  sentence: 'the shortest convex combination of the tasks’ gradients, which hurts no task',
  source: 'Désidéri, C. R. Acad. Sci. 2012; Sener and Koltun, NeurIPS 2018; rule as in LibMTL',
  schema: z.strictObject({
    kind: z.literal('mgda'),
    normalise: z
      .enum(['none', 'l2', 'loss', 'loss+'])
      .prefault('none')
      .describe('What gradients are divided by while weights are sought: nothing, norms, losses, both'),
    iterations: z.int().min(1).prefault(40).describe('Steps of the solver, for three tasks or more'),
  }),
  build: ({ normalise, iterations }) =>
    gramBalancer({ kind: 'mgda', inputs: [], memory: [] }, (a, step) => ({
      weights: shortest(rescaled(a, scales(normalise, a, step)), iterations),
    })),
})

export const multipleGradientDescent = (options: { normalise?: Normalise; iterations?: number } = {}) =>
  ({ kind: 'mgda', ...options }) as const
