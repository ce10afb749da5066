import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, test } from 'vitest'
import type { Training } from '../../src/engine/engine.js'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { defineModel, inputs, linear, perceptron, towers } from '../../src/index.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { feedOf, fly, makeRows } from './flight.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/* The guide quotes what stands between the two marks. */
// <gated>
/**
 * A shared bottom whose input passes through a gate of its own, feature by feature (after GateNet, Huang et al. 2020).
 */
const gated = defineModel('gated', ({ features, tasks }) => {
  const input = inputs(features, { embedding: 4 })
  const gate = linear('gate', input.width, input.width, { role: 'gate' })
  const bottom = perceptron('bottom', input.width, [16, 8], { role: 'bottom', dropout: 0.1 })
  const tower = towers('tower', tasks, { from: bottom.width, hidden: [4], shared: true })
  return {
    layers: [input, gate, bottom, tower],
    forward: (run) => {
      const x = input.apply(undefined, run)
      const open = tf.sigmoid(gate.apply(x, run))
      return tower.apply({ all: bottom.apply(tf.mul(x, open), run) }, run)
    },
  }
})
// </gated>

const features: Features = { categorical: [{ name: 'country', size: 3 }], numeric: ['age', 'price'] }
const tasks: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]

const trainingOf = (model: Training['model']): Training => ({
  model, features, tasks, layout: buildLayout(model.segments(features, tasks)),
  optimizer: { kind: 'adam', rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  taskWeights: [0.5, 0.5], proximal: false, proximalSegments: [], batch: 16, chunk: 30, cohort: 1,
})

test('a model of twenty lines has a layout with roles', () => {
  const layout = buildLayout(gated.segments(features, tasks))
  expect(layout.segments.map(({ name, shape, role }) => `${name} [${shape.join()}] ${role}`)).toEqual([
    'embedding [3,4] embedding',
    'numeric.weight [2,4] input', 'numeric.bias [1,4] input',
    'gate.weight [8,8] gate', 'gate.bias [1,8] gate',
    'bottom.1.weight [8,16] bottom', 'bottom.1.bias [1,16] bottom',
    'bottom.2.weight [16,8] bottom', 'bottom.2.bias [1,8] bottom',
    'tower.1.weight [8,2,4] tower', 'tower.1.bias [1,2,4] tower',
    'tower.2.weight [2,4,1] tower', 'tower.2.bias [2,1,1] tower',
  ])
})

test('and learns: thirty steps on sixteen rows bring both losses down, and nothing is dropped when serving', () => {
  const training = trainingOf(gated)
  const values = initialize(training.layout, streams('1'))
  const rows = makeRows(training, 16, 'learn')
  const { outputs } = fly(trainingBody(training, 30), feedOf(training, values, Array(30).fill(rows)))
  for (const { name } of tasks) expect(outputs[`loss/29/${name}`][0]).toBeLessThan(0.8 * outputs[`loss/0/${name}`][0])
  const served = fly(scoringBody(training, 16), feedOf(training, values, [rows]))
  expect(served.read.filter((name) => name.startsWith('uniform'))).toEqual([])
})

test('a segment that reaches no head, a missing head and a wrong shape are named', () => {
  const one = (layers: string[], head: (x: tf.Tensor) => Record<string, tf.Tensor>) =>
    trainingOf(
      defineModel('mine', ({ features: seen }) => {
        const input = inputs(seen, { embedding: 1 })
        const all = layers.map((name) => linear(name, input.width, 1))
        return { layers: [input, ...all], forward: (run) => head(all[0].apply(input.apply(undefined, run), run)) }
      }),
    )
  const run = (training: Training) => () => {
    const values = new Float32Array(training.layout.size)
    return tf.tidy(() => fly(trainingBody(training, 1), feedOf(training, values, [makeRows(training, 16, '1')])))
  }
  const both = (x: tf.Tensor) => ({ ctr: x, ctcvr: x })
  expect(run(one(['used'], both))).not.toThrow()
  expect(run(one(['used', 'idle'], both))).toThrow(/Segment 'idle.weight' of model 'mine' reaches no head/)
  expect(run(one(['used'], (x) => ({ ctr: x })))).toThrow(/'mine' gave no head 'ctcvr' that fits, but none: return .* shape \[16,1\]/)
  expect(run(one(['used'], (x) => ({ ctr: x, ctcvr: tf.reshape(x, [16]) })))).toThrow(/but one of shape \[16\]: return/)
})
