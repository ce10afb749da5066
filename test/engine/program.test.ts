import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { nameOf } from '../../src/engine/program/body.js'
import type { Training } from '../../src/engine/engine.js'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { adam, sgd } from '../../src/engine/program/optimizer.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import { buildModel, mlp, mmoe, type ModelSpec } from '../../src/models/registry.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { feedOf, fly, makeRows } from '../models/flight.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const two: Features = { categorical: [], numeric: ['a', 'b'] }
const rich: Features = { categorical: [{ name: 'c', size: 4 }], numeric: ['a', 'b'] }
const click: readonly Task[] = [{ name: 'y', kind: 'binary' }]
const both: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]

const trainingOf = (
  spec: ModelSpec,
  features: Features,
  tasks: readonly Task[],
  more: Partial<Training> = {},
): Training => {
  const model = buildModel(spec)
  return {
    model, features, tasks, layout: buildLayout(model.segments(features, tasks)), optimizer: sgd(0.5),
    taskWeights: tasks.map(() => 1 / tasks.length), proximal: false, proximalSegments: [],
    batch: 2, chunk: 1, cohort: 1, ...more,
  }
}

describe('one step by hand', () => {
  // x = [[1, 2], [3, -1]], W = [[1, 0], [0, 1]], b = 0: h = relu(x) = [[1, 2], [3, 0]]
  // head (1, -1), bias 1: z = [0, 4]; labels 1, 0: slopes (1/2 - 1) / 2 and s / 2 with s = sigmoid(4)
  const training = trainingOf(mlp({ hidden: [2] }), two, click)
  const rows = {
    padded: 16, categorical: [[], []], numeric: [[1, 2], [3, -1]], labels: [[1], [0]], uniform: () => [],
  }
  const values = Float32Array.from([1, 0, 0, 1, 0, 0, 1, -1, 1])
  const s = 1 / (1 + Math.exp(-4))
  const [d1, d2] = [-0.25, s / 2]
  const { outputs, shapes, read } = fly(trainingBody(training, 1), feedOf(training, values, [rows]))
  const after = (name: string, expected: number[]) =>
    expected.forEach((v, i) => expect(outputs[`parameter/${name}`][i]).toBeCloseTo(v, 6))

  test('the loss is the mean over the two real rows of sixteen', () => {
    expect(outputs['loss/0/y'][0]).toBeCloseTo((Math.log(2) + Math.log(1 + Math.exp(4))) / 2, 6)
  })

  test('the head moves by rate * h d', () => {
    after('tower.1.weight', [1 - 0.5 * (1 * d1 + 3 * d2), -1 - 0.5 * 2 * d1])
    after('tower.1.bias', [1 - 0.5 * (d1 + d2)])
  })

  test('the hidden layer moves by rate * x d, but where ReLU is closed', () => {
    // dh = d (1, -1); row 2's second unit is closed
    const [w11, w12] = [1 - 0.5 * (1 * d1 + 3 * d2), 0 + 0.5 * 1 * d1]
    const [w21, w22] = [0 - 0.5 * (2 * d1 - 1 * d2), 1 + 0.5 * 2 * d1]
    after('bottom.1.weight', [w11, w12, w21, w22])
    after('bottom.1.bias', [-0.5 * (d1 + d2), 0.5 * d1])
  })

  test('inputs and outputs are these and no others, in the shapes of the segments', () => {
    expect(read.toSorted()).toEqual([
      'label-weight/0/y', 'label/0/y', 'numeric/0', 'parameter/bottom.1.bias', 'parameter/bottom.1.weight',
      'parameter/tower.1.bias', 'parameter/tower.1.weight', 'scalar/rate/0',
    ])
    expect(shapes).toEqual({
      'loss/0/y': [], 'parameter/bottom.1.weight': [2, 2], 'parameter/bottom.1.bias': [1, 2],
      'parameter/tower.1.weight': [2, 1], 'parameter/tower.1.bias': [1, 1],
    })
  })

  test('scores are logits', () => {
    const { outputs: served } = fly(scoringBody(training, 2), feedOf(training, values, [rows]))
    expect(served['score/y'].length).toBe(16)
    expect([...served['score/y'].slice(0, 2)]).toEqual([0, expect.closeTo(Math.log(s / (1 - s)), 6)])
  })
})

const full = mmoe({ embedding: 2, experts: 2, expert: [4, 3], tower: [3], batchNorm: true })

test('padding: rows in a batch of 16 give the same as in one of 48, whatever lies in the padding', () => {
  const of = (batch: number) => {
    const training = trainingOf(full, rich, both, { batch, optimizer: adam(0.01, { epsilon: 1e-3 }) })
    const rows = { ...makeRows({ ...training, batch: 16 }, 5, 'padding', 0.2), padded: batch }
    const plain = feedOf(training, initialize(training.layout, streams('p')), [rows, rows])
    const body = trainingBody(training, 2)
    return fly(body, (source, shape) => {
      const values = Float32Array.from(plain(source, shape))
      const width = shape[1] ?? 1
      if (source.kind === 'numeric') values.fill(1e3, 5 * width)
      if (source.kind === 'categorical') values.fill(3, 5 * width)
      return values
    }).outputs
  }
  const [small, large] = [of(16), of(48)]
  expect(Object.keys(small)).toEqual(Object.keys(large))
  for (const [name, values] of Object.entries(small)) {
    values.forEach((v, i) => expect(v, name).toBeCloseTo(large[name][i], 5))
  }
})

test('each dropout of each step asks for draws of its own, of the shape of what it drops', () => {
  const spec = mmoe({ embedding: 2, experts: 2, expert: [4, 3], tower: [3], dropout: 0.5 })
  const training = trainingOf(spec, rich, both, { batch: 16 })
  const asked: Record<string, readonly number[]> = {}
  const steps = [makeRows(training, 16, '1'), makeRows(training, 16, '2')]
  const feed = feedOf(training, initialize(training.layout, streams('d')), steps)
  fly(trainingBody(training, 2), (source, shape) => {
    if (source.kind === 'uniform') asked[nameOf(source)] = shape
    return feed(source, shape)
  })
  expect(asked).toEqual({
    'uniform/0/0': [16, 8], 'uniform/0/1': [2, 16, 3], 'uniform/0/2': [2, 16, 3],
    'uniform/1/0': [16, 8], 'uniform/1/1': [2, 16, 3], 'uniform/1/2': [2, 16, 3],
  })
})

describe('the proximal term', () => {
  test('pulls covered segments to the anchor: with no slope, by rate * mu of the way', () => {
    const proximal = { proximal: true, proximalSegments: ['bottom.1.weight'] }
    const training = trainingOf(mlp({ hidden: [2] }), two, click, proximal)
    const rows = { padded: 16, categorical: [[]], numeric: [[0, 0]], labels: [[Number.NaN]], uniform: () => [] }
    const values = new Float32Array(9).fill(1)
    const feed = feedOf(training, values, [rows], { anchor: new Float32Array(9).fill(5), mu: 0.25 })
    const { outputs, read } = fly(trainingBody(training, 1), feed)
    expect([...outputs['parameter/bottom.1.weight']]).toEqual([1.5, 1.5, 1.5, 1.5])
    expect([...outputs['parameter/tower.1.weight']]).toEqual([1, 1])
    expect(outputs['loss/0/y'][0]).toBe(0)
    expect(read.filter((name) => name.startsWith('anchor'))).toEqual(['anchor/bottom.1.weight'])
  })
})

test('task weights: a task of weight 0 is scored but trains nothing', () => {
  const training = trainingOf(full, rich, both, { batch: 16, taskWeights: [1, 0] })
  const rows = makeRows(training, 16, 'w')
  const values = initialize(training.layout, streams('w'))
  const { outputs } = fly(trainingBody(training, 1), feedOf(training, values, [rows]))
  expect(outputs['loss/0/ctcvr'][0]).toBeGreaterThan(0.1)
  const { offset, size } = training.layout.segments.find(({ name }) => name === 'tower.2.weight')!
  const moved = outputs['parameter/tower.2.weight'].map((v, i) => v - values[offset + i])
  expect([...moved.slice(size / 2)].map(Math.abs)).toEqual([0, 0, 0])
  expect(moved.slice(0, size / 2).some((v) => v !== 0)).toBe(true)
})
