import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Task } from '../tasks/task.js'
import { addRow } from '../tensors/ops.js'
import { defineModel } from './define.js'
import { addFields, embeddingOf } from './embedding.js'
import { modelEntry } from './entry.js'
import type { Layer } from './layers.js'
import type { SegmentSpec } from './layout.js'
import type { Features } from './model.js'
import { headWidth } from './towers.js'

/**
 * A generalised linear model for each task: logistic regression where the task is binary.
 *
 *     z_k = b_k + x W_k + sum over fields f of E_k[id_f]        [batch, logits] per task
 *
 * E_k [rows, logits] has a weight for each word, as one-hot columns would, and starts at zero, as do W_k and b_k: nothing
 * is drawn, and the loss is convex. `mlp` without hidden layers and with embeddings of width 1 is no such model: it has a
 * product of two weights where this has one, and what it learns of a word all tasks share.
 */
export const linearModel = modelEntry({
  kind: 'linear-model',
  sentence: 'A generalised linear model for each task: a weight for each word and each numeric column.',
  source: 'Cox, JRSS B 20, 1958; the wide part of Cheng et al., Wide & Deep, DLRS 2016',
  options: {},
  build: () =>
    defineModel('linear-model', ({ features, tasks }) => {
      const own = tasks.map((task) => weights(features, task))
      return {
        layers: own,
        forward: (run) => Object.fromEntries(tasks.map(({ name }, k) => [name, own[k].apply(undefined, run)])),
      }
    }),
})

const zero = { kind: 'constant', value: 0 } as const

const weights = (features: Features, task: Task): Layer<void> => {
  const { name } = task
  const width = headWidth(task)
  const of = { role: 'tower', task: name } as const
  const embedding = embeddingOf(features)
  const { rows, tables } = embedding
  const words: SegmentSpec = {
    name: `${name}.words`, shape: [rows, width], axes: ['row', 'out'], role: 'embedding', initial: zero, tables, task: name,
  }
  const numeric: SegmentSpec = {
    name: `${name}.numeric`, shape: [features.numeric.length, width], axes: ['in', 'out'], initial: zero, ...of,
  }
  const bias: SegmentSpec = { name: `${name}.bias`, shape: [1, width], axes: ['row', 'out'], initial: zero, ...of }
  return {
    width,
    segments: [...[words, numeric].filter(({ shape }) => shape[0] > 0), bias],
    apply(_, { batch, parameters }) {
      const sums: Tensor[] = []
      if (rows > 0) sums.push(addFields(embedding.apply(parameters[words.name], batch.categorical, width), width))
      if (features.numeric.length > 0) sums.push(tf.matMul(batch.numeric, parameters[numeric.name]))
      return addRow(sums.reduce((sum, term) => tf.add(sum, term)), parameters[bias.name])
    },
  }
}
