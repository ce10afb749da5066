import { permutation, streams } from '../../src/random/streams.js'
import type { Table } from '../../src/data/table.js'
import type { Features } from '../../src/models/model.js'

/** A plain logistic regression over one-hot fields and numeric columns: AdaGrad, batch 1, L2 on the weights it touches.
 * A slow, obvious reference, so that a world can be judged without the library's own models. */
export interface Logistic {
  readonly bias: number
  readonly numeric: Float64Array
  readonly categorical: Float64Array
  readonly offsets: readonly number[]
}

export interface Fitting {
  readonly task: number
  readonly epochs: number
  readonly rate?: number
  readonly decay?: number
}

export const fitLogistic = (features: Features, tables: readonly Table[], fitting: Fitting): Logistic => {
  const { task, epochs, rate = 0.05, decay = 1e-4 } = fitting
  const offsets: number[] = []
  let size = 0
  for (const field of features.categorical) {
    offsets.push(size)
    size += field.size
  }
  const width = features.numeric.length
  const fields = offsets.length
  const numeric = new Float64Array(width)
  const categorical = new Float64Array(size)
  const squares = new Float64Array(width + size + 1).fill(1e-1)
  let bias = 0
  const starts: number[] = []
  let rows = 0
  for (const table of tables) {
    starts.push(rows)
    rows += table.rows
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const at of permutation(rows, streams('logistic')(epoch))) {
      let t = tables.length - 1
      while (starts[t] > at) t--
      const table = tables[t]
      const row = at - starts[t]
      const tasks = table.labels.length / table.rows
      const label = table.labels[row * tasks + task]
      if (Number.isNaN(label)) continue
      const x = row * width
      const c = row * fields
      const error = sigmoid(score(bias, numeric, categorical, offsets, table, row)) - label
      const step = (i: number, gradient: number): number => {
        squares[i] += gradient * gradient
        return (rate * gradient) / Math.sqrt(squares[i])
      }
      bias -= step(width + size, error)
      for (let n = 0; n < width; n++) numeric[n] -= step(n, error * table.numeric[x + n] + decay * numeric[n])
      for (let f = 0; f < fields; f++) {
        const i = offsets[f] + table.categorical[c + f]
        categorical[i] -= step(width + i, error + decay * categorical[i])
      }
    }
  }
  return { bias, numeric, categorical, offsets }
}

/** The AUC of one task on one table, ties counted as one half. */
export const aucOf = (model: Logistic, table: Table, task: number): number => {
  const tasks = table.labels.length / table.rows
  const rows = Array.from({ length: table.rows }, (_, row) => ({
    score: score(model.bias, model.numeric, model.categorical, model.offsets, table, row),
    label: table.labels[row * tasks + task],
  }))
  rows.sort((a, b) => a.score - b.score)
  let positives = 0
  let ranks = 0
  for (let i = 0; i < rows.length; ) {
    let j = i
    while (j < rows.length && rows[j].score === rows[i].score) j++
    for (let k = i; k < j; k++) {
      if (rows[k].label !== 1) continue
      positives++
      ranks += (i + 1 + j) / 2
    }
    i = j
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (rows.length - positives))
}

const score = (
  bias: number, numeric: Float64Array, categorical: Float64Array, offsets: readonly number[], table: Table, row: number,
): number => {
  let z = bias
  const x = row * numeric.length
  for (let n = 0; n < numeric.length; n++) z += numeric[n] * table.numeric[x + n]
  const c = row * offsets.length
  for (let f = 0; f < offsets.length; f++) z += categorical[offsets[f] + table.categorical[c + f]]
  return z
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
