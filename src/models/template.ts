import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { ModelRun } from './layers.js'
import type { Factor, SegmentSpec } from './layout.js'
import { differentiable } from '../tensors/ops.js'

/**
 * How a parameter is decoupled into factors: `product` and `sum` of a global, a scenario and a task factor; `two`, the
 * product of a scenario and a task factor; `none`, where all of it is the scenario's.
 */
export type TemplateKind = 'product' | 'sum' | 'two' | 'none'

/** The factors that a template has beside its base, where there are task factors at all. */
const factorsOf = (template: TemplateKind): { readonly base: Factor; readonly more: readonly Factor[] } => {
  switch (template) {
    case 'product':
    case 'sum':
      return { base: 'global', more: ['scenario', 'task'] }
    case 'two':
      return { base: 'scenario', more: ['task'] }
    case 'none':
      return { base: 'scenario', more: [] }
    default:
      return template satisfies never
  }
}

/** x `count` times along a new axis. The gradient adds up the copies' gradients one by one: no sum over an axis. */
const repeated = (x: Tensor, count: number, axis: number): Tensor =>
  differentiable([x], () => ({
    value: tf.stack(Array<Tensor>(count).fill(x), axis),
    gradient: (dy) => [tf.unstack(dy, axis).reduce((sum, copy) => tf.add(sum, copy))],
  }))

/** A parameter made of factors: its segments, and the whole, with a task axis after `expert` if a factor has one. */
export interface Factorised {
  readonly segments: readonly SegmentSpec[]
  whole(run: ModelRun): Tensor
}

/**
 * The plain parameter `spec`, which has an `expert` axis, as factors. The base keeps its name, shape and first values;
 * a further factor of `name.weight` is `name.scenario.weight` or `name.task.weight`, the latter with an axis of `tasks`
 * after `expert`; `tasks` of 1 leaves it out. Further factors start at 1 where they multiply and at 0 where they add,
 * so that the whole starts as the base. Weights multiply (add, under `sum`); biases add.
 */
export const factorise = (spec: SegmentSpec, template: TemplateKind, tasks: number): Factorised => {
  const { base, more } = factorsOf(template)
  const [stem, last] = [spec.name.slice(0, spec.name.lastIndexOf('.')), spec.name.slice(spec.name.lastIndexOf('.') + 1)]
  const multiplied = last === 'weight' && template !== 'sum'
  const after = spec.axes.indexOf('expert') + 1
  const further = more.filter((factor) => factor !== 'task' || tasks > 1).map((factor): SegmentSpec => {
    const own = factor === 'task'
    return {
      ...spec,
      name: `${stem}.${factor}.${last}`,
      shape: own ? spec.shape.toSpliced(after, 0, tasks) : spec.shape,
      axes: own ? spec.axes.toSpliced(after, 0, 'task') : spec.axes,
      initial: { kind: 'constant', value: multiplied ? 1 : 0 },
      factor,
    }
  })
  return {
    segments: [{ ...spec, factor: base }, ...further],
    whole({ parameters }) {
      const join = (a: Tensor, b: Tensor): Tensor => (multiplied ? tf.mul(a, b) : tf.add(a, b))
      return further.reduce((value, { name, factor }) => {
        const common = factor === 'task' ? repeated(value, tasks, after) : value
        return join(common, parameters[name])
      }, parameters[spec.name])
    },
  }
}
