import { afterAll, describe, expect, it } from 'vitest'

import type { Engine, ScoreJob, TrainJob } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { jobKeys } from '../../src/engine/recalling/job-key.js'
import type { JobStore } from '../../src/engine/recalling/job-store.js'
import { decodeResult, encodeResult } from '../../src/engine/recalling/job-value.js'
import { RecallingEngine } from '../../src/engine/recalling/recalling-engine.js'
import { tableHash } from '../../src/engine/recalling/job-key.js'
import { bitsOf, jobsOf, scoreJobsOf, tableOf, trainAll, trainingOf } from './flight.js'

const opened: Engine[] = []
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

class MemoryStore implements JobStore {
  readonly values = new Map<string, Uint8Array>()
  put = (key: string, value: Uint8Array): void => void this.values.set(key, value)
  get = (key: string): Uint8Array | undefined => this.values.get(key)
}

/** An engine that counts the jobs that it is really given. */
const counting = (engine: Engine, jobs: string[]): Engine => ({
  name: engine.name,
  prepare: (training) => engine.prepare(training),
  register: (handle, table) => engine.register(handle, table),
  train: (more) => (jobs.push(...more.map(({ client }) => `train ${client}`)), engine.train(more)),
  score: (more) => (jobs.push(...more.map(({ client }) => `score ${client}`)), engine.score(more)),
  close: () => engine.close(),
})

const open = async (): Promise<{ engine: RecallingEngine; given: string[] }> => {
  const inner = await openEngine({ workers: 0 })
  opened.push(inner)
  const given: string[] = []
  return { engine: new RecallingEngine(counting(inner, given)), given }
}

const job: TrainJob = {
  kind: 'train', client: 'a', program: 'p', data: 'd',
  parameters: Float32Array.of(1, 2), anchor: Float32Array.of(3, 4), mu: 0.1, correction: Float32Array.of(5, 6),
  optimizer: { steps: 4, slots: { m: Float32Array.of(7, 8), v: Float32Array.of(9, 10) } },
  rate: 0.01, rateFactor: 0.5, balance: { steps: 2, memory: { w: Float32Array.of(1) } },
  plan: { epochs: 1, part: { nth: 0, of: 2 }, seed: 's', key: ['round', 1] },
}
const scoring: ScoreJob = { kind: 'score', client: 'a', program: 'p', data: 'd', history: 'h', parameters: Float32Array.of(1, 2) }

const meanings = { recipe: (program: string) => `recipe of ${program}`, table: (handle: string) => `rows of ${handle}` }
const keyOf = (of: TrainJob | ScoreJob, meant = meanings): string => jobKeys([of], meant)[0]

/** One change of each thing that a job says. */
const changes: Readonly<Record<string, Partial<TrainJob>>> = {
  program: { program: 'q' },
  data: { data: 'e' },
  parameters: { parameters: Float32Array.of(1, 2.0000002384185791) },
  'the sign of a zero': { parameters: Float32Array.of(-0, 2) },
  'a plus zero': { parameters: Float32Array.of(0, 2) },
  'the length of parameters': { parameters: Float32Array.of(1, 2, 0) },
  anchor: { anchor: Float32Array.of(3, 5) },
  'no anchor': { anchor: undefined },
  'anchor and correction exchanged': { anchor: job.correction, correction: job.anchor },
  mu: { mu: 0.2 },
  correction: { correction: Float32Array.of(5, 7) },
  'steps of the optimizer': { optimizer: { ...job.optimizer!, steps: 5 } },
  'a slot': { optimizer: { steps: 4, slots: { ...job.optimizer!.slots, v: Float32Array.of(9, 11) } } },
  'slots exchanged': { optimizer: { steps: 4, slots: { m: job.optimizer!.slots.v, v: job.optimizer!.slots.m } } },
  'no optimizer': { optimizer: undefined },
  rate: { rate: 0.02 },
  rateFactor: { rateFactor: 0.25 },
  'rate and factor exchanged': { rate: 0.5, rateFactor: 0.01 },
  'steps of the balancer': { balance: { ...job.balance!, steps: 3 } },
  'memory of the balancer': { balance: { steps: 2, memory: { w: Float32Array.of(2) } } },
  epochs: { plan: { ...job.plan, epochs: 2 } },
  part: { plan: { ...job.plan, part: { nth: 1, of: 2 } } },
  'parts in all': { plan: { ...job.plan, part: { nth: 0, of: 3 } } },
  seed: { plan: { ...job.plan, seed: 't' } },
  'key of the order': { plan: { ...job.plan, key: ['round', 2] } },
  'a number that was a text': { plan: { ...job.plan, key: ['round', '1'] } },
  'a field that jobs have one day': { newcomer: 1 } as Partial<TrainJob>,
}

describe('the key of a job', () => {
  it.each(Object.entries(changes))('knows: %s', (_, change) => {
    expect(keyOf({ ...job, ...change })).not.toBe(keyOf(job))
  })

  it('has a change for every field of a job but its kind and its client', () => {
    const changed = new Set(Object.values(changes).flatMap((change) => Object.keys(change)))
    expect(Object.keys(job).filter((field) => !changed.has(field))).toEqual(['kind', 'client'])
  })

  it('has no two changes that are one', () => {
    const keys = [job, ...Object.values(changes).map((change) => ({ ...job, ...change }))].map((of) => keyOf(of))
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('knows what a table and a program are, and not what they are called; a client is a name', () => {
    expect(keyOf(job, { ...meanings, table: () => 'other rows' })).not.toBe(keyOf(job))
    expect(keyOf(job, { ...meanings, recipe: () => 'another recipe' })).not.toBe(keyOf(job))
    expect(keyOf({ ...job, data: 'e' }, { ...meanings, table: () => 'rows of d' })).toBe(keyOf(job))
    expect(keyOf({ ...job, client: 'b' })).toBe(keyOf(job))
  })

  it('knows a scoring by its program, rows, history and parameters', () => {
    const others: Partial<ScoreJob>[] = [
      { program: 'q' }, { data: 'e' }, { history: 'i' }, { history: undefined }, { data: 'h', history: 'd' },
      { parameters: Float32Array.of(1, 3) },
    ]
    const keys = [scoring, ...others.map((change) => ({ ...scoring, ...change }))].map((of) => keyOf(of))
    expect(new Set(keys).size).toBe(keys.length)
    expect(keyOf(scoring)).not.toBe(keyOf({ ...scoring, kind: 'train' } as unknown as TrainJob))
  })

  it('is the same for jobs that are given together and alone', () => {
    const jobs = [job, { ...job, parameters: job.parameters.slice() }, { ...job, parameters: Float32Array.of(8, 8) }, job]
    expect(jobKeys(jobs, meanings)).toEqual(jobs.map((of) => keyOf(of)))
  })

  it('knows every column of a table that engines read', () => {
    const table = tableOf(9, 1)
    const edited = <F extends 'categorical' | 'numeric' | 'labels'>(field: F): typeof table => {
      const column = table[field].slice()
      column[4]++
      return { ...table, [field]: column }
    }
    const weights = new Float32Array(27).fill(1)
    const tables = [
      table, edited('categorical'), edited('numeric'), edited('labels'), { ...table, weights }, { ...table, weights: weights.map(() => 2) },
    ]
    expect(new Set(tables.map(tableHash)).size).toBe(tables.length)
    expect(tableHash(tableOf(9, 1))).toBe(tableHash(table))
  })
})

describe('the bytes of a result', () => {
  it('hold all of it, in memory of its own', () => {
    const shared = new Float32Array(8).map((_, i) => i - 0.5)
    const result = {
      parameters: shared.subarray(2, 5), optimizer: { steps: 3, slots: { m: Float32Array.of(-0, NaN, Infinity) } },
      balance: { steps: 1, memory: { w: Float32Array.of(2) } }, losses: Float64Array.of(0.1, NaN),
      odd: [{ task: 'ctr', none: 1, notFinite: 0 }], steps: 3, examples: 40,
    }
    const read = decodeResult(encodeResult(result)) as typeof result
    expect(read).toEqual(result)
    expect(Object.is(read.optimizer.slots.m[0], -0)).toBe(true)
    expect(read.parameters.byteLength).toBe(read.parameters.buffer.byteLength)
    expect(decodeResult(encodeResult({ scores: [shared, new Float32Array(0)] }))).toEqual({ scores: [shared, new Float32Array(0)] })
    expect(() => encodeResult({ ...result, steps: NaN })).toThrow('cannot be written down')
  })
})

describe('an engine that recalls', () => {
  it('gives the bits of training, and trains what is new alone', async () => {
    const plain = await open()
    const jobs = await jobsOf(plain.engine, trainingOf({ cohort: 3 }), 6)
    const expected = (await trainAll(plain.engine, jobs)).map(bitsOf)
    const scores = await Promise.all(plain.engine.score(scoreJobsOf(jobs)))
    const store = new MemoryStore()
    plain.engine.use(store)
    await trainAll(plain.engine, jobs.slice(0, 4))
    await Promise.all(plain.engine.score(scoreJobsOf(jobs.slice(1, 3))))
    expect(store.values.size).toBe(6)

    const { engine, given } = await open()
    engine.use(store)
    await jobsOf(engine, trainingOf({ cohort: 3 }), 6)
    expect((await trainAll(engine, jobs)).map(bitsOf)).toEqual(expected)
    expect(await Promise.all(engine.score(scoreJobsOf(jobs)))).toEqual(scores)
    expect(given).toEqual(['train client-4', 'train client-5', 'score client-0', 'score client-3', 'score client-4', 'score client-5'])
  })

  it.each([
    ['optimizer', { optimizer: adam(0.02) }], ['batch', { batch: 13 }], ['chunk', { chunk: 2 }],
    ['task weights', { taskWeights: [1, 0.5, 1] }], ['frozen segments', { frozen: ['tower ctr 0 bias'] }],
    ['l2', { l2: { tower: 0.1 } }], ['the proximal term', { proximal: true, proximalSegments: ['embedding item'] }],
    ['weighting', { weighting: { scale: 'given' as const } }], ['clip', { clip: { kind: 'norm' as const, norm: 1 } }],
  ])('takes a training with another %s for another', async (what, change) => {
    const { engine, given } = await open()
    const [segment] = trainingOf().layout.segments
    const changed = 'frozen' in change ? { frozen: [segment.name] } : 'proximalSegments' in change ? { ...change, proximalSegments: [segment.name] } : change
    const store = new MemoryStore()
    engine.use(store)
    const jobs = await jobsOf(engine, trainingOf(), 1)
    await trainAll(engine, jobs)
    const { program } = await engine.prepare(trainingOf(changed as never))
    await trainAll(engine, jobs.map((of) => ({ ...of, program })))
    expect({ what, given: given.length, known: store.values.size }).toEqual({ what, given: 2, known: 2 })
  })

  it('keeps nothing of a job that fails, and lets whoever asked see it', async () => {
    const { engine } = await open()
    const store = new MemoryStore()
    engine.use(store)
    const [first] = await jobsOf(engine, trainingOf(), 1)
    await expect(engine.train([{ ...first, parameters: new Float32Array(3) }])[0]).rejects.toThrow('3 parameters where')
    await expect(engine.train([{ ...first, program: 'none' }])[0]).rejects.toThrow('no such program')
    expect(store.values.size).toBe(0)
  })
})
