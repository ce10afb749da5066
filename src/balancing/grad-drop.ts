import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import { balancerEntry, type Gradients } from './balancer.js'
import { checkShared, inOrder } from './by-task.js'

/** Keeps 0 / 0 from happening where no task has a gradient; what is smaller in sum is dropped by a coin. */
const least = 1e-37

const sumOf = (terms: readonly Tensor[]): Tensor => terms.reduce((sum, term) => tf.add(sum, term))

/** Each times its number; 1 costs nothing. */
const scaled = (terms: readonly Tensor[], by: readonly number[]): Tensor[] =>
  terms.map((term, t) => (by[t] === 1 ? term : tf.mul(term, by[t])))

/**
 * The joint gradient of one segment, element by element, for draws U in [0, 1) of its shape:
 *
 *     P = (1 + sum_t g_t / sum_t |g_t|) / 2
 *     M_t = [P > U] [g_t > 0] + [P <= U] [g_t < 0]
 *     g = sum_t (l_t + (1 - l_t) M_t) g_t / tasks
 *
 * One sign is kept, so the masks need not be made: those above 0 add up to (sum |g_t| + sum g_t) / 2, those below to
 * (sum g_t - sum |g_t|) / 2. `leaks` are l_t.
 */
export const dropped = (gradients: readonly Tensor[], draws: Tensor, leaks: readonly number[]): Tensor => {
  const lengths = gradients.map((gradient) => tf.abs(gradient))
  const purity = tf.div(sumOf(gradients), tf.maximum(sumOf(lengths), least))
  const up = tf.less(draws, tf.mul(tf.add(purity, 1), 0.5))
  const kept = leaks.map((leak) => 1 - leak)
  const [sum, gross] = [sumOf(scaled(gradients, kept)), sumOf(scaled(lengths, kept))]
  const signed = tf.mul(tf.where(up, tf.add(sum, gross), tf.sub(sum, gross)), 1 / (2 * gradients.length))
  const leaking = gradients.flatMap((gradient, t) => (leaks[t] > 0 ? [tf.mul(gradient, leaks[t] / gradients.length)] : []))
  return sumOf([signed, ...leaking])
}

const leak = z.number().min(0).max(1)

/**
 * GradDrop: where tasks disagree on the sign of an element of the gradient, one sign is drawn, with what tasks pull that
 * way for its odds, and the others' pull is dropped. The mean, where the paper has a sum.
 *
 * The paper puts it into the network as a layer, on gradients of activations times the activations' signs, summed over
 * the batch where each task has its own. Here it works on the shared parameters, whose gradients are sums over the batch
 * already, as in the baselines of CAGrad's code.
 */
export const gradDrop = balancerEntry({
  kind: 'grad-drop',
  sentence: 'where tasks disagree on a sign, element by element, one is drawn by its share and the others are dropped',
  source:
    'Chen, Ngiam, Huang, Luong, Kretzschmar, Chai and Anguelov, NeurIPS 2020, algorithm 1 with f(p) = p; on parameters as ' +
    'in CAGrad’s code',
  schema: z.strictObject({
    kind: z.literal('grad-drop'),
    leak: leak.prefault(0).describe('Share of every task’s gradient that is never dropped; 1 for the mean'),
    leaks: z.record(z.string(), leak).prefault({}).describe('Of tasks that have one of their own, by name'),
  }),
  build: ({ leak: usual, leaks: own }, { tasks, shared }) => {
    checkShared('grad-drop', shared)
    const leaks = inOrder('local.balance.leaks', own, tasks, usual)
    return {
      kind: 'grad-drop',
      inputs: shared.map(({ name, shape }) => ({ kind: 'uniform', name, shape })),
      memory: [],
      balance(step) {
        const each = step.gradients()
        const gradients: Gradients = Object.fromEntries(step.shared.map(({ name }) => [
          name, dropped(each.map((of) => of[name]), step.input(name), leaks),
        ]))
        return { gradients }
      },
    }
  },
})

export const gradientSignDropout = (options: { leak?: number; leaks?: Record<string, number> } = {}) =>
  ({ kind: 'grad-drop', ...options }) as const
