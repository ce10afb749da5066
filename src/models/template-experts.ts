import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { activate, batchNorm, type Layer, type ModelRun, type Regularisation } from './layers.js'
import type { SegmentSpec } from './layout.js'
import type { Batch } from './model.js'
import { addRow } from '../tensors/ops.js'
import { asRows, stack } from './stack.js'
import { factorise, type Factorised, type TemplateKind } from './template.js'

export interface TemplateOptions extends Regularisation {
  readonly template: TemplateKind
  readonly experts: number
  readonly from: number
  readonly hidden: readonly number[]
  /** How many tasks have a task factor; 1 for none: experts are then evaluated once for all tasks. */
  readonly tasks: number
}

/** [batch, members * width] to [members, batch, width]. */
const stacked = (x: Tensor, members: number): Tensor =>
  tf.transpose(tf.reshape(x, [x.shape[0], members, -1]), [1, 0, 2])

/**
 * Batch normalisation of an expert over the rows of all its tasks: x [experts, tasks * batch, width], every task's rows
 * weighing the same.
 */
const overTasks = (norm: Layer, tasks: number): Layer => ({
  ...norm,
  apply(x, run) {
    if (!run.mode.training) return norm.apply(x, run)
    const weight = tf.div(tf.concat(Array<Tensor>(tasks).fill(run.batch.weight)), tasks)
    // A batch reads what is asked of it when it is asked: the rest stays unread.
    const batch = Object.create(run.batch, { weight: { value: weight } }) as Batch
    return norm.apply(x, { ...run, batch })
  },
})

/** One layer of every expert for every task: x [batch, from] or [experts * tasks, batch, from]. */
const level = (name: string, of: readonly Factorised[], to: number, options: TemplateOptions): Layer => {
  const { experts, tasks } = options
  const members = experts * tasks
  const norm = options.batchNorm ? batchNorm(name, [experts, 1, to], ['expert', 'row', 'out']) : undefined
  const [weight, bias] = of
  return {
    width: to,
    segments: [...weight.segments, ...bias.segments, ...(norm?.segments ?? [])],
    apply(x, run) {
      const [w, b] = [weight.whole(run), bias.whole(run)]
      const from = x.shape.at(-1)!
      const y = x.rank === 2
        ? stacked(addRow(tf.matMul(x, tf.reshape(w, [from, members * to])), tf.reshape(b, [1, members * to])), members)
        : addRow(tf.matMul(x, tf.reshape(w, [members, from, to])), tf.reshape(b, [members, 1, to]))
      const batch = y.shape[1]!
      const rows = tf.reshape(y, [experts, tasks * batch, to])
      const z = activate(rows, norm && overTasks(norm, tasks), run, options.dropout)
      return tf.reshape(z, [members, batch, to])
    },
  }
}

/** A factor per task: every expert once per task. */
const perTask = (name: string, plain: readonly SegmentSpec[], options: TemplateOptions): Layer => {
  const { template, tasks, experts, hidden } = options
  const levels = hidden.map((to, i) => {
    const own = ['weight', 'bias'].map((last) => plain.find((spec) => spec.name === `${name}.${i + 1}.${last}`)!)
    return level(`${name}.${i + 1}`, own.map((spec) => factorise(spec, template, tasks)), to, options)
  })
  const width = hidden.at(-1)!
  return {
    width,
    segments: levels.flatMap((l) => l.segments),
    apply(x, run) {
      const f = levels.reduce((y, l) => l.apply(y, run), x)
      return tf.transpose(tf.reshape(f, [experts, tasks, -1, width]), [1, 2, 0, 3])
    },
  }
}

/**
 * E experts whose layers are made of factors, x [batch, from] to [tasks, batch, experts, width]: each task's outputs of
 * every expert, or [1, batch, experts, width] without task factors. Layer l of expert e, as task t of scenario k uses
 * it, is
 *
 *     W = Wg[e,l] * Ws[k,e,l] * Wt[k,t,e,l]       elementwise; `sum` adds them
 *     b = bg[e,l] + bs[k,e,l] + bt[k,t,e,l]
 *     h = Dropout(ReLU(BN[k,e,l](W h + b)))
 *
 * `two` has no Wg, and `none` only the scenario's own: a plain expert. See `factorise` for names, shapes and starts.
 */
export const templateExperts = (name: string, options: TemplateOptions): Layer => {
  const { template, tasks, experts: count, ...rest } = options
  const plain = stack(name, { role: 'expert', axis: 'expert', count, ...rest }, true)
  if (tasks > 1) return perTask(name, plain.segments, options)
  const made = plain.segments.map((spec) =>
    spec.role === 'expert' ? factorise(spec, template, 1) : { segments: [spec], whole: undefined })
  const wholes = (run: ModelRun): Record<string, Tensor> =>
    Object.fromEntries(made.flatMap(({ segments: [base], whole }) => (whole ? [[base.name, whole(run)]] : [])))
  return {
    width: plain.width,
    segments: made.flatMap(({ segments }) => segments),
    apply: (x, run) =>
      tf.expandDims(asRows(plain.apply(x, { ...run, parameters: { ...run.parameters, ...wholes(run) } })), 0),
  }
}
