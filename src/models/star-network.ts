import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { forEach, type Domains } from './domains.js'
import { startOf, type ModelRun } from './layers.js'
import type { Initial, SegmentRole, SegmentSpec } from './layout.js'
import { addRow, relu } from '../tensors/ops.js'

export interface StarNetworkOptions {
  readonly from: number
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[]
  /** Width of the last, linear layer. */
  readonly last: number
  readonly dropout?: number
}

/** x [batch, from] and the rows' domains [batch, domains] to [batch, last]. */
export interface StarNetwork {
  readonly segments: readonly SegmentSpec[]
  apply(x: Tensor, members: Tensor, run: ModelRun): Tensor
}

const constant = (value: number): Initial => ({ kind: 'constant', value })

interface StarLayer {
  readonly segments: readonly SegmentSpec[]
  /** [batch, from] (the first layer) or [domains, batch, from] to [domains, batch, to]. */
  apply(x: Tensor, run: ModelRun): Tensor
}

/** A layer whose weight is W_p * W and whose bias is b_p + b, for every domain p. */
const layerOf = (name: string, [from, to]: readonly [number, number], last: boolean, domains: Domains): StarLayer => {
  const role: SegmentRole = last ? 'tower' : 'bottom'
  const { count } = domains
  const segments: SegmentSpec[] = [
    {
      name: `${name}.weight`, shape: [from, to], axes: ['in', 'out'], role, factor: 'global',
      initial: startOf(from, to, last ? 'none' : 'relu'),
    },
    { name: `${name}.bias`, shape: [1, to], axes: ['row', 'out'], role, factor: 'global', initial: constant(0) },
    {
      name: `${name}.scenario.weight`, shape: [count, from, to], axes: ['row', 'in', 'out'], role, factor: 'scenario',
      initial: constant(1),
    },
    {
      name: `${name}.scenario.bias`, shape: [count, to], axes: ['row', 'out'], role, factor: 'scenario',
      initial: constant(0),
    },
  ]
  return {
    segments,
    apply(x, { parameters }) {
      const [shared, common, factor, own] = segments.map((segment) => parameters[segment.name])
      const repeated = forEach(domains, tf.reshape(shared, [1, from * to]))
      const weight = tf.mul(tf.reshape(repeated, [count, from, to]), factor)
      const bias = tf.add(forEach(domains, common), own)
      if (x.rank === 3) return addRow(tf.matMul(x, weight), tf.reshape(bias, [count, 1, to]))
      const flat = tf.reshape(tf.transpose(weight, [1, 0, 2]), [from, count * to])
      const y = addRow(tf.matMul(x, flat), tf.reshape(bias, [1, count * to]))
      return tf.transpose(tf.reshape(y, [-1, count, to]), [1, 0, 2])
    },
  }
}

/**
 * The fully connected network of STAR (Sheng et al., CIKM 2021, equations 5 and 6), layers from 1:
 *
 *     W*_p = W_p * W (elementwise),  b*_p = b_p + b                        (eq. 5)
 *     h_p = ReLU(h_p W*_p + b*_p), without ReLU at the last layer (eq. 6)  [domains, batch, width]
 *     the row's own domain is chosen at the end                           [batch, last]
 *
 * Global factors are `name.l.weight` [from, to] and `name.l.bias` [1, to], of the plain layer's first values; scenario
 * factors are `name.l.scenario.weight` [domains, from, to], first 1, and `name.l.scenario.bias` [domains, to], first 0,
 * so that a new network is a plain one. Every row passes through the network of every domain, because rows of one batch
 * may be of any: D domains cost D times the products, counted as such. A client of a federation is one domain.
 */
export const starNetwork = (name: string, options: StarNetworkOptions, domains: Domains): StarNetwork => {
  const { from, hidden, last, dropout = 0 } = options
  const widths = [...hidden, last]
  const layers = widths.map((to, l) =>
    layerOf(`${name}.${l + 1}`, [widths[l - 1] ?? from, to], l === hidden.length, domains))
  return {
    segments: layers.flatMap((layer) => layer.segments),
    apply(x, members, run) {
      const all = layers.reduce((h, layer, l) => {
        const y = layer.apply(h, run)
        if (l === hidden.length) return y
        return dropout > 0 ? run.mode.dropout(relu(y), dropout) : relu(y)
      }, x)
      if (domains.count === 1) return tf.reshape(all, [-1, last])
      const chosen = tf.matMul(tf.expandDims(members, 1), tf.transpose(all, [1, 0, 2]))
      return tf.reshape(chosen, [-1, last])
    },
  }
}
