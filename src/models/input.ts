import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import { SpecificationError } from '../errors.js'
import { embeddingOf } from './embedding.js'
import { linear, type Layer } from './layers.js'
import type { SegmentSpec } from './layout.js'
import type { Features } from './model.js'

export interface InputOptions {
  /** Width of an embedding vector. Not needed for a world without categorical fields unless `numericFields` is set. */
  readonly embedding?: number
  /** How many fields of an embedding's width the numeric columns become, through one linear layer. 0: as they are. */
  readonly numericFields?: number
  /** The task that these inputs serve alone: a prefix of their segments' names. */
  readonly task?: string
}

/**
 * A batch to one vector a row: [batch, fields * embedding + numeric].
 *
 * All categorical columns share one table `embedding` [sum of their sizes, width]; a column's ids start at the sum of
 * the sizes before it, and a sequence is one field (see `embedding.ts`). Numeric columns follow through
 * `numeric` [numeric, numericFields * width], without activation, as
 * further fields (the input block of MTReclib, github.com/easezyc/Multitask-Recommendation-Library, models/layers.py).
 */
export const inputs = (features: Features, options: InputOptions): Layer<void> => {
  const { embedding: width = 0, numericFields = 1, task } = options
  const named = (name: string): string => (task === undefined ? name : `${task}.${name}`)
  const of = task === undefined ? {} : { task }
  const embedding = embeddingOf(features)
  const { rows, tables } = embedding
  const columns = features.numeric.length
  const projected = columns > 0 && numericFields > 0
  if (width < 1 && (rows > 0 || projected)) {
    const seen = `${features.categorical.length} categorical fields and ${columns} numeric columns`
    throw new SpecificationError(`A world with ${seen} needs \`embedding\` of at least 1, not ${options.embedding}.`)
  }
  if (rows + columns === 0) throw new SpecificationError('A world without any feature has nothing to predict from.')
  const numeric = projected
    ? linear(named('numeric'), columns, numericFields * width, { role: 'input', ...of })
    : undefined
  const segments: SegmentSpec[] = []
  if (rows > 0) {
    const initial = { kind: 'glorot', fanIn: rows, fanOut: width } as const
    segments.push({
      name: named('embedding'), shape: [rows, width], axes: ['row', 'out'], role: 'embedding', initial, tables, ...of,
    })
  }
  return {
    segments: [...segments, ...(numeric?.segments ?? [])],
    width: embedding.fields * width + (numeric?.width ?? columns),
    apply(_, run) {
      const pieces: Tensor[] = []
      if (rows > 0) pieces.push(embedding.apply(run.parameters[named('embedding')], run.batch.categorical, width))
      if (columns > 0) pieces.push(numeric === undefined ? run.batch.numeric : numeric.apply(run.batch.numeric, run))
      return pieces.length === 1 ? pieces[0] : tf.concat(pieces, 1)
    },
  }
}
