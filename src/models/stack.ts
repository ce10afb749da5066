import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { activate, batchNorm, startOf, type Layer, type Regularisation } from './layers.js'
import type { Axis, SegmentRole, SegmentSpec } from './layout.js'
import { addRow } from '../tensors/ops.js'

/** Several perceptrons of one shape, side by side. */
export interface StackOptions extends Regularisation {
  readonly role: SegmentRole
  /** What the perceptrons are, which is the axis that parts and scopes are cut along. */
  readonly axis: 'expert' | 'task'
  readonly count: number
  readonly from: number
  readonly hidden: readonly number[]
  /** Width of a last layer that is linear alone: no normalisation, activation or dropout. */
  readonly last?: number
}

/**
 * The outputs of a stack in whichever order of axes they were computed: `rows` is [batch, count * width],
 * `stack` is [count, batch, width].
 */
export type Stacked =
  | { readonly order: 'rows'; readonly value: Tensor; readonly count: number }
  | { readonly order: 'stack'; readonly value: Tensor }

/** [count, batch, width]. */
export const asStack = (x: Stacked): Tensor =>
  x.order === 'stack' ? x.value : tf.transpose(tf.reshape(x.value, [x.value.shape[0], x.count, -1]), [1, 0, 2])

/** [batch, count, width]. */
export const asRows = (x: Stacked): Tensor =>
  x.order === 'rows' ? tf.reshape(x.value, [x.value.shape[0], x.count, -1]) : tf.transpose(x.value, [1, 0, 2])

/** One layer of a stack. */
export type StackLayer = Layer<Tensor | Stacked, Stacked>

const wide = (x: Tensor | Stacked): x is Stacked => 'order' in x

/**
 * One layer of the stack. The first of a shared input is *one* product [batch, from] x [from, count * to], its weight
 * kept as [from, count, to]; a later one is a product per member, [count, from, to].
 */
const layerOf = (
  name: string,
  options: StackOptions,
  [from, to]: readonly [number, number],
  shared: boolean,
  last: boolean,
): StackLayer => {
  const { role, axis, count } = options
  const initial = startOf(from, to, last ? 'none' : 'relu')
  const shape = shared ? [from, count, to] : [count, from, to]
  const axes: Axis[] = shared ? ['in', axis, 'out'] : [axis, 'in', 'out']
  const rowShape = shared ? [1, count, to] : [count, 1, to]
  const rowAxes: Axis[] = shared ? ['row', axis, 'out'] : [axis, 'row', 'out']
  const norm = options.batchNorm && !last ? batchNorm(name, rowShape, rowAxes) : undefined
  const weight: SegmentSpec = { name: `${name}.weight`, shape, axes, role, initial }
  const bias: SegmentSpec = {
    name: `${name}.bias`, shape: rowShape, axes: rowAxes, role, initial: { kind: 'constant', value: 0 },
  }
  return {
    width: to,
    segments: [weight, bias, ...(norm?.segments ?? [])],
    apply(x, run) {
      const [w, b] = [run.parameters[weight.name], run.parameters[bias.name]]
      const own = wide(x) ? asStack(x) : x
      const y = shared
        ? addRow(tf.matMul(own, tf.reshape(w, [from, count * to])), tf.reshape(b, [1, count * to]))
        : addRow(tf.matMul(own, w), b)
      const value = last ? y : activate(y, norm, run, options.dropout)
      return shared ? { order: 'rows', value, count } : { order: 'stack', value }
    },
  }
}

/**
 * The layers of `count` perceptrons of one shape, one by one, for a model that does something between them; see
 * `stack` for what they read and how they are called.
 */
export const stackLayers = (name: string, options: StackOptions, shared: boolean): StackLayer[] => {
  const widths = [...options.hidden, ...(options.last === undefined ? [] : [options.last])]
  return widths.map((to, i) => {
    const last = i === options.hidden.length
    return layerOf(`${name}.${i + 1}`, options, [widths[i - 1] ?? options.from, to], shared && i === 0, last)
  })
}

/**
 * `count` perceptrons of one shape. Built with `shared`, all read x [batch, from]; otherwise member i reads its own
 * x[i] of [count, batch, from]. Layer l (from 1) has segments `name.l.weight`, `name.l.bias` and so on. There must be a
 * layer.
 */
export const stack = (name: string, options: StackOptions, shared: boolean): Layer<Tensor, Stacked> => {
  const layers = stackLayers(name, options, shared)
  return {
    width: layers.at(-1)?.width ?? options.from,
    segments: layers.flatMap((layer) => layer.segments),
    apply: (x, run) => layers.reduce<Tensor | Stacked>((y, layer) => layer.apply(y, run), x) as Stacked,
  }
}
