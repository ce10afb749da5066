import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import { sharedFloats, sharedInts, type Table } from '../../src/data/table.js'
import type { Engine, Training } from '../../src/engine/engine.js'
import { openEngine, type EngineName } from '../../src/engine/open.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { auc } from '../../src/metrics/auc.js'
import { calibration } from '../../src/metrics/calibration.js'
import { logLoss, logLossMulticlass } from '../../src/metrics/log-loss.js'
import { sigmoid } from '../../src/metrics/logits.js'
import { buildLayout } from '../../src/models/layout.js'
import type { Features, Model } from '../../src/models/model.js'
import { productLogit } from '../../src/models/product-logit.js'
import { normal, streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { addRow } from '../../src/tensors/ops.js'
import { nativeHere } from './native.js'

/* Tasks so rare that single precision has no probability for them: what an engine gives, against double precision. */

const features: Features = { categorical: [], numeric: ['a', 'b'] }
const tasks: readonly Task[] = [
  { name: 'click', kind: 'binary' }, { name: 'both', kind: 'binary' }, { name: 'page', kind: 'multiclass', classes: 2 },
]

/** Its logits are its inputs: a, the logit of sigmoid(a) sigmoid(b), and the pair. */
const bare: Model = {
  name: 'bare',
  segments: () => [
    { name: 'scale', shape: [2, 2], axes: ['in', 'out'], role: 'tower', initial: { kind: 'constant', value: 1 } },
  ],
  forward: ({ scale }, { numeric }) => {
    const both = tf.matMul(numeric, scale)
    const [a, b] = tf.split(both, 2, 1)
    return { heads: { click: a, both: productLogit(a, b), page: both } }
  },
}
const identity = Float32Array.of(1, 0, 0, 1)

const training: Training = {
  model: bare, features, tasks, layout: buildLayout(bare.segments(features, tasks)), optimizer: sgd(0.1),
  taskWeights: [1, 1, 1], proximal: false, proximalSegments: [], batch: 16, chunk: 1, cohort: 4,
}

const tableOf = (pairs: readonly (readonly [number, number])[], positive: (row: number) => number): Table => {
  const [numeric, labels] = [sharedFloats(pairs.length * 2), sharedFloats(pairs.length * 3)]
  pairs.forEach((pair, row) => {
    numeric.set(pair, row * 2)
    labels.fill(positive(row), row * 3, row * 3 + 3)
  })
  return { rows: pairs.length, categorical: sharedInts(0), numeric, labels }
}

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

const scored = async (name: EngineName, tables: readonly Table[]): Promise<(readonly Float32Array[])[]> => {
  const engine = await openEngine({ engine: name, workers: 0 })
  opened.push(engine)
  const { program } = await engine.prepare(training)
  await Promise.all(tables.map((table, i) => engine.register(`table-${i}`, table)))
  const jobs = tables.map((_, i) => ({
    kind: 'score' as const, client: `c${i}`, program, data: `table-${i}`, parameters: identity,
  }))
  return (await Promise.all(engine.score(jobs))).map(({ scores }) => scores)
}

/** log(p / (1 - p)) of p = sigmoid(a) sigmoid(b), by a formula of its own. */
const productOf = (a: number, b: number): number => {
  const exponents = [-a, -b, -a - b]
  const most = Math.max(...exponents)
  return -(most + Math.log(exponents.reduce((sum, e) => sum + Math.exp(e - most), 0)))
}

/** Logits -5, -5.5, ... -40, each beside another. */
const steps = Array.from({ length: 71 }, (_, i): [number, number] => [-5 - i / 2, -40 + i / 3])
const ladder = tableOf(steps, (row) => row % 2)
const columns = [0, 1].map((c) => Float64Array.from(steps, (_, row) => ladder.numeric[row * 2 + c]))

/** 4,000 rows about a logit of -18; those that come true lie one deviation above the others. */
const draw = streams('rare')('rows')
const rare = tableOf(
  Array.from({ length: 4000 }, (_, row): [number, number] => [-18 + normal(draw) + (row % 4 === 0 ? 1 : 0), 1]),
  (row) => Number(row % 4 === 0),
)

const native = await nativeHere('rare events in the engines tfjs-node and tfjs-node-eager')
const names: EngineName[] = ['onnx', 'tfjs', ...(native ? ['tfjs-node', 'tfjs-node-eager'] as const : [])]

describe.each(names)('rare events in %s', (name) => {
  const answers = scored(name, [ladder, rare])

  it('have probabilities that are right to six digits and fall from logit to logit, from -5 to -40', async () => {
    const [[click, both]] = await answers
    const [a, b] = columns
    click.forEach((z, row) => expect(sigmoid(z) / (1 / (1 + Math.exp(-a[row]))), `at ${a[row]}`).toBeCloseTo(1, 6))
    for (let row = 1; row < click.length; row++) expect(sigmoid(click[row])).toBeLessThan(sigmoid(click[row - 1]))
    both.forEach((z, row) => expect(z / productOf(a[row], b[row]), `at ${a[row]}, ${b[row]}`).toBeCloseTo(1, 6))
  })

  it('have the losses of double precision', async () => {
    const [[click, , page]] = await answers
    const [a, b] = columns
    const labels = Float32Array.from(steps, (_, row) => row % 2)
    const mean = (of: (row: number) => number): number => steps.reduce((sum, _, row) => sum + of(row), 0) / steps.length
    const binary = mean((row) => (row % 2 === 1 ? -a[row] : 0) + Math.log1p(Math.exp(a[row])))
    expect(logLoss(click, labels)! / binary).toBeCloseTo(1, 6)
    const two = mean((row) => {
      const [own, other] = row % 2 === 1 ? [b[row], a[row]] : [a[row], b[row]]
      return own > other ? Math.log1p(Math.exp(other - own)) : other - own + Math.log1p(Math.exp(own - other))
    })
    expect(logLossMulticlass(page, labels, 2)! / two).toBeCloseTo(1, 6)
  })

  it('keep their order: AUC at a mean logit of -18 is that of the logits', async () => {
    const [, [click]] = await answers
    const exact = Float64Array.from({ length: rare.rows }, (_, row) => rare.numeric[row * 2])
    const labels = Float32Array.from({ length: rare.rows }, (_, row) => rare.labels[row * 3])
    expect(auc(click, labels)).toBeCloseTo(auc(exact, labels)!, 9)
    expect(auc(exact, labels)).toBeGreaterThan(0.7)
    expect(calibration(click, labels)! / calibration(exact, labels)!).toBeCloseTo(1, 6)
  })
})

/* What one step of training makes of a row: parameters start at 0, so that they become minus the gradient, in full. */

const lessons: readonly Task[] = [
  { name: 'click', kind: 'binary' }, { name: 'both', kind: 'binary' }, { name: 'page', kind: 'multiclass', classes: 2 },
  { name: 'before', kind: 'ranking', within: 'a' },
]

const movable: Model = {
  name: 'movable',
  segments: () => [
    { name: 'bias', shape: [1, 5], axes: ['row', 'out'], role: 'tower', initial: { kind: 'constant', value: 0 } },
  ],
  forward: ({ bias }, { numeric }) => {
    const [click, first, second, page, margin] = tf.split(bias, 5, 1)
    const [a, b] = tf.split(numeric, 2, 1)
    const other = addRow(tf.mul(b, 0), tf.mul(page, 0))
    return {
      heads: {
        click: addRow(a, click),
        both: productLogit(addRow(a, first), addRow(b, second)),
        page: tf.concat([addRow(a, page), other], 1),
        before: tf.neg(addRow(a, margin)),
      },
    }
  },
}

const learning: Training = {
  ...training, model: movable, tasks: lessons, layout: buildLayout(movable.segments(features, lessons)),
  optimizer: sgd(1), taskWeights: [1, 1, 1, 1],
}

/** The gradients of a row without a click at logits a and b, by formulas of their own. */
const slopesOf = (a: number, b: number): number[] => {
  const [pa, pb] = [1 / (1 + Math.exp(-a)), 1 / (1 + Math.exp(-b))]
  const odds = (pa * pb) / (1 - pa * pb)
  return [pa, odds * (1 - pa), odds * (1 - pb), pa, pa]
}

it.each(names)('a row that did not come true has the gradient of double precision in %s, from -5 to -40', async (name) => {
  const engine = await openEngine({ engine: name, workers: 0 })
  opened.push(engine)
  const { program } = await engine.prepare(learning)
  const jobs = steps.map(async ([a, b], row) => {
    const labels = Float32Array.of(0, 0, 1, 1)
    await engine.register(`row-${row}`, { rows: 1, categorical: sharedInts(0), numeric: Float32Array.of(a, b), labels })
    return {
      kind: 'train' as const, client: `c${row}`, program, data: `row-${row}`, parameters: new Float32Array(5),
      plan: { epochs: 1, seed: 's', key: ['k'] },
    }
  })
  const trained = await Promise.all(engine.train(await Promise.all(jobs)))
  trained.forEach(({ parameters }, row) => {
    const [a, b] = columns.map((column) => column[row])
    slopesOf(a, b).forEach((slope, i) => {
      expect(-parameters[i] / slope, `parameter ${i} at ${a}, ${b}`).toBeCloseTo(1, 5)
    })
  })
})
