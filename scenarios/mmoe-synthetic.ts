import { z } from 'zod'
import { assemble, type Frame } from '../src/data/assemble.js'
import { splitByOrder } from '../src/data/split.js'
import type { World } from '../src/data/world.js'
import { normal, streams, type Streams } from '../src/random/streams.js'
import { worldKind } from './kind.js'
import { roomFor } from './room.js'
import { dot, pair } from './storefronts/preference.js'

const schema = z.strictObject({
  kind: z.literal('mmoe-synthetic'),
  correlation: z.number().min(-1).max(1).default(0.5).describe('p: cosine between the weights of the two tasks'),
  columns: z.int().min(2).max(1e5).default(100).describe('d: numeric features, standard normal'),
  scale: z.number().gt(0).default(1).describe('c: length of the weights'),
  sines: z.int().min(0).max(1e4).default(10).describe('m: sines that bend a task; 0 makes it linear'),
  noise: z.number().min(0).default(0.1).describe('standard deviation of what is added to a label (variance 0.01)'),
  scenarios: z.int().min(1).max(100_000).default(1).describe('clients with rows of their own of the same two functions'),
  rows: z.int().min(10).max(1e8).default(20_000).describe('rows of each scenario'),
}).superRefine(roomFor(({ scenarios, rows, columns }) => scenarios * rows * (columns + 2), ['scenarios', 'rows', 'columns']))

type Spec = z.output<typeof schema>
export type MmoeSynthetic = Partial<Omit<z.input<typeof schema>, 'kind'>>

/**
 * MMoE's synthetic regression pair, with a dial for how much the two tasks have in common. Ma et al., KDD 2018,
 * section 3.1: `u1`, `u2` orthonormal in R^d,
 *
 *     w1 = c u1,  w2 = c (p u1 + sqrt(1 - p^2) u2)                         (equation 2)
 *     x ~ N(0, I_d)                                                        (equation 3)
 *     y_j = w_j . x + sum_i sin(alpha_i w_j . x + beta_i) + e              (equations 4 and 5)
 *     e ~ N(0, 0.01)
 *
 * with alpha_i, beta_i ~ N(0, 1), c = 1 and m = 10, as Tang et al. (PLE, RecSys 2020, section 4.4) draw them. `p` is
 * the cosine of the weights; the correlation of the labels rises with it but is not it. Labels stay in their own unit.
 */
export const mmoeSynthetic = (options: MmoeSynthetic = {}): { kind: 'mmoe-synthetic' } & MmoeSynthetic => ({
  kind: 'mmoe-synthetic',
  ...options,
})

export const mmoeSyntheticKind = worldKind({
  kind: 'mmoe-synthetic',
  sentence: 'Two made regression tasks of the same features, with a dial for how related they are.',
  source: 'Ma et al., MMoE, KDD 2018, section 3.1; constants of Tang et al., PLE, RecSys 2020',
  schema,
  load: (spec, { seed }) => Promise.resolve(generate(spec, streams(seed))),
})

const generate = (spec: Spec, named: Streams): World => {
  const [u1, w2] = pair(spec.columns, spec.correlation, [], named('mmoe-synthetic', 'weights')).pair
  const weights = [u1, w2].map((u) => u.map((value) => spec.scale * value))
  const shape = named('mmoe-synthetic', 'sines')
  const sines = Array.from({ length: spec.sines }, () => ({ alpha: normal(shape), beta: normal(shape) }))
  const bend = (along: number): number =>
    sines.reduce((y, { alpha, beta }) => y + Math.sin(alpha * along + beta), along)
  return assemble({
    name: 'mmoe-synthetic',
    fields: [],
    numeric: Array.from({ length: spec.columns }, (_, c) => ({ name: `x${c + 1}`, scaling: 'asis' })),
    tasks: [{ name: 'y1', kind: 'regression' }, { name: 'y2', kind: 'regression' }],
    frames: Array.from({ length: spec.scenarios }, (_, s) => drawRows(s, spec, weights, bend, named)),
    origins: [],
    split: 'by order, rows being independent: the first 70 % train, the next 10 % validate, the last 20 % test',
    notes: [],
  })
}

const drawRows = (
  s: number, { columns, rows, noise }: Spec, weights: readonly Float64Array[], bend: (z: number) => number,
  named: Streams,
): Frame => {
  const draw = named('mmoe-synthetic', 'x', s)
  const noises = weights.map((_, t) => named('mmoe-synthetic', 'noise', s, t))
  const numeric = Array.from({ length: columns }, () => new Float32Array(rows))
  const labels = weights.map(() => new Float32Array(rows))
  const x = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < columns; c++) numeric[c][row] = x[c] = normal(draw)
    weights.forEach((w, t) => (labels[t][row] = bend(dot(w, x)) + noise * normal(noises[t])))
  }
  return {
    name: `part-${s + 1}`, rows, categorical: [], numeric, labels,
    parts: splitByOrder(rows, { train: 0.7, validation: 0.1, test: 0.2 }),
  }
}
