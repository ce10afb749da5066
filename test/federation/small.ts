import type { Table } from '../../src/data/table.js'
import type { World } from '../../src/data/world.js'
import { streams } from '../../src/random/streams.js'

/** A small made-up table: two categorical fields, three numeric columns, two binary tasks that depend on them. */
export const smallTable = (rows: number, seed: string): Table => {
  const draw = streams(seed)('small')
  const categorical = new Int32Array(rows * 2)
  const numeric = new Float32Array(rows * 3)
  const labels = new Float32Array(rows * 2)
  for (let row = 0; row < rows; row++) {
    categorical[row * 2] = 1 + Math.floor(draw() * 4)
    categorical[row * 2 + 1] = 1 + Math.floor(draw() * 6)
    for (let j = 0; j < 3; j++) numeric[row * 3 + j] = draw() * 2 - 1
    const score = numeric[row * 3] + (categorical[row * 2] - 2.5) / 2 + draw() - 0.5
    labels[row * 2] = score > 0 ? 1 : 0
    labels[row * 2 + 1] = score > 0 && numeric[row * 3 + 1] > 0 ? 1 : 0
  }
  return { rows, categorical, numeric, labels }
}

/** A world whose scenarios have the given numbers of training rows. */
export const smallWorld = (rows: Readonly<Record<string, number>>): World => ({
  name: 'small',
  features: { categorical: [{ name: 'a', size: 5 }, { name: 'b', size: 7 }], numeric: ['x', 'y', 'z'] },
  tasks: [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }],
  scenarios: Object.entries(rows).map(([name, n]) => ({
    name,
    train: smallTable(n, `${name}/train`),
    validation: smallTable(24, `${name}/validation`),
    test: smallTable(24, `${name}/test`),
  })),
  origins: [],
  split: 'made up',
  notes: [],
})
