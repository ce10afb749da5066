import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, test } from 'vitest'
import { scoringBody, trainingBody } from '../../src/engine/program/program.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import {
  aitm, buildModel, cgc, crossStitch, esmm, linearModel, mlp, mmoe, omoe, ple, sharedBottom, singleTask, star, type ModelSpec,
} from '../../src/models/registry.js'
import { streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { feedOf, fly, makeRows } from './flight.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const features: Features = { categorical: [{ name: 'a', size: 5 }, { name: 'b', size: 3 }], numeric: ['x', 'y'] }
const tasks: readonly Task[] = [
  { name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }, { name: 'vcr', kind: 'regression' },
  { name: 'kind', kind: 'multiclass', classes: 3 }, { name: 'wait', kind: 'regression' },
]
const more = { dropout: 0.1, batchNorm: true }
const specs = [
  mmoe({ embedding: 4, experts: 3, expert: [8, 5], tower: [6], ...more }),
  sharedBottom({ embedding: 4, bottom: [8], tower: [5], ...more }),
  mlp({ hidden: [7], ...more }),
  linearModel({}),
  omoe({ embedding: 4, experts: 3, expert: [8, 5], tower: [6], ...more }),
  cgc({ embedding: 4, shared: 1, specific: 2, expert: [5], tower: [6], ...more }),
  ple({ embedding: 4, shared: 2, specific: 1, levels: [[5], [6, 3]], tower: [6], ...more }),
  singleTask({ embedding: 4, bottom: [5], tower: [6], ...more }),
  crossStitch({ embedding: 4, bottom: [5, 3], tower: [6], ...more }),
  esmm({ embedding: 4, tower: [5, 3], ...more }),
  aitm({ embedding: 4, bottom: [5], tower: [6], ...more }),
  star({ embedding: 4, hidden: [5, 3], dropout: 0.1 }),
  star({ embedding: 4, hidden: [5, 3], dropout: 0.1, domain: 'a' }),
]

/* Sums next to the cohort axis are not bitwise the same alone and in company: there must be none to begin with. */
const counts = ({ kind }: ModelSpec) => (kind === 'esmm' || kind === 'aitm' ? [2] : [2, 5])

test.each(specs.flatMap((spec) => counts(spec).map((count) => [spec, count] as const)))('$kind sums by products alone', async (spec, count) => {
  const own = tasks.slice(0, count)
  const model = buildModel(spec)
  const layout = buildLayout(model.segments(features, own))
  const training = {
    model, features, tasks: own, layout, optimizer: adam(0.01), taskWeights: own.map(() => 1 / count),
    proximal: true, proximalSegments: layout.segments.filter((s) => s.trainable).map((s) => s.name),
    batch: 16, chunk: 2, cohort: 4,
  }
  const rows = makeRows(training, 16, 'safe')
  const feed = feedOf(training, initialize(layout, streams('safe')), [rows, rows])
  for (const body of [trainingBody(training, 2), scoringBody(training, 16)]) {
    const { kernelNames } = await tf.profile(() => {
      fly(body, feed)
      return tf.scalar(0)
    })
    expect(kernelNames).toContain('BatchMatMul')
    expect(kernelNames.filter((name) => ['Sum', 'Mean', 'Prod', 'Cumsum'].includes(name))).toEqual([])
  }
})
