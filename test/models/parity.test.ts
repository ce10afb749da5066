import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Training } from '../../src/engine/engine.js'
import type { Optimizer } from '../../src/engine/program/optimizer.js'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import {
  aitm, buildModel, cgc, crossStitch, esmm, linearModel, mlp, mmoe, omoe, ple, sharedBottom, singleTask, star,
  type ModelSpec,
} from '../../src/models/registry.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { feedOf, fly, makeRows } from './flight.js'
import { omoeLogits, pleLogits } from './reference-mixtures.js'
import {
  aitmLogits, aitmPenalty, crossStitchLogits, esmmLogits, linearModelLogits, singleTaskLogits,
} from './reference-networks.js'
import { starLogits } from './reference-star.js'
import {
  adamRule, mmoeLogits, momentumRule, scoresOf, sharedBottomLogits, train, type Logits, type Rule, type Shapes, type Values,
} from './reference.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const features: Features = {
  categorical: [{ name: 'country', size: 3 }, { name: 'page', size: 4 }],
  numeric: ['age', 'price', 'hour'],
}
const pooled: Features = { ...features, categorical: [...features.categorical, { name: 'scenario', size: 4 }] }
const columns: Features = { categorical: [], numeric: ['a', 'b', 'c', 'd'] }
const binary: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]
const mixed: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'kind', kind: 'multiclass', classes: 3 }]
const steps: readonly Task[] = [...binary, { name: 'again', kind: 'binary' }]
const numbers: readonly Task[] = [
  { name: 'vcr', kind: 'regression' }, { name: 'ctr', kind: 'binary' }, { name: 'wait', kind: 'regression' },
]
const classes: readonly Task[] = [{ name: 'y', kind: 'multiclass', classes: 4 }]

interface Case {
  readonly name: string
  readonly spec: Exclude<ModelSpec, { kind: 'ranker' }>
  readonly logits: Logits
  readonly features: Features
  readonly tasks: readonly Task[]
  readonly optimizer: Optimizer
  readonly rule: Rule
  /** Real rows of each step, the batch being the most. */
  readonly counts: readonly number[]
  readonly missing?: number
  readonly mu?: number
  /** What the model adds to a task's loss. */
  readonly penalty?: Shapes['penalty']
}

const sgd = (rate: number, momentum = 0) => ({
  optimizer: { kind: 'sgd', rate, momentum } as const, rule: momentumRule(rate, momentum),
})
/**
 * Epsilon is large where batch normalisation makes gradients of biases vanish: Adam would blow their noise up to steps.
 */
const adam = (rate: number, epsilon = 1e-8) => ({
  optimizer: { kind: 'adam', rate, beta1: 0.9, beta2: 0.999, epsilon } as const,
  rule: adamRule(rate, 0.9, 0.999, epsilon),
})
const world = { features, tasks: binary }

const cases: readonly Case[] = [
  {
    name: 'mmoe, one expert layer, SGD, a full batch',
    spec: mmoe({ embedding: 2, experts: 3, expert: [4], tower: [3] }),
    logits: mmoeLogits(3, [4], [3]), ...world, ...sgd(0.2), counts: [16, 16, 16],
  },
  {
    name: 'mmoe, two expert layers, Adam, padded and ragged batches, missing labels',
    spec: mmoe({ embedding: 2, experts: 2, expert: [4, 3], tower: [3, 2] }),
    logits: mmoeLogits(2, [4, 3], [3, 2]), ...world, ...adam(0.01), counts: [7, 7, 2], missing: 0.3,
  },
  {
    name: 'mmoe, batch normalisation and dropout everywhere, Adam, ragged',
    spec: mmoe({ embedding: 2, experts: 2, expert: [3, 3], tower: [3], dropout: 0.3, batchNorm: true }),
    logits: mmoeLogits(2, [3, 3], [3]), ...world, ...adam(0.01, 1e-3), counts: [13, 13, 4],
  },
  {
    name: 'mmoe, towers of a binary and a multiclass task, momentum',
    spec: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2], dropout: 0.2 }),
    logits: mmoeLogits(2, [3], [2]), features, tasks: mixed, ...sgd(0.1, 0.9), counts: [9, 9, 3], missing: 0.2,
  },
  {
    name: 'mmoe, a single task, SGD',
    spec: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
    logits: mmoeLogits(2, [3], [2]), features, tasks: binary.slice(0, 1), ...sgd(0.2), counts: [6, 6],
  },
  {
    name: 'mmoe, linear towers, two numeric fields, batch norm, momentum, proximal term',
    spec: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [], batchNorm: true, numericFields: 2 }),
    logits: mmoeLogits(2, [3], []), ...world, ...sgd(0.1, 0.5), counts: [6, 6], mu: 0.7,
  },
  {
    name: 'shared bottom, momentum, dropout, batch normalisation',
    spec: sharedBottom({ embedding: 2, bottom: [4, 3], tower: [3], dropout: 0.25, batchNorm: true }),
    logits: sharedBottomLogits([4, 3], [3]), ...world, ...sgd(0.1, 0.9), counts: [11, 11, 5],
  },
  {
    name: 'shared bottom, towers of different widths, Adam, proximal term',
    spec: sharedBottom({ embedding: 3, bottom: [4], tower: [3] }),
    logits: sharedBottomLogits([4], [3]), features, tasks: mixed, ...adam(0.01), counts: [5, 5, 1], mu: 0.3,
  },
  {
    name: 'shared bottom, regressions beside a binary task, Adam, missing labels',
    spec: sharedBottom({ embedding: 2, bottom: [4], tower: [3] }),
    logits: sharedBottomLogits([4], [3]), features, tasks: numbers, ...adam(0.01), counts: [7, 7, 3], missing: 0.3,
  },
  {
    name: 'omoe, two expert layers, dropout, batch normalisation, Adam, missing labels',
    spec: omoe({ embedding: 2, experts: 3, expert: [4, 3], tower: [3], dropout: 0.2, batchNorm: true }),
    logits: omoeLogits(3, [4, 3], [3]), features, tasks: numbers, ...adam(0.01, 1e-3), counts: [9, 9, 4], missing: 0.2,
  },
  {
    name: 'cgc, one shared and two own experts, SGD, missing labels',
    spec: cgc({ embedding: 2, shared: 1, specific: 2, expert: [4], tower: [3] }),
    logits: pleLogits(1, 2, [[4]], [3]), ...world, ...sgd(0.2), counts: [7, 7, 2], missing: 0.3,
  },
  {
    name: 'cgc, two shared and one own expert, three tasks of two kinds, dropout, batch normalisation, momentum',
    spec: cgc({ embedding: 2, shared: 2, specific: 1, expert: [3, 2], tower: [2], dropout: 0.2, batchNorm: true }),
    logits: pleLogits(2, 1, [[3, 2]], [2]), features, tasks: numbers, ...sgd(0.1, 0.9), counts: [11, 11, 5],
  },
  {
    name: 'ple, two levels, Adam, padded and ragged batches, missing labels, linear towers',
    spec: ple({ embedding: 2, shared: 1, specific: 1, levels: [[4], [3]], tower: [] }),
    logits: pleLogits(1, 1, [[4], [3]], []), ...world, ...adam(0.01), counts: [5, 5, 1], missing: 0.3,
  },
  {
    name: 'ple, three levels, more shared than own experts, dropout, batch normalisation, SGD',
    spec: ple({
      embedding: 2, shared: 2, specific: 1, levels: [[3], [4, 2], [3]], tower: [2], dropout: 0.2, batchNorm: true,
    }),
    logits: pleLogits(2, 1, [[3], [4, 2], [3]], [2]), features, tasks: mixed, ...sgd(0.1), counts: [6, 6], mu: 0.4,
  },
  {
    name: 'ple, no experts of their own, a single task',
    spec: ple({ embedding: 2, shared: 2, specific: 0, levels: [[3], [3]], tower: [2] }),
    logits: pleLogits(2, 0, [[3], [3]], [2]), features, tasks: binary.slice(0, 1), ...sgd(0.2), counts: [6, 6],
  },
  {
    name: 'single-task, three tasks of two kinds, dropout, batch normalisation, momentum',
    spec: singleTask({ embedding: 2, bottom: [4, 3], tower: [3], dropout: 0.2, batchNorm: true }),
    logits: singleTaskLogits([4, 3], [3]), features, tasks: numbers, ...sgd(0.1, 0.9), counts: [8, 8, 3], missing: 0.2,
  },
  {
    name: 'cross-stitch, two layers, three tasks, dropout, batch normalisation, Adam',
    spec: crossStitch({ embedding: 2, bottom: [4, 3], tower: [2], dropout: 0.2, batchNorm: true }),
    logits: crossStitchLogits([4, 3], [2]), features, tasks: numbers, ...adam(0.01, 1e-3), counts: [9, 9, 4],
  },
  {
    name: 'cross-stitch, SGD, padded batches, missing labels',
    spec: crossStitch({ embedding: 2, bottom: [4, 3], tower: [], same: 0.7 }),
    logits: crossStitchLogits([4, 3], []), ...world, ...sgd(0.2), counts: [5, 5, 2], missing: 0.3,
  },
  {
    name: 'cross-stitch, a single task',
    spec: crossStitch({ embedding: 2, bottom: [4], tower: [2] }),
    logits: crossStitchLogits([4], [2]), features, tasks: binary.slice(0, 1), ...sgd(0.2), counts: [5, 5],
  },
  {
    name: 'esmm, Adam, padded and ragged batches, missing labels',
    spec: esmm({ embedding: 2, tower: [4, 3] }),
    logits: esmmLogits([4, 3]), ...world, ...adam(0.01), counts: [7, 7, 2], missing: 0.2,
  },
  {
    name: 'esmm, dropout, batch normalisation, momentum',
    spec: esmm({ embedding: 2, tower: [4], dropout: 0.2, batchNorm: true }),
    logits: esmmLogits([4]), ...world, ...sgd(0.1, 0.9), counts: [9, 9],
  },
  {
    name: 'aitm, three steps, missing labels, dropout, batch normalisation, momentum',
    spec: aitm({ embedding: 2, bottom: [4, 3], tower: [2], dropout: 0.2, batchNorm: true }),
    logits: aitmLogits([4, 3], [2]), features, tasks: steps, ...sgd(0.1, 0.9), counts: [9, 9, 4], missing: 0.2,
    penalty: aitmPenalty(0.6),
  },
  {
    name: 'aitm, linear towers, a strong calibrator, Adam, padded batches',
    spec: aitm({ embedding: 2, bottom: [4], tower: [], calibration: 3 }),
    logits: aitmLogits([4], []), ...world, ...adam(0.01), counts: [7, 7, 2], penalty: aitmPenalty(3),
  },
  {
    name: 'aitm, no calibrator, a single task, SGD',
    spec: aitm({ embedding: 2, bottom: [4], tower: [2], calibration: 0 }),
    logits: aitmLogits([4], [2]), features, tasks: binary.slice(0, 1), ...sgd(0.2), counts: [7, 7],
  },
  {
    name: 'star, a single domain, three tasks of two kinds, Adam, padded and ragged batches, missing labels',
    spec: star({ embedding: 2, hidden: [4, 3], auxiliary: 3 }),
    logits: starLogits([4, 3], { auxiliary: 3, vector: 2, norm: true, domains: 1 }),
    features, tasks: numbers, ...adam(0.01, 1e-3), counts: [7, 7, 2], missing: 0.2,
  },
  {
    name: 'star, a single task and domain without normalisation, SGD',
    spec: star({ embedding: 2, hidden: [4], auxiliary: 3, normalisation: 'none' }),
    logits: starLogits([4], { auxiliary: 3, vector: 2, norm: false, domains: 1 }),
    features, tasks: binary.slice(0, 1), ...sgd(0.2), counts: [6, 6],
  },
  {
    name: 'star, pooled, three domains and unknown ones, momentum, padded and ragged batches',
    spec: star({ embedding: 2, hidden: [4, 3], auxiliary: 3 }),
    logits: starLogits([4, 3], { auxiliary: 3, vector: 2, norm: true, field: 2, domains: 3 }),
    features: pooled, tasks: binary, ...sgd(0.1, 0.9), counts: [15, 15, 4], missing: 0.2,
  },
  {
    name: 'star, pooled by another field, without normalisation, tasks of different widths, proximal term',
    spec: star({ embedding: 2, hidden: [3], auxiliary: 2, normalisation: 'none', domain: 'page' }),
    logits: starLogits([3], { auxiliary: 2, vector: 2, norm: false, field: 1, domains: 3 }),
    features, tasks: mixed, ...sgd(0.1), counts: [9, 9], mu: 0.3,
  },
  {
    name: 'mlp, several classes, SGD',
    spec: mlp({ hidden: [6] }),
    logits: sharedBottomLogits([6], []), features: columns, tasks: classes, ...sgd(0.5), counts: [10, 10, 4],
  },
  {
    name: 'mlp over embeddings, two tasks',
    spec: mlp({ hidden: [4], embedding: 2 }),
    logits: sharedBottomLogits([4], []), ...world, ...sgd(0.5), counts: [3, 3],
  },
  {
    name: 'a linear model, tasks of different widths, missing labels, Adam',
    spec: linearModel({}),
    logits: linearModelLogits, features, tasks: mixed, ...adam(0.01), counts: [8, 8, 3], missing: 0.3,
  },
  {
    name: 'a linear model of numeric columns alone, SGD',
    spec: linearModel({}), logits: linearModelLogits, features: columns, tasks: classes, ...sgd(0.5), counts: [10, 4],
  },
]

const prepare = ({ name, spec, features: seen, tasks, optimizer, counts, missing, mu, penalty }: Case) => {
  const model = buildModel(spec)
  const layout = buildLayout(model.segments(seen, tasks))
  const shared = layout.segments.filter((s) => s.trainable && s.role !== 'gate').map((s) => s.name)
  const training: Training = {
    model, features: seen, tasks, layout, optimizer,
    taskWeights: tasks.map((_, i) => (i + 1) / 3),
    proximal: mu !== undefined, proximalSegments: mu === undefined ? [] : shared,
    batch: counts[0], chunk: counts.length, cohort: 1,
  }
  const draw = streams(name)('jitter')
  // Away from the constants that some segments start with, so that every term has a say.
  const jitter = (size: number) => Float32Array.from({ length: size }, () => draw() * 0.4 - 0.2)
  const noise = jitter(layout.size)
  const values = initialize(layout, streams(name)).map((v, i) => v + noise[i])
  const anchor = jitter(layout.size)
  const steps = counts.map((count, s) => makeRows(training, count, `${name}/${s}`, missing))
  const split = (flat: Float32Array): Values =>
    Object.fromEntries(layout.segments.map((s) => [s.name, Float64Array.from(flat.slice(s.offset, s.offset + s.size))]))
  const width = 'embedding' in spec ? (spec.embedding ?? 8) : 8
  const numericFields = 'numericFields' in spec ? (spec.numericFields ?? 1) : spec.kind === 'mlp' ? 0 : 1
  const shapes = {
    fields: seen.categorical.map((f) => f.size), numeric: seen.numeric.length, tasks, embedding: width,
    numericFields, dropout: 'dropout' in spec ? (spec.dropout ?? 0) : 0, batchNorm: 'batchNorm' in spec ? (spec.batchNorm ?? false) : false, penalty,
  }
  return { training, layout, values, anchor, steps, split, shapes }
}

/** Largest |a - b| / (1 + |b|). */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]) / (1 + Math.abs(b[i])))
  return most
}

/** Single against double precision over at most three steps. */
const tolerance = 5e-6

describe.each(cases)('$name', (one) => {
  const { training, layout, values, anchor, steps, split, shapes } = prepare(one)
  const { logits, rule, mu } = one

  test('trains as the slow reference does', () => {
    const proximal = mu === undefined ? undefined : { mu, anchor: split(anchor), segments: training.proximalSegments }
    const lesson = { logits, shapes, segments: layout.segments, rule, taskWeights: training.taskWeights, proximal }
    const expected = train(lesson, split(values), steps)
    const { outputs } = fly(trainingBody(training, steps.length), feedOf(training, values, steps, { anchor, mu }))
    steps.forEach((_, s) => {
      const seen = one.tasks.map((task) => outputs[`loss/${s}/${task.name}`][0])
      expect(distance(seen, expected.losses[s])).toBeLessThan(tolerance)
    })
    for (const { name, trainable } of layout.segments) {
      expect.soft(distance(outputs[`parameter/${name}`], expected.p[name]), name).toBeLessThan(tolerance)
      if (!trainable) continue
      for (const [slot, state] of Object.entries(expected.slots[name] ?? {})) {
        if (!(`slot/${slot}/${name}` in outputs)) continue
        const scale = slot === 'm' ? 1 - 0.9 : slot === 'v' ? 1 - 0.999 : 1
        const own = outputs[`slot/${slot}/${name}`].map((v) => v * scale)
        expect.soft(distance(own, state), `${slot} of ${name}`).toBeLessThan(tolerance)
      }
    }
    const moved = layout.segments.filter((s) => distance(outputs[`parameter/${s.name}`], split(values)[s.name]) > 1e-4)
    expect(moved.length).toBeGreaterThan(layout.segments.length / 2)
  })

  test('serves as the slow reference does', () => {
    const rows = steps[0]
    const count = rows.numeric.length
    const { outputs, read } = fly(scoringBody(training, count), feedOf(training, values, [rows]))
    const expected = scoresOf(logits, shapes, split(values), rows)
    one.tasks.forEach((task, t) => {
      const width = task.kind === 'multiclass' ? task.classes : 1
      const own = outputs[`score/${task.name}`].slice(0, count * width)
      expect(distance(own, expected[t].flat())).toBeLessThan(tolerance)
    })
    expect(read.filter((name) => /^(label|uniform|weight)/.test(name))).toEqual([])
  })

  test('a chunk of steps is the same numbers as single steps, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    const whole = fly(trainingBody(training, steps.length), feedOf(training, values, steps, { anchor, mu })).outputs
    let flat: Float32Array = values.slice()
    let slots: Record<string, Float32Array> = {}
    steps.forEach((rows, t) => {
      const feed = feedOf(training, flat, [rows], { anchor, mu, slots, t })
      const { outputs } = fly(trainingBody(training, 1), feed)
      const next: Record<string, Float32Array> = { parameter: flat.slice() }
      for (const { name, offset } of layout.segments) {
        next.parameter.set(outputs[`parameter/${name}`], offset)
        for (const slot of ['m', 'v', 'velocity']) {
          const own = outputs[`slot/${slot}/${name}`]
          if (own) (next[slot] ??= new Float32Array(layout.size)).set(own, offset)
        }
      }
      const { parameter, ...rest } = next
      flat = parameter
      slots = rest
    })
    for (const { name, offset, size } of layout.segments) {
      expect([...flat.subarray(offset, offset + size)], name).toEqual([...whole[`parameter/${name}`]])
    }
    expect(tf.memory().numTensors).toBe(before)
  })
})
