import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Axis, Initial, SegmentRole, SegmentSpec } from './layout.js'
import type { Batch, Mode, Parameters } from './model.js'
import { addRow, normalizeRows, relu } from '../tensors/ops.js'

/**
 * One call of a model's `forward`. Layers put new running statistics into `state`, by segment name, and what is added
 * to a task's loss into `penalties`, by task name.
 */
export interface ModelRun {
  readonly parameters: Parameters
  readonly batch: Batch
  readonly mode: Mode
  readonly state: Record<string, Tensor>
  readonly penalties: Record<string, Tensor>
}

/** A piece of a model: the segments it needs, and the function they make. `width` is its number of outputs. */
export interface Layer<In = Tensor, Out = Tensor> {
  readonly segments: readonly SegmentSpec[]
  readonly width: number
  apply(x: In, run: ModelRun): Out
}

/** What follows each linear layer of a perceptron: batch normalisation if asked for, ReLU, dropout if asked for. */
export interface Regularisation {
  /** Probability that an output is dropped while training. Default 0. */
  readonly dropout?: number
  /** Batch normalisation after each linear layer. Default false. */
  readonly batchNorm?: boolean
}

const zero: Initial = { kind: 'constant', value: 0 }
const one: Initial = { kind: 'constant', value: 1 }

/** He (2015) before a ReLU, Glorot (2010) elsewhere; both uniform. */
export const startOf = (fanIn: number, fanOut: number, activation: 'relu' | 'none'): Initial =>
  activation === 'relu' ? { kind: 'he', fanIn } : { kind: 'glorot', fanIn, fanOut }

export interface LinearOptions {
  readonly role?: SegmentRole
  /** The activation that follows, which decides the first values. Default `none`. */
  readonly activation?: 'relu' | 'none'
  readonly task?: string
}

/**
 * x [batch, from] to x W + b [batch, to]. Segments `name.weight` [from, to] and `name.bias` [1, to]: a bias is one row,
 * so that adding it, and its gradient ones [1, batch] x dy [batch, to], need no change of shape.
 */
export const linear = (name: string, from: number, to: number, options: LinearOptions = {}): Layer => {
  const { role = 'other', activation = 'none', task } = options
  const of = task === undefined ? { role } : { role, task }
  return {
    width: to,
    segments: [
      { name: `${name}.weight`, shape: [from, to], axes: ['in', 'out'], initial: startOf(from, to, activation), ...of },
      { name: `${name}.bias`, shape: [1, to], axes: ['row', 'out'], initial: zero, ...of },
    ],
    apply: (x, { parameters }) =>
      addRow(tf.matMul(x, parameters[`${name}.weight`]), parameters[`${name}.bias`]),
  }
}

/** PyTorch's constants: BatchNorm1d. */
export const epsilon = 1e-5
export const momentum = 0.1

/**
 * Batch normalisation over the batch's real rows. Segments `.scale`, `.shift` and, not trainable, the running `.mean`
 * and `.variance`, each of `shape` ([1, units], [stack, 1, units] or [1, stack, units]); x is [batch, units] or [stack,
 * batch, units].
 *
 * Epsilon and momentum are PyTorch's. The running variance takes the *biased* variance of the batch, as TensorFlow
 * does and PyTorch does not (n / (n - 1) larger there), so that a batch with one real row is no special case.
 */
export const batchNorm = (
  name: string,
  shape: readonly number[],
  axes: readonly Axis[],
  of: Pick<SegmentSpec, 'task'> = {},
): Layer => {
  const segment = (last: string, initial: Initial, trainable: boolean): SegmentSpec => ({
    name: `${name}.${last}`, shape, axes, role: 'batch-norm', initial, trainable, ...of,
  })
  return {
    width: shape.reduce((a, b) => a * b, 1),
    segments: [
      segment('scale', one, true),
      segment('shift', zero, true),
      segment('mean', zero, false),
      segment('variance', one, false),
    ],
    apply(x, { parameters, batch, mode, state }) {
      const fit = x.shape.map((length, i) => (i === x.rank - 2 ? 1 : length))
      const flat = shape.length !== fit.length
      const read = (last: string): Tensor => {
        const value = parameters[`${name}.${last}`]
        return flat ? tf.reshape(value, fit) : value
      }
      const [scale, shift, mean, variance] = [read('scale'), read('shift'), read('mean'), read('variance')]
      if (!mode.training) {
        const slope = tf.div(scale, tf.sqrt(tf.add(variance, epsilon)))
        return tf.add(tf.mul(x, slope), tf.sub(shift, tf.mul(mean, slope)))
      }
      const now = normalizeRows(x, scale, shift, batch.weight, epsilon)
      const move = (running: Tensor, seen: Tensor): Tensor => {
        const moved = tf.add(running, tf.mul(tf.sub(seen, running), momentum))
        return flat ? tf.reshape(moved, [...shape]) : moved
      }
      state[`${name}.mean`] = move(mean, now.mean)
      state[`${name}.variance`] = move(variance, now.variance)
      return now.value
    },
  }
}

/** ReLU and dropout, after batch normalisation if there is any. */
export const activate = (x: Tensor, norm: Layer | undefined, run: ModelRun, dropout = 0): Tensor => {
  const y = relu(norm === undefined ? x : norm.apply(x, run))
  return dropout > 0 ? run.mode.dropout(y, dropout) : y
}

/**
 * Layers of linear, batch normalisation, ReLU and dropout: [batch, from] to [batch, last of `hidden`]. Layer l (from 1)
 * has the segments `name.l.weight`, `name.l.bias` and, if normalised, `name.l.scale` and so on. Without hidden layers
 * it is the identity.
 */
export const perceptron = (
  name: string,
  from: number,
  hidden: readonly number[],
  options: Regularisation & Omit<LinearOptions, 'activation'> = {},
): Layer => {
  const of = options.task === undefined ? {} : { task: options.task }
  const layers = hidden.map((to, i) => ({
    linear: linear(`${name}.${i + 1}`, hidden[i - 1] ?? from, to, { ...options, activation: 'relu' }),
    norm: options.batchNorm ? batchNorm(`${name}.${i + 1}`, [1, to], ['row', 'out'], of) : undefined,
  }))
  return {
    width: hidden.at(-1) ?? from,
    segments: layers.flatMap((layer) => [...layer.linear.segments, ...(layer.norm?.segments ?? [])]),
    apply: (x, run) =>
      layers.reduce((y, layer) => activate(layer.linear.apply(y, run), layer.norm, run, options.dropout), x),
  }
}
