import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Training } from '../../src/engine/engine.js'
import { sgd } from '../../src/engine/program/optimizer.js'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { sigmoid } from '../../src/metrics/logits.js'
import { buildLayout, initialize, type Layout, type Segment } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import {
  aitm, buildModel, cgc, crossStitch, esmm, mmoe, omoe, ple, sharedBottom, singleTask, star, type ModelSpec,
} from '../../src/models/registry.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { feedOf, fly, makeRows } from './flight.js'

/* Where two models are the same function, they must be the same function: values, and what training makes of them. */

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const features: Features = { categorical: [{ name: 'a', size: 4 }, { name: 'b', size: 3 }], numeric: ['x', 'y'] }
const two: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]
const three: readonly Task[] = [...two, { name: 'vcr', kind: 'regression' }]

const trainingOf = (spec: ModelSpec, tasks: readonly Task[]): Training => {
  const model = buildModel(spec)
  return {
    model, features, tasks, layout: buildLayout(model.segments(features, tasks)), optimizer: sgd(0.3),
    taskWeights: tasks.map(() => 1), proximal: false, proximalSegments: [], batch: 16, chunk: 3, cohort: 1,
  }
}

/** Values of every segment, drawn away from the constants that some start with. */
const drawn = (layout: Layout): Float32Array => {
  const draw = streams('algebra')('values')
  return initialize(layout, streams('algebra')).map((v) => v + draw() * 0.4 - 0.2)
}

const valuesOf = (layout: Layout, flat: Float32Array, name: string): Float32Array => {
  const { offset, size } = layout.segments.find((segment) => segment.name === name)!
  return flat.slice(offset, offset + size)
}

/** The values of one model as another wants them: `from` says where each segment comes from. */
const carried = (layout: Layout, from: (segment: Segment) => ArrayLike<number>): Float32Array => {
  const flat = new Float32Array(layout.size)
  for (const segment of layout.segments) {
    const values = from(segment)
    expect(values.length, segment.name).toBe(segment.size)
    flat.set(Array.from(values), segment.offset)
  }
  return flat
}

/** [a, b, c] to [b, a, c]. */
const swapped = (values: ArrayLike<number>, [a, b, c]: readonly [number, number, number]): number[] =>
  Array.from({ length: a * b * c }, (_, at) => {
    const [j, i, k] = [Math.floor(at / (a * c)), Math.floor(at / c) % a, at % c]
    return values[(i * b + j) * c + k]
  })

const rows = (training: Training, seed: string) => makeRows(training, 13, seed)

const scores = (training: Training, values: Float32Array): number[][] => {
  const { outputs } = fly(scoringBody(training, 16), feedOf(training, values, [rows(training, 'exam')]))
  return training.tasks.map(({ name }) => [...outputs[`score/${name}`]].slice(0, 13))
}

/** Losses of three steps: the gradients decide the second and the third. */
const losses = (training: Training, values: Float32Array): number[] => {
  const steps = ['1', '2', '3'].map((seed) => rows(training, seed))
  const { outputs } = fly(trainingBody(training, 3), feedOf(training, values, steps))
  return steps.flatMap((_, s) => training.tasks.map(({ name }) => outputs[`loss/${s}/${name}`][0]))
}

const expectClose = (a: readonly number[], b: readonly number[]): void => {
  expect(a.length).toBe(b.length)
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i], 5))
}

const expectSame = (a: Training, ofA: Float32Array, b: Training, ofB: Float32Array, learn = true): void => {
  const [one, other] = [scores(a, ofA), scores(b, ofB)]
  one.forEach((values, t) => expectClose(values, other[t]))
  expect(new Set(one[0]).size).toBeGreaterThan(10)
  if (learn) expectClose(losses(a, ofA), losses(b, ofB))
}

describe('is the same as', () => {
  test('CGC: PLE with one level, in every bit', () => {
    const sizes = { embedding: 3, shared: 2, specific: 1, tower: [4] }
    const a = trainingOf(ple({ ...sizes, levels: [[5, 3]] }), three)
    const b = trainingOf(cgc({ ...sizes, expert: [5, 3] }), three)
    expect(a.layout).toEqual(b.layout)
    const values = drawn(a.layout)
    expect(scores(a, values)).toEqual(scores(b, values))
    expect(losses(a, values)).toEqual(losses(b, values))
  })

  test('MMoE: CGC without experts of a task’s own', () => {
    const a = trainingOf(cgc({ embedding: 3, shared: 3, specific: 0, expert: [5, 3], tower: [4] }), three)
    const b = trainingOf(mmoe({ embedding: 3, experts: 3, expert: [5, 3], tower: [4] }), three)
    const values = drawn(a.layout)
    const moved = carried(b.layout, ({ name }) => valuesOf(a.layout, values, name.replace(/^(expert|gate)\./, '$1.1.')))
    expectSame(a, values, b, moved)
  })

  test('Shared-Bottom: MMoE with one expert', () => {
    const a = trainingOf(mmoe({ embedding: 3, experts: 1, expert: [5, 3], tower: [4] }), three)
    const b = trainingOf(sharedBottom({ embedding: 3, bottom: [5, 3], tower: [4] }), three)
    const values = drawn(a.layout)
    const moved = carried(b.layout, ({ name, shape }) => {
      const own = valuesOf(a.layout, values, name.replace('bottom', 'expert'))
      return name.startsWith('tower.1') ? swapped(own, [shape[1], shape[0], shape[2]]) : own
    })
    expectSame(a, values, b, moved)
  })

  test('OMoE: MMoE whose gates are equal', () => {
    const a = trainingOf(omoe({ embedding: 3, experts: 4, expert: [5], tower: [4] }), three)
    const b = trainingOf(mmoe({ embedding: 3, experts: 4, expert: [5], tower: [4] }), three)
    const values = drawn(a.layout)
    const moved = carried(b.layout, ({ name, shape }) => {
      const own = valuesOf(a.layout, values, name)
      if (name.startsWith('gate')) {
        return Array.from({ length: own.length * 3 }, (_, i) => own[Math.floor(i / 12) * 4 + (i % 4)])
      }
      return name.startsWith('tower.1') ? swapped(own, [shape[1], shape[0], shape[2]]) : own
    })
    expectSame(a, values, b, moved, false)
  })

  test('single-task networks with equal embeddings: Cross-Stitch whose units are the identity', () => {
    const a = trainingOf(crossStitch({ embedding: 3, bottom: [9, 7], tower: [6], same: 1 }), three)
    const b = trainingOf(singleTask({ embedding: 3, bottom: [9, 7], tower: [6] }), three)
    const random = drawn(a.layout)
    const start = initialize(a.layout, streams('any'))
    const values = carried(a.layout, ({ name }) => valuesOf(a.layout, name.startsWith('stitch') ? start : random, name))
    const moved = carried(b.layout, ({ name, shape }) => {
      const own = valuesOf(a.layout, values, name.replace(/^(ctr|ctcvr|vcr)\./, ''))
      return name.startsWith('bottom.1') ? swapped(own, [shape[1], shape[0], shape[2]]) : own
    })
    expectSame(a, values, b, moved, false)
  })
})

describe('STAR', () => {
  const sizes = { embedding: 3, hidden: [7, 5], auxiliary: 4 }

  test('with unit factors and a silent auxiliary network is a plain network', () => {
    const a = trainingOf(sharedBottom({ embedding: 3, bottom: [7, 5], tower: [] }), two)
    const b = trainingOf(star({ ...sizes, normalisation: 'none' }), two)
    const values = drawn(a.layout)
    const start = initialize(b.layout, streams('any'))
    const moved = carried(b.layout, ({ name, size }) => {
      if (name.includes('.scenario.')) return valuesOf(b.layout, start, name)
      if (name.startsWith('auxiliary.2')) return new Float32Array(size)
      const plain = name.replace(/^star\.([12])/, 'bottom.$1').replace('star.3', 'tower.1')
      return plain.startsWith('auxiliary') ? valuesOf(b.layout, drawn(b.layout), name) : valuesOf(a.layout, values, plain)
    })
    expectSame(a, values, b, moved, false)
  })

  test('pooled serves each row as its domain’s client would', () => {
    const pooled: Features = { ...features, categorical: [...features.categorical, { name: 'scenario', size: 4 }] }
    const all = { ...trainingOf(star(sizes), two), features: pooled }
    const layout = buildLayout(all.model.segments(pooled, two))
    const training = { ...all, layout }
    const values = drawn(layout).map((v, i) => (i % 2 === 0 ? v + 0.5 : v))
    const together = scores(training, values)
    const step = rows(training, 'exam')
    const seen = new Set<number>()
    for (const domain of [1, 2, 3]) {
      // A client has no field that tells domains apart: it sees a column that always says the same instead.
      const client = trainingOf(star({ ...sizes, domain: 'none' }), two)
      const own = { ...client, features: pooled, layout: buildLayout(client.model.segments(pooled, two)) }
      const moved = carried(own.layout, ({ name, size }) => {
        const from = valuesOf(layout, values, name)
        return from.length === size ? from : from.slice((domain - 1) * size, domain * size)
      })
      const alone = scores(own, moved)
      step.categorical.forEach((ids, r) => {
        if (ids[2] !== domain) return
        seen.add(domain)
        alone.forEach((of, t) => expect(of[r]).toBeCloseTo(together[t][r], 5))
      })
    }
    expect(seen.size).toBe(3)
  })

  test('says which factor a segment is, so that strategies can tell', () => {
    const { layout } = trainingOf(star(sizes), two)
    const of = (factor: string) => layout.segments.filter((s) => s.factor === factor).map((s) => s.name)
    expect(of('scenario')).toEqual([
      'norm.scenario.scale', 'norm.scenario.shift', 'norm.mean', 'norm.variance',
      ...[1, 2, 3].flatMap((l) => [`star.${l}.scenario.weight`, `star.${l}.scenario.bias`]), 'auxiliary.scenario.vector',
    ])
    expect(of('global').length).toBe(2 + 2 * 3)
  })
})

describe('AITM', () => {
  const sizes = { embedding: 3, bottom: [7, 5], tower: [4] }

  test('adds its calibrator to the losses of later steps, and to nothing that is served', () => {
    const [free, bound] = [0, 2].map((calibration) => trainingOf(aitm({ ...sizes, calibration }), two))
    const values = drawn(free.layout)
    expect(scores(bound, values)).toEqual(scores(free, values))
    const served = fly(scoringBody(free, 13), feedOf(free, values, [rows(free, '1')])).outputs
    const above = [...served['score/ctcvr']].slice(0, 13).map((z, r) => Math.max(0, sigmoid(z) - sigmoid(served['score/ctr'][r])))
    const mean = above.reduce((a, b) => a + b) / 13
    expect(mean).toBeGreaterThan(0)
    const [plain, more] = [losses(free, values), losses(bound, values)]
    expect(more[0]).toBe(plain[0])
    expect(more[1] - plain[1]).toBeCloseTo(2 * mean, 5)
    expect(more[2]).not.toBe(plain[2])
  })

  test('refuses tasks that are no steps', () => {
    expect(() => trainingOf(aitm(sizes), three)).toThrow(/needs binary tasks.*vcr \(regression\)/)
  })
})

describe('ESMM', () => {
  const all: readonly Task[] = [...two, { name: 'cvr', kind: 'binary' }]

  test('predicts the product of what its two networks predict', () => {
    const training = trainingOf(esmm({ embedding: 3, tower: [5, 3] }), all)
    const [click, both, conversion] = scores(training, drawn(training.layout))
    both.forEach((z, r) => expect(sigmoid(z)).toBeCloseTo(sigmoid(click[r]) * sigmoid(conversion[r]), 6))
  })

  test('is not trained by conversions among clicks', () => {
    const training = trainingOf(esmm({ embedding: 3, tower: [5, 3] }), all)
    const values = drawn(training.layout)
    const step = rows(training, 'once')
    const other = { ...step, labels: step.labels.map(([click, both, cvr]) => [click, both, 1 - cvr]) }
    const run = (labelled: typeof step) => fly(trainingBody(training, 1), feedOf(training, values, [labelled])).outputs
    const [a, b] = [run(step), run(other)]
    expect(a['loss/0/cvr'][0]).not.toBe(b['loss/0/cvr'][0])
    for (const { name } of training.layout.segments) {
      expect([...a[`parameter/${name}`]], name).toEqual([...b[`parameter/${name}`]])
    }
  })

  test('takes tasks by name, and refuses worlds without a click and a conversion', () => {
    const build = (options: object, tasks: readonly Task[]) => () =>
      buildModel(esmm({ embedding: 2, tower: [], ...options })).segments(features, tasks)
    const turned = trainingOf(esmm({ embedding: 3, tower: [4], click: 'ctcvr', both: 'ctr' }), two)
    const values = drawn(turned.layout)
    const [product, click] = scores(turned, values)
    product.forEach((z, r) => expect(z).toBeLessThan(click[r]))
    expect(build({ click: 'clicks' }, two)).toThrow(/model.click of 'esmm' is 'clicks': the world's tasks are ctr, ctcvr/)
    expect(build({ both: 'ctr' }, two)).toThrow(/needs two binary tasks/)
    expect(build({}, three)).toThrow(/needs two binary tasks.*vcr \(regression\)/)
    expect(build({}, two.slice(0, 1))).toThrow(/needs two binary tasks/)
  })
})
