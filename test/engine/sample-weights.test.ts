import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Table } from '../../src/data/table.js'
import type { Engine, TrainResult, Training, Weighting } from '../../src/engine/engine.js'
import { openEngine, type EngineName } from '../../src/engine/open.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { buildLayout } from '../../src/models/layout.js'
import type { Features, Model } from '../../src/models/model.js'
import { normal, permutation, streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { addRow } from '../../src/tensors/ops.js'
import { bitsOf, jobsOf, tableOf, trainAll, trainingOf } from './flight.js'
import { nativeHere } from './native.js'

/*
 * Weighted training against a slow, obvious calculation in double precision: three linear models side by side, a binary,
 * a regression and a multiclass one, in plain loops over rows.
 */

const features: Features = { categorical: [], numeric: ['x', 'y'] }
const tasks: readonly Task[] = [
  { name: 'click', kind: 'binary' }, { name: 'watched', kind: 'regression' },
  { name: 'stars', kind: 'multiclass', classes: 3 },
]
const heads = [1, 1, 3]
const [inputs, outputs] = [3, 5]

/** Head h is [x, y, 1] times its own columns of one matrix. */
const linear: Model = {
  name: 'linear',
  segments: () => [
    { name: 'w', shape: [2, outputs], axes: ['in', 'out'], role: 'tower', initial: { kind: 'constant', value: 0 } },
    { name: 'b', shape: [1, outputs], axes: ['row', 'out'], role: 'tower', initial: { kind: 'constant', value: 0 } },
  ],
  forward({ w, b }, { numeric }) {
    const [click, watched, stars] = tf.split(addRow(tf.matMul(numeric, w), b), heads, 1)
    return { heads: { click, watched, stars } }
  },
}

const [rate, batch, epochs] = [0.1, 8, 2]
const training = (weighting?: Weighting): Training => ({
  model: linear, features, tasks, layout: buildLayout(linear.segments(features, tasks)), optimizer: sgd(rate),
  taskWeights: [1, 1, 1], proximal: false, proximalSegments: [], batch, chunk: 2, cohort: 2,
  ...(weighting && { weighting }),
})

const draw = streams('sample weights')('table')
const rows = 37
const plain: Table = {
  rows,
  categorical: new Int32Array(0),
  numeric: Float32Array.from({ length: rows * 2 }, () => normal(draw)),
  labels: Float32Array.from({ length: rows * 3 }, (_, i) => {
    if (draw() < 0.2) return NaN
    return [Number(draw() < 0.3), normal(draw), Math.floor(draw() * 3)][i % 3]
  }),
}
const weighed = (weight: (row: number, task: number) => number): Table => ({
  ...plain, weights: Float32Array.from({ length: rows * 3 }, (_, i) => weight(Math.floor(i / 3), i % 3)),
})
const uneven = weighed(() => (draw() < 0.25 ? 0 : draw() * 3))
const extreme = weighed(() => 10 ** (12 * draw() - 6))
const start = Float32Array.from({ length: inputs * outputs }, () => normal(draw) / 2)
const plan = { epochs, seed: 'sample weights', key: ['client'] }

/** d loss / d head and the loss of one row. */
const slopeOf = (task: number, z: readonly number[], y: number): { slope: number[]; loss: number } => {
  if (task === 0) return { slope: [1 / (1 + Math.exp(-z[0])) - y], loss: Math.log1p(Math.exp(z[0])) - z[0] * y }
  if (task === 1) return { slope: [2 * (z[0] - y)], loss: (z[0] - y) ** 2 }
  const total = z.reduce((sum, value) => sum + Math.exp(value), 0)
  return {
    slope: z.map((value, c) => Math.exp(value) / total - Number(c === y)), loss: Math.log(total) - z[y],
  }
}

/** The slow way: every row's weight, its mean over the client, one batch after the other. */
const slowly = (table: Table, { byClass = {}, scale = 'mean' }: Weighting = {}) => {
  const theta = Array.from(start)
  const weightOf = (row: number, t: number): number => {
    const y = table.labels[row * 3 + t]
    return Number.isNaN(y) ? 0 : (table.weights?.[row * 3 + t] ?? 1) * (byClass[tasks[t].name]?.[y] ?? 1)
  }
  const units = tasks.map((_, t) => {
    const own = Array.from({ length: rows }, (_gone, row) => weightOf(row, t)).filter((weight) => weight > 0)
    return scale === 'given' ? 1 : own.reduce((sum, weight) => sum + weight, 0) / own.length
  })
  const losses = tasks.map((): number[] => [])
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(rows, streams(plan.seed)(...plan.key, 'order', epoch))
    for (let from = 0; from < rows; from += batch) {
      const gradient = theta.map(() => 0)
      tasks.forEach((_, t) => {
        const known = [...order.slice(from, from + batch)].filter((row) => weightOf(row, t) > 0)
        let mean = 0
        for (const row of known) {
          const x = [plain.numeric[row * 2], plain.numeric[row * 2 + 1], 1]
          const first = heads.slice(0, t).reduce((sum, width) => sum + width, 0)
          const z = Array.from({ length: heads[t] }, (_gone, c) =>
            x.reduce((sum, value, i) => sum + value * theta[i * outputs + first + c], 0))
          const { slope, loss } = slopeOf(t, z, table.labels[row * 3 + t])
          const share = weightOf(row, t) / units[t] / known.length
          mean += share * loss
          slope.forEach((s, c) => x.forEach((value, i) => (gradient[i * outputs + first + c] += share * s * value)))
        }
        if (known.length > 0) losses[t].push(mean)
      })
      gradient.forEach((slope, i) => (theta[i] -= rate * slope))
    }
  }
  return { parameters: theta, losses: losses.map((own) => own.reduce((sum, loss) => sum + loss, 0) / own.length) }
}

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))
const open = async (engine: EngineName, workers = 0): Promise<Engine> => {
  const made = await openEngine({ engine, workers })
  opened.push(made)
  return made
}

let handles = 0
const trained = async (engine: Engine, table: Table, weighting?: Weighting): Promise<TrainResult> => {
  const { program } = await engine.prepare(training(weighting))
  const data = `data ${handles++}`
  await engine.register(data, table)
  const [result] = await trainAll(engine, [{ kind: 'train', client: 'c', program, data, parameters: start, plan }])
  return result
}

const native = await nativeHere('sample weights in the engines tfjs-node and tfjs-node-eager')
const names: EngineName[] = ['onnx', 'tfjs', ...(native ? ['tfjs-node', 'tfjs-node-eager'] as const : [])]

const cases: readonly (readonly [string, Table, Weighting])[] = [
  ['nothing', plain, {}],
  ['weights of rows, a quarter of them 0', uneven, {}],
  ['weights of rows, as given', uneven, { scale: 'given' }],
  ['weights from 1e-6 to 1e6', extreme, {}],
  ['weights of classes', plain, { byClass: { click: [1, 4], stars: [0, 1, 5] } }],
  ['weights of classes, as given', plain, { byClass: { click: [1, 4], stars: [0.5, 1, 5] }, scale: 'given' }],
  ['both', uneven, { byClass: { click: [1, 4], stars: [2, 1, 1] } }],
]

describe.each(names)('training in %s', (name) => {
  const engine = open(name)

  it.each(cases)('weighed by %s is that of the slow calculation', async (_, table, weighting) => {
    const [got, wanted] = [await trained(await engine, table, weighting), slowly(table, weighting)]
    const size = Math.max(...wanted.parameters.map(Math.abs))
    wanted.parameters.forEach((value, i) => expect(Math.abs(got.parameters[i] - value) / size, `${i}`).toBeLessThan(2e-6))
    wanted.losses.forEach((loss, t) => expect(got.losses[t] / loss, tasks[t].name).toBeCloseTo(1, 5))
  })

  it('is bit for bit the unweighted one where all weights are equal, whatever they are', async () => {
    const wanted = bitsOf(await trained(await engine, plain))
    for (const weight of [1, 0.3, 1e-6, 1e6, 1e-30, 3e38]) {
      expect(bitsOf(await trained(await engine, weighed(() => weight)))).toEqual(wanted)
    }
    const alike = { byClass: { click: [0.7, 0.7], stars: [1e-9, 1e-9, 1e-9] } }
    expect(bitsOf(await trained(await engine, weighed(() => 0.1), alike))).toEqual(wanted)
  })

  it('takes a row of weight 0 for one without the label, and a task of such rows for one that is not there', async () => {
    const out = (row: number, task: number): boolean => task === 1 || (row + task) % 3 === 0
    const zero = await trained(await engine, weighed((row, task) => (out(row, task) ? 0 : 1)))
    const labels = plain.labels.map((label, i) => (out(Math.floor(i / 3), i % 3) ? NaN : label))
    expect(bitsOf(zero)).toEqual(bitsOf(await trained(await engine, { ...plain, labels })))
    const classless = await trained(await engine, plain, { byClass: { click: [0, 1] } })
    const positives = plain.labels.map((label, i) => (i % 3 === 0 && label === 0 ? NaN : label))
    expect(bitsOf(classless)).toEqual(bitsOf(await trained(await engine, { ...plain, labels: positives })))
  })
})

it('weights another task\'s rows by nothing: it learns as before, bit for bit', async () => {
  const engine = await open('tfjs')
  const [all, one] = [await trained(engine, plain), await trained(engine, weighed((row, task) => (task === 0 ? 1 + row : 1)))]
  const others = (result: TrainResult): number[] => [...result.parameters].filter((_, i) => i % outputs > 0)
  expect(others(one)).toEqual(others(all))
  expect(one.parameters[0]).not.toBe(all.parameters[0])
})

it('gives a weighted batch its share of the client\'s whole weighted loss: the mean over batches is that of the rows', async () => {
  // The rate is so small that nothing moves, and all batches are full: then one epoch's loss is sum(w l) / sum(w).
  const engine = await open('tfjs')
  const full: Table = { ...plain, rows: 32, labels: plain.labels.slice(0, 96).map((y) => (Number.isNaN(y) ? 1 : y)) }
  const weights = Float32Array.from({ length: 96 }, (_, i) => (full.labels[i] === 1 ? 50 : 1))
  const still = { ...training(), optimizer: sgd(1e-30) }
  const { program } = await engine.prepare(still)
  await engine.register('full', { ...full, numeric: plain.numeric.slice(0, 64), weights })
  const [{ losses }] = await trainAll(engine, [
    { kind: 'train', client: 'c', program, data: 'full', parameters: new Float32Array(15), plan: { ...plan, epochs: 1 } },
  ])
  const [sum, whole] = [0, 1].map((part) => Array.from({ length: 32 }, (_, row) =>
    weights[row * 3 + 1] * (part === 0 ? full.labels[row * 3 + 1] ** 2 : 1)).reduce((a, b) => a + b, 0))
  expect(losses[1] / (sum / whole)).toBeCloseTo(1, 6)
})

it('pulls positives that are rare and heavy by all their weight; divided by a batch\'s own sum it would be a third', async () => {
  // One in a thousand, with a weight of a thousand: at a logit of 0 both classes pull alike, and nothing moves.
  const [many, heavy] = [20_480, 1023]
  const positive = (row: number): boolean => row % 1024 === 0
  const labels = Float32Array.from({ length: many * 3 }, (_, i) => (i % 3 === 0 ? Number(positive((i - i % 3) / 3)) : NaN))
  const engine = await open('tfjs')
  const slow = { ...training({ byClass: { click: [1, heavy] } }), optimizer: sgd(1e-6), batch: 256 }
  const { program } = await engine.prepare(slow)
  await engine.register('rare', { rows: many, categorical: new Int32Array(0), numeric: new Float32Array(many * 2), labels })
  const [{ parameters, steps }] = await trainAll(engine, [
    { kind: 'train', client: 'c', program, data: 'rare', parameters: new Float32Array(15), plan: { ...plan, epochs: 1 } },
  ])
  // Pulls in the mean over steps: 1/2 where only negatives pull, 0 where both pull alike.
  const bias = 2 * outputs
  expect(Math.abs(parameters[bias] / 1e-6 / steps)).toBeLessThan(1e-3)
  const order = permutation(many, streams(plan.seed)(...plan.key, 'order', 0))
  const shares = Array.from({ length: steps }, (_, step) => {
    const k = [...order.slice(step * 256, step * 256 + 256)].filter(positive).length
    return (k * heavy) / (k * heavy + 256 - k)
  })
  const byBatch = shares.reduce((sum, share) => sum + share, 0) / steps
  expect(byBatch).toBeGreaterThan(0.12)
  expect(byBatch).toBeLessThan(0.22)
})

it.each([['onnx', 2] as const, ...(native ? [['tfjs-node', 2] as const] : [])])(
  'travels to %s with %d workers, in cohorts, bit for bit', async (name, workers) => {
    const weightedJobs = async (engine: Engine) => {
      const about = trainingOf({ weighting: { byClass: { ctr: [1, 3], rating: [1, 2, 3] } } })
      const jobs = await jobsOf(engine, about, 4)
      for (const [i, job] of jobs.entries()) {
        const table = tableOf(5 + ((i * 13) % 50), i)
        const weights = table.labels.map((_, place) => (place * 7) % 5)
        await engine.register(`${job.data} weighed`, { ...table, weights })
      }
      return jobs.map((job) => ({ ...job, data: `${job.data} weighed` }))
    }
    const [alone, many] = [await open(name), await open(name, workers)]
    const wanted = (await trainAll(alone, await weightedJobs(alone))).map(bitsOf)
    expect((await trainAll(many, await weightedJobs(many))).map(bitsOf)).toEqual(wanted)
    const other = await open(name)
    const unweighted = (await trainAll(other, await jobsOf(other, trainingOf(), 4))).map(bitsOf)
    expect(unweighted).not.toEqual(wanted)
  },
)

it('data with weights that no loss can be made of is not taken', async () => {
  const engine = await openEngine({ engine: 'tfjs' })
  opened.push(engine)
  const none = plain.labels.findIndex((label) => Number.isNaN(label))
  const known = plain.labels.findIndex((label) => !Number.isNaN(label))
  const odd = (at: number, value: number): Table => weighed((row, task) => (row * 3 + task === at ? value : 1))
  for (const value of [-1, NaN, Infinity]) {
    await expect(engine.register(`odd ${value}`, odd(known, value))).rejects
      .toThrow(`data 'odd ${value}' has the weight ${value} at place ${known} of [rows, tasks]`)
    await engine.register(`odd ${value}`, odd(none, value))
  }
  const short = { ...plain, weights: new Float32Array(rows) }
  await expect(engine.register('short', short)).rejects.toThrow(`data 'short' has ${rows} weights for ${rows * 3} labels`)
})
