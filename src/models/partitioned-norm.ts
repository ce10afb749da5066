import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { forEach, type Domains } from './domains.js'
import { epsilon, momentum, type ModelRun } from './layers.js'
import type { Factor, Initial, SegmentSpec } from './layout.js'
import { normalizeGroups } from '../tensors/ops.js'

/** x [batch, units] and the rows' domains [batch, domains] to [batch, units]. */
export interface PartitionedNorm {
  readonly segments: readonly SegmentSpec[]
  apply(x: Tensor, members: Tensor, run: ModelRun): Tensor
}

/**
 * Partitioned normalisation, Sheng et al., CIKM 2021 (STAR), equations 3 and 4: batch normalisation with moments of
 * each domain by itself, whose scale and shift are a global factor joined with one of the domain.
 *
 *     training   z' = (gamma * gamma_p) (z - mu_p) / sqrt(var_p + eps) + (beta + beta_p)     [batch, units]
 *     serving    the same with the domain's moving moments E_p and Var_p
 *
 * The paper's batches hold one domain; here mu_p and var_p are taken over the rows of each domain in the batch, which
 * is the same where there is one. A domain without a row in the batch keeps its moving moments. Segments `.scale` and
 * `.shift` [1, units], global, and `.scenario.scale`, `.scenario.shift`, `.mean` and `.variance` [domains, units], the
 * scenario's. Epsilon and momentum are those of batch normalisation.
 */
export const partitionedNorm = (name: string, units: number, domains: Domains): PartitionedNorm => {
  const segment = (last: string, value: number, rows: number, factor: Factor, trainable = true): SegmentSpec => {
    const initial: Initial = { kind: 'constant', value }
    const named = `${name}.${last}`
    return { name: named, shape: [rows, units], axes: ['row', 'out'], role: 'batch-norm', initial, factor, trainable }
  }
  return {
    segments: [
      segment('scale', 1, 1, 'global'),
      segment('shift', 0, 1, 'global'),
      segment('scenario.scale', 1, domains.count, 'scenario'),
      segment('scenario.shift', 0, domains.count, 'scenario'),
      segment('mean', 0, domains.count, 'scenario', false),
      segment('variance', 1, domains.count, 'scenario', false),
    ],
    apply(x, members, { parameters, batch, mode, state }) {
      const read = (last: string): Tensor => parameters[`${name}.${last}`]
      const scale = tf.mul(forEach(domains, read('scale')), read('scenario.scale'))
      const shift = tf.add(forEach(domains, read('shift')), read('scenario.shift'))
      const [mean, variance] = [read('mean'), read('variance')]
      if (!mode.training) {
        const slope = tf.div(scale, tf.sqrt(tf.add(variance, epsilon)))
        const start = tf.sub(shift, tf.mul(mean, slope))
        return tf.add(tf.mul(x, tf.matMul(members, slope)), tf.matMul(members, start))
      }
      const now = normalizeGroups(x, scale, shift, members, batch.weight, epsilon)
      const move = (running: Tensor, seen: Tensor): Tensor =>
        tf.add(running, tf.mul(tf.mul(tf.sub(seen, running), momentum), now.present))
      state[`${name}.mean`] = move(mean, now.mean)
      state[`${name}.variance`] = move(variance, now.variance)
      return now.value
    },
  }
}
