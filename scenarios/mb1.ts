import { z } from 'zod'
import { normal, streams } from '../src/random/streams.js'
import { sharedFloats, sharedInts, type Table } from '../src/data/table.js'
import type { World } from '../src/data/world.js'
import { worldKind } from './kind.js'
import { roomFor } from './room.js'

const schema = z.strictObject({
  kind: z.literal('mb1'),
  clients: z.int().min(1).max(100_000).default(200).describe('clients, each a scenario of its own'),
  rows: z.int().min(1).max(1e8).default(64).describe('training rows of each client'),
  columns: z.int().min(1).max(1e5).default(32).describe('numeric features'),
  classes: z.int().min(2).max(1e5).default(4).describe('classes of the one task'),
  noise: z.number().min(0).default(0.5).describe('standard deviation of what is added to each class score'),
  test: z.int().min(0).max(1e8).default(0).describe('test rows of each client'),
}).superRefine(roomFor(
  ({ clients, rows, test, columns, classes }) => clients * (rows + test) * (columns + 1) + columns * classes,
  ['clients', 'rows', 'test', 'columns'],
))

export type Mb1 = Partial<Omit<z.input<typeof schema>, 'kind'>>

/** The micro-benchmark MB-1: `label = argmax(x W + noise * e)` with x, W and e standard normal, W common. */
export const mb1 = (options: Mb1 = {}): { kind: 'mb1' } & Mb1 => ({ kind: 'mb1', ...options })

export const mb1Kind = worldKind({
  kind: 'mb1',
  sentence: 'The training-bound micro-benchmark: 200 clients with 64 rows of 32 features in 4 classes.',
  source: 'the common yardstick that federated learning simulators were timed with',
  schema,
  load: (spec, { seed }) => Promise.resolve(generate(spec, seed)),
})

const generate = (spec: z.output<typeof schema>, seed: string): World => {
  const named = streams(seed)
  const weights = Float64Array.from({ length: spec.columns * spec.classes }, drawer(named('mb1', 'weights')))
  const table = (client: number, which: string, rows: number): Table => {
    const draw = drawer(named('mb1', which, client))
    const numeric = sharedFloats(rows * spec.columns)
    const labels = sharedFloats(rows)
    for (let row = 0; row < rows; row++) {
      const x = numeric.subarray(row * spec.columns, (row + 1) * spec.columns)
      for (let c = 0; c < x.length; c++) x[c] = draw()
      labels[row] = argmax(spec.classes, (k) => {
        let score = spec.noise * draw()
        for (let c = 0; c < x.length; c++) score += x[c] * weights[c * spec.classes + k]
        return score
      })
    }
    return { rows, categorical: sharedInts(0), numeric, labels }
  }
  return {
    name: 'mb1',
    features: { categorical: [], numeric: Array.from({ length: spec.columns }, (_, c) => `x${c + 1}`) },
    tasks: [{ name: 'class', kind: 'multiclass', classes: spec.classes }],
    scenarios: Array.from({ length: spec.clients }, (_, client) => ({
      name: `client-${client + 1}`,
      train: table(client, 'train', spec.rows),
      validation: table(client, 'validation', 0),
      test: table(client, 'test', spec.test),
    })),
    origins: [],
    split: `${spec.rows} rows to train and ${spec.test} to test for each client, drawn independently`,
    notes: [],
  }
}

const drawer = (stream: () => number) => (): number => normal(stream)

const argmax = (n: number, score: (k: number) => number): number => {
  let best = 0
  let highest = -Infinity
  for (let k = 0; k < n; k++) {
    const s = score(k)
    if (s > highest) {
      highest = s
      best = k
    }
  }
  return best
}
