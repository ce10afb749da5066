import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { z } from 'zod'
import type { Segment } from '../models/layout.js'
import { balancerEntry, type Gradients } from './balancer.js'
import { taskNumber } from './by-task.js'
import { across } from './gram.js'

/** Stands for minus infinity among the logits: exp of it is 0, and a row of nothing else stays finite. */
const never = -1e30

export interface RowRule {
  readonly temperature: number
  readonly maskZeroNorm: boolean
  /** The place of the main task. */
  readonly main: number
}

/**
 * The joint gradient [rows, width] of one embedding table from its gradient per task, row by row (equations 4 to 6):
 *
 *     n_t = |g_t|                                     [rows, 1] per task
 *     n_0 <- n_0 * focus                     (eq. 4)  of the main task, in here alone: its gradient stays
 *     w   = softmax over tasks of n / tau    (eq. 5)  [rows, tasks]
 *     g   = sum_t w_t g_t                    (eq. 6)  [rows, width]
 *
 * A row that one task alone moves still gives that task less than all of the weight, as in the paper, unless
 * `maskZeroNorm` leaves out tasks that do not move it. `focus` [] is alpha^s.
 */
export const balanceRows = (
  gradients: readonly Tensor[],
  focus: Tensor,
  { temperature, maskZeroNorm, main }: RowRule,
): Tensor => {
  const norms = gradients.map((gradient, t) => {
    const norm = tf.sqrt(across(tf.square(gradient)))
    return t === main ? tf.mul(norm, focus) : norm
  })
  const joint = tf.concat(norms, 1)
  const scaled = tf.mul(joint, 1 / temperature)
  const weights = tf.softmax(maskZeroNorm ? tf.where(tf.greater(joint, 0), scaled, never) : scaled)
  return gradients
    .map((gradient, t) => tf.mul(gradient, tf.slice(weights, [0, t], [-1, 1])))
    .reduce((sum, part) => tf.add(sum, part))
}

const isTable = ({ role, shape }: Segment): boolean => (role === 'embedding' || role === 'user') && shape.length === 2

/** Everything that is no embedding table gets the mean of the tasks' gradients. */
const meanOf = (gradients: readonly Tensor[]): Tensor =>
  tf.mul(gradients.reduce((sum, gradient) => tf.add(sum, gradient)), 1 / gradients.length)

/**
 * PMTRec: *Personalized Multi-task Training for Recommender System*, arXiv 2407.21364, equations 4 to 6.
 * The epoch s counts a client's passes over its rows from 1, over its whole life. The paper calls focusing off at alpha
 * 1 and balancing off at tau 1. It is defined for embedding tables; other shared segments (NGCF's matrices, a gate) get
 * the mean, and segments of one task their own gradient.
 */
export const pmtrec = balancerEntry({
  kind: 'pmtrec',
  sentence: 'weights per embedding row: a softmax of gradient norms, the main task’s growing by epoch',
  source: 'Personalized Multi-task Training for Recommender System, arXiv 2407.21364, equations 4 to 6',
  schema: z.strictObject({
    kind: z.literal('pmtrec'),
    main: z.string().optional().describe('The main task; the first one where not given'),
    alpha: z.number().min(1).default(1.04).describe('Task focusing: the main task’s norm counts alpha^epoch times; 1: off'),
    temperature: z.number().positive().default(0.1).describe('tau: large weighs tasks equally, small the largest norm alone'),
    maskZeroNorm: z.boolean().default(false).describe('Leave a task out of a row that it does not move'),
  }),
  build: ({ main, alpha, temperature, maskZeroNorm }, { tasks }) => {
    const rule = { temperature, maskZeroNorm, main: taskNumber('local.balance.main', main, tasks) }
    return {
      kind: 'pmtrec',
      inputs: [{ kind: 'epoch-power', name: 'focus', factors: [1], bases: [alpha], from: 1 }],
      memory: [],
      balance(step) {
        const each = step.gradients()
        const focus = tf.reshape(step.input('focus'), [])
        const gradients: Gradients = Object.fromEntries(step.shared.map((segment) => {
          const own = each.map((of) => of[segment.name])
          return [segment.name, isTable(segment) ? balanceRows(own, focus, rule) : meanOf(own)]
        }))
        return { gradients }
      },
    }
  },
})

export const pmtRec = (options: { main?: string; alpha?: number; temperature?: number; maskZeroNorm?: boolean } = {}) =>
  ({ kind: 'pmtrec', ...options }) as const
