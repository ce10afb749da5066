import { afterEach, describe, expect, it } from 'vitest'
import { sharedFloats, sharedInts, type Table } from '../../src/data/table.js'
import type { Engine, TrainJob, Training } from '../../src/engine/engine.js'
import { openEngine, type EngineOptions } from '../../src/engine/open.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { buildLayout, initialize } from '../../src/models/layout.js'
import type { Features } from '../../src/models/model.js'
import {
  aitm, buildModel, cgc, crossStitch, esmm, linearModel, mlp, mmoe, omoe, ple, sharedBottom, singleTask, star, type ModelSpec,
} from '../../src/models/registry.js'
import { normal, streams } from '../../src/random/streams.js'
import type { Task } from '../../src/tasks/task.js'
import { bitsOf, trainAll } from './flight.js'
import { distance } from './traced.js'

/* Every kind of model, through the recorded graph: the numbers of plain TensorFlow.js, and the same bits in a cohort. */

const features: Features = {
  categorical: [{ name: 'item', size: 7 }, { name: 'place', size: 4 }], numeric: ['x', 'y', 'z'],
}
const two: readonly Task[] = [{ name: 'ctr', kind: 'binary' }, { name: 'ctcvr', kind: 'binary' }]
const three: readonly Task[] = [...two, { name: 'watched', kind: 'regression' }]
const withConversion: readonly Task[] = [...two, { name: 'cvr', kind: 'binary' }]

const more = { embedding: 3, tower: [5], dropout: 0.2, batchNorm: true }
const specs: readonly (readonly [ModelSpec, readonly Task[]])[] = [
  [mmoe({ ...more, experts: 3, expert: [7, 5] }), three],
  [sharedBottom({ ...more, bottom: [9] }), three],
  [mlp({ hidden: [7] }), three],
  [linearModel({}), three],
  [omoe({ ...more, experts: 3, expert: [5] }), two],
  [cgc({ ...more, shared: 2, specific: 1, expert: [5] }), three],
  [ple({ ...more, shared: 1, specific: 2, levels: [[7], [5]] }), two],
  [ple({ ...more, shared: 2, specific: 1, levels: [[5], [3], [4]] }), three],
  [singleTask({ ...more, bottom: [5] }), three],
  [crossStitch({ ...more, bottom: [7, 3] }), three],
  [esmm({ ...more, tower: [7, 5] }), two],
  [aitm({ ...more, bottom: [7, 5] }), withConversion],
  [star({ embedding: 3, hidden: [7, 5], dropout: 0.2 }), three],
  [star({ embedding: 3, hidden: [7, 5], dropout: 0.2, domain: 'place' }), two],
  [esmm({ ...more, tower: [7, 5] }), withConversion],
]

const trainingOf = (spec: ModelSpec, tasks: readonly Task[], changes: Partial<Training> = {}): Training => {
  const model = buildModel(spec)
  return {
    model, features, tasks, layout: buildLayout(model.segments(features, tasks)),
    // A bias under batch norm has rounding errors for a gradient; with a small epsilon Adam would make steps of them.
    optimizer: adam(0.01, { epsilon: 1e-3 }), taskWeights: tasks.map((_, t) => (t + 1) / 4),
    proximal: false, proximalSegments: [], batch: 12, chunk: 2, cohort: 3, ...changes,
  }
}

/** Rows with signal; the second task lacks every third label, the others every seventh. */
const tableOf = (rows: number, tasks: number, salt: number): Table => {
  const draw = streams('models')(salt)
  const [categorical, numeric, labels] = [sharedInts(rows * 2), sharedFloats(rows * 3), sharedFloats(rows * tasks)]
  for (let row = 0; row < rows; row++) {
    categorical.set([Math.floor(draw() * 7), Math.floor(draw() * 4)], row * 2)
    numeric.set([normal(draw), normal(draw), normal(draw)], row * 3)
    const click = numeric[row * 3] + 0.3 * categorical[row * 2] > 1 ? 1 : 0
    const own = [click, row % 3 === 0 ? NaN : click * (draw() < 0.5 ? 1 : 0), row % 7 === 0 ? NaN : numeric[row * 3 + 1] * 2]
    labels.set(own.slice(0, tasks), row * tasks)
  }
  return { rows, categorical, numeric, labels }
}

const engines: Engine[] = []
const open = async (options: EngineOptions): Promise<Engine> => {
  const engine = await openEngine(options)
  engines.push(engine)
  return engine
}
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()))
})

const jobsOf = async (engine: Engine, training: Training, clients: number, epochs: number): Promise<TrainJob[]> => {
  const { program } = await engine.prepare(training)
  return Promise.all(Array.from({ length: clients }, async (_, i) => {
    await engine.register(`data-${i}`, tableOf(9 + ((i * 13) % 30), training.tasks.length, i))
    return {
      kind: 'train' as const, client: `client-${i}`, program, data: `data-${i}`,
      parameters: initialize(training.layout, streams(`start-${i}`)),
      plan: { epochs, seed: 'batches', key: ['client', i] },
    }
  }))
}

/** Batch sizes that fill no vector, in turn: of one padded to 16 and of one padded to 32 rows. */
const cases = specs.map(([spec, tasks], i) => ({ kind: spec.kind, spec, tasks, batch: i % 2 === 0 ? 17 : 5 }))

describe.each(cases)('$kind', ({ spec, tasks, batch }) => {
  it('trains and scores in the recorded graph as in plain TensorFlow.js', async () => {
    const training = trainingOf(spec, tasks)
    const [onnx, tfjs] = [await open({ engine: 'onnx', workers: 0 }), await open({ engine: 'tfjs' })]
    const [jobs, plain] = [await jobsOf(onnx, training, 2, 1), await jobsOf(tfjs, training, 2, 1)]
    const [got, wanted] = [await trainAll(onnx, jobs), await trainAll(tfjs, plain)]
    got.forEach((result, i) => {
      expect(distance(result.parameters, wanted[i].parameters)).toBeLessThan(1e-4)
      expect(distance(result.losses, wanted[i].losses)).toBeLessThan(1e-4)
      expect(result.losses.every((loss) => loss > 0)).toBe(true)
      expect(distance(result.parameters, jobs[i].parameters)).toBeGreaterThan(1e-3)
    })
    const exam = ({ client, program, data }: TrainJob, parameters: Float32Array) =>
      ({ kind: 'score' as const, client, program, data, parameters })
    const [scores] = await Promise.all(onnx.score([exam(jobs[0], wanted[0].parameters)]))
    const [other] = await Promise.all(tfjs.score([exam(plain[0], wanted[0].parameters)]))
    scores.scores.forEach((own, t) => expect(distance(own, other.scores[t])).toBeLessThan(1e-5))
  })

  it(`gives a client the same bits alone and in cohorts of 2 and 3, ${batch} rows a batch`, async () => {
    const engine = await open({ engine: 'onnx', workers: 0 })
    const training = trainingOf(spec, tasks, { batch })
    const jobs = await jobsOf(engine, training, 3, 1)
    const together = (await trainAll(engine, jobs)).map(bitsOf)
    const pair = (await trainAll(engine, jobs.slice(1))).map(bitsOf)
    expect(pair).toEqual(together.slice(1))
    for (const [i, job] of jobs.entries()) expect((await trainAll(engine, [job])).map(bitsOf)).toEqual([together[i]])
  })
})
