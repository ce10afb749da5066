import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../../errors.js'
import type { Task } from '../../tasks/task.js'
import { addRow, lookup } from '../../tensors/ops.js'
import type { ModelRun } from '../layers.js'
import type { SegmentSpec } from '../layout.js'
import type { Features, Interactions } from '../model.js'
import type { Tables } from './encoder.js'

/** A batch in vectors: [batch, width] each. */
interface Rows {
  readonly user: Tensor
  readonly item: Tensor
  readonly tables: Tables
}

/** What a task's head is made from. */
export interface HeadOptions {
  readonly features: Features
  readonly interactions: Interactions
  /** Width of the encoded vectors. */
  readonly width: number
}

/** Products of rows x, y [batch, width]: [batch, 1]. */
const alongRows = (x: Tensor, y: Tensor): Tensor => tf.matMul(tf.mul(x, y), tf.ones([x.shape[1]!, 1]))

/** The ids [batch] of one categorical field. */
const column = ({ batch }: ModelRun, place: number): tf.Tensor1D =>
  tf.reshape(tf.slice(batch.categorical as tf.Tensor2D, [0, place], [-1, 1]), [-1])

export const rowsOf = (tables: Tables, run: ModelRun, { user, item }: Interactions): Rows => ({
  user: lookup(tables.users, column(run, user)),
  item: lookup(tables.items, column(run, item)),
  tables,
})

/** The margin [batch, 1] of a ranking task; without training its score of the row's own pair, where it is of a pair. */
const margin = (rows: Rows, run: ModelRun, within: number, { user, item }: Interactions): Tensor | undefined => {
  const { tables } = rows
  const draw = (member: boolean): Tensor =>
    lookup(tables.items, run.mode.sample({ of: item, within, member }) as tf.Tensor1D)
  if (within === user) {
    return alongRows(rows.user, run.mode.training ? tf.sub(rows.item, draw(false)) : rows.item)
  }
  return run.mode.training ? alongRows(rows.item, tf.sub(draw(true), draw(false))) : undefined
}

/** Segments of a task that reads the products of a pair's coordinates; starts as the plain score <u, i>. */
const pairSegments = (task: Task, width: number): SegmentSpec[] => {
  const of = { role: 'tower', task: task.name } as const
  return [
    { name: `${task.name}.weight`, shape: [width, 1], axes: ['in', 'out'], initial: { kind: 'constant', value: 1 }, ...of },
    { name: `${task.name}.bias`, shape: [1, 1], axes: ['row', 'out'], initial: { kind: 'constant', value: 0 }, ...of },
  ]
}

/** What a task needs beside the vectors. */
export const headSegments = (task: Task, { width }: HeadOptions): SegmentSpec[] =>
  task.kind === 'binary' || task.kind === 'regression' ? pairSegments(task, width) : []

/**
 * One task's head:
 *
 * - `ranking` within the users' field: <u, i> - <u, j>, j an item that the user never met (BPR's margin);
 * - `ranking` within another field: <i, p> - <i, s>, p another item of the row's word, s one that is not of it;
 * - `alignment`: u beside i;
 * - `binary` and `regression`: (u * i) w + b, generalised matrix factorisation (He et al., Neural Collaborative
 *   Filtering, WWW 2017).
 */
export const head = (
  task: Task, rows: Rows, run: ModelRun, { features, interactions }: HeadOptions,
): Tensor | undefined => {
  switch (task.kind) {
    case 'ranking': {
      const within = features.categorical.findIndex(({ name }) => name === task.within)
      if (within >= 0) return margin(rows, run, within, interactions)
      const fields = features.categorical.map(({ name }) => name).join(', ')
      throw new SpecificationError(`Task '${task.name}' ranks within '${task.within}', which is none of ${fields}.`)
    }
    case 'alignment':
      return run.mode.training ? tf.concat([rows.user, rows.item], 1) : undefined
    case 'binary':
    case 'regression': {
      const { [`${task.name}.weight`]: weight, [`${task.name}.bias`]: bias } = run.parameters
      return addRow(tf.matMul(tf.mul(rows.user, rows.item), weight), bias)
    }
    case 'multiclass':
      throw new SpecificationError(`Task '${task.name}' has classes, and the model \`ranker\` has no head for them.`)
    default:
      return task satisfies never
  }
}
