import { afterAll, describe, expect, it } from 'vitest'
import type { Engine, TrainJob, TrainResult } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { adagrad, adam, sgd } from '../../src/engine/program/optimizer.js'
import { bitsOf, jobsOf, scoreJobsOf, tableOf, trainAll, trainingOf } from './flight.js'

const opened: Engine[] = []
const open = async (...options: Parameters<typeof openEngine>): Promise<Engine> => {
  const engine = await openEngine(...options)
  opened.push(engine)
  return engine
}
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

/** The largest difference of two vectors, relative to the second one's largest value. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const largest = Array.from(b).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9)
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0) / largest
}

const counts = ({ steps, examples, optimizer }: TrainResult): number[] => [steps, examples, optimizer.steps]

const expectClose = (got: TrainResult, wanted: TrainResult, tolerance: number): void => {
  expect(distance(got.parameters, wanted.parameters)).toBeLessThan(tolerance)
  expect(distance(got.losses, wanted.losses)).toBeLessThan(tolerance)
  expect(Object.keys(got.optimizer.slots).sort()).toEqual(Object.keys(wanted.optimizer.slots).sort())
  for (const [slot, values] of Object.entries(wanted.optimizer.slots)) {
    expect(distance(got.optimizer.slots[slot], values)).toBeLessThan(tolerance)
  }
  expect(counts(got)).toEqual(counts(wanted))
}

describe('engines', () => {
  it.each([
    // A bias under batch norm has rounding errors for a gradient; with a small epsilon Adam would make steps of them.
    ['Adam', trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3 }) })],
    ['AdamW with L2', trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3, weightDecay: 0.5 }), l2: { embedding: 0.3, tower: 0.1 } })],
    ['SGD with weight decay', trainingOf({ optimizer: sgd(0.05, { weightDecay: 0.5 }) })],
    ['Adagrad', trainingOf({ optimizer: adagrad(0.01, { epsilon: 1e-3 }) })],
    ['SGD with momentum and a proximal term', trainingOf({
      optimizer: sgd(0.05, { momentum: 0.9 }), proximal: true, proximalSegments: ['bottom.1.weight'], chunk: 2,
    })],
  ])('agree: embeddings, batch norm, dropout, ragged batches, epochs, kept state, %s', async (_, training) => {
    const [onnx, tfjs] = [await open({ engine: 'onnx', workers: 0 }), await open({ engine: 'tfjs' })]
    const with_ = (jobs: readonly TrainJob[]): TrainJob[] =>
      jobs.map((job, i) => ({ ...job, ...(training.proximal && { mu: 0.1 * i, anchor: jobs[0].parameters }) }))
    const got = await trainAll(onnx, with_(await jobsOf(onnx, training, 3)))
    const wanted = await trainAll(tfjs, with_(await jobsOf(tfjs, training, 3)))
    got.forEach((result, i) => expectClose(result, wanted[i], 2e-4))
  })

  it('agree on scores, in every bit whatever the grouping', async () => {
    const training = trainingOf({ cohort: 3 })
    const [onnx, tfjs] = [await open({ workers: 0 }), await open({ engine: 'tfjs' })]
    const jobs = scoreJobsOf(await jobsOf(onnx, training, 5))
    const reference = await Promise.all(tfjs.score(scoreJobsOf(await jobsOf(tfjs, training, 5))))
    await onnx.register('many', tableOf(700, 77))
    await tfjs.register('many', tableOf(700, 77))
    const together = await Promise.all(onnx.score(jobs))
    for (const [i, job] of jobs.entries()) {
      const [alone] = await Promise.all(onnx.score([job]))
      expect(alone).toEqual(together[i])
      together[i].scores.forEach((scores, task) => {
        expect(scores.length).toBe(tableOf(5 + ((i * 13) % 50), i).rows * (task === 2 ? 3 : 1))
        expect(distance(scores, reference[i].scores[task])).toBeLessThan(1e-5)
      })
    }
    const many = { ...jobs[0], data: 'many' }
    const [[grown], [plain]] = [await Promise.all(onnx.score([many, ...jobs])), await Promise.all(onnx.score([many]))]
    expect(grown).toEqual(plain)
    const [eager] = await Promise.all(tfjs.score([{ ...many, program: (await tfjs.prepare(training)).program }]))
    grown.scores.forEach((scores, task) => expect(distance(scores, eager.scores[task])).toBeLessThan(1e-5))
  })
})

describe('the onnx engine', () => {
  it('gives a client the same bits alone and in cohorts of 2, 3, 7 and 20', async () => {
    const bits: unknown[][] = []
    const engine = await open({ workers: 0 })
    const jobs = await jobsOf(engine, trainingOf(), 20, 1.5)
    for (const cohort of [1, 2, 3, 7, 20]) {
      await engine.prepare(trainingOf({ cohort }))
      bits.push((await trainAll(engine, jobs)).map(bitsOf))
    }
    for (const other of bits.slice(1)) expect(other).toEqual(bits[0])
  })

  it('has clients of small models share runs where a training does not say how many, to the same bits', async () => {
    let runs = 0
    const delay = (): number => {
      runs++
      return 0
    }
    const counted = await open({ workers: 0, disturb: { delay } })
    const jobs = await jobsOf(counted, trainingOf({ cohort: undefined }), 20, 1.5)
    const sharing = await trainAll(counted, jobs)
    const shared = runs
    runs = 0
    await counted.prepare(trainingOf({ cohort: 1 }))
    const alone = await trainAll(counted, jobs)
    expect([shared, runs]).toEqual([4, 20])
    expect(sharing.map(bitsOf)).toEqual(alone.map(bitsOf))
  })

  it.each([1, 5, 7, 17])('does so at batch size %i too, with rates that differ between clients', async (batch) => {
    const engine = await open({ workers: 0 })
    const jobs = (await jobsOf(engine, trainingOf({ batch }), 3, 0.5))
    const together = (await trainAll(engine, jobs)).map(bitsOf)
    for (const [i, job] of jobs.entries()) expect((await trainAll(engine, [job])).map(bitsOf)).toEqual([together[i]])
  })

  it('cuts training into chunks of any size to the same bits', async () => {
    const results: unknown[][] = []
    for (const chunk of [1, 2, 5]) {
      const engine = await open({ workers: 0 })
      results.push((await trainAll(engine, await jobsOf(engine, trainingOf({ chunk }), 4))).map(bitsOf))
    }
    for (const other of results.slice(1)) expect(other).toEqual(results[0])
  })

  it('reports a job that cannot run by client and program, and runs the others', async () => {
    const engine = await open({ workers: 0 })
    const jobs = await jobsOf(engine, trainingOf(), 2)
    const [lost, short, unknown, sound] = engine.train([
      { ...jobs[0], data: 'nowhere' },
      { ...jobs[0], parameters: new Float32Array(3) },
      { ...jobs[0], program: 'none' },
      jobs[1],
    ])
    await expect(lost).rejects.toThrow(/client 'client-0', program .*no data is registered under 'nowhere'/)
    await expect(short).rejects.toThrow(/3 parameters where the program needs/)
    await expect(unknown).rejects.toThrow(/no such program/)
    expect((await sound).steps).toBeGreaterThan(0)
    await expect(engine.register('data-0', tableOf(3, 9))).rejects.toThrow('registered already')
  })

  it('passes NaN through and hands back untouched what needs no step', async () => {
    const engine = await open({ workers: 0 })
    const [job] = await jobsOf(engine, trainingOf(), 1)
    const poisoned = { ...job, parameters: job.parameters.map(() => NaN) }
    const optimizer = { steps: 7, slots: { m: job.parameters, v: job.parameters } }
    const idle = { ...job, plan: { ...job.plan, epochs: 0 }, optimizer }
    const [nan, same] = await trainAll(engine, [poisoned, idle])
    expect(nan.parameters.every(Number.isNaN)).toBe(true)
    expect(same).toEqual({
      parameters: job.parameters, optimizer, losses: new Float64Array(3), steps: 0, examples: 0,
    })
  })
})

describe('a program\'s handle', () => {
  it('is a hash of what decides the numbers, and of nothing else', async () => {
    const engine = await open({ workers: 0 })
    const handleOf = async (changes: Parameters<typeof trainingOf>[0]): Promise<string> =>
      (await engine.prepare(trainingOf(changes))).program
    const plain = await handleOf({})
    expect(plain).toMatch(/^[0-9a-f]{64}$/)
    expect(await handleOf({ cohort: 5 })).toBe(plain)
    const others = [
      { batch: 13 }, { chunk: 4 }, { optimizer: sgd(0.1) }, { taskWeights: [1, 1, 1] },
      { proximal: true, proximalSegments: ['embedding'] },
    ]
    const handles = await Promise.all(others.map(handleOf))
    expect(new Set([plain, ...handles]).size).toBe(1 + others.length)
    const tfjs = await open({ engine: 'tfjs' })
    const prepared = await tfjs.prepare(trainingOf())
    expect(prepared.program).not.toBe(plain)
    expect(prepared.cost).toEqual((await engine.prepare(trainingOf())).cost)
  })
})

describe('opening', () => {
  it('takes onnx unless told otherwise, and refuses nonsense', async () => {
    expect((await open()).name).toBe('onnx')
    await expect(openEngine({ workers: -1 })).rejects.toThrow('-1 workers')
    // @ts-expect-error: what a specification that nobody checked could hold.
    await expect(openEngine({ engine: 'torch' })).rejects.toThrow("no engine 'torch'; choose one of onnx")
  })
})
