import { createHash } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import type { BalanceState, Engine, TrainJob, TrainResult, Training } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { adam, sgd, type Optimizer } from '../../src/engine/program/optimizer.js'
import { balancerSchema, balancers, buildBalancer, type BalancerInput } from '../../src/balancing/registry.js'
import { bitsOf, jobsOf, trainAll, trainingOf } from '../engine/flight.js'

/* Every balancer in the traced step: three tasks of two kinds, missing labels, embeddings, batch norm, dropout. */

const opened: Engine[] = []
const open = async (...options: Parameters<typeof openEngine>): Promise<Engine> => {
  const engine = await openEngine(...options)
  opened.push(engine)
  return engine
}
afterAll(() => Promise.all(opened.map((engine) => engine.close())))

const specs: readonly BalancerInput[] = [
  { kind: 'equal' },
  { kind: 'fixed', weights: { ctr: 1, ctcvr: 0.5, rating: 2 } },
  { kind: 'decay', weights: { ctr: 2 }, ratios: { ctcvr: 0.9, rating: 1.5 } },
  { kind: 'uncertainty' },
  { kind: 'dwa' },
  { kind: 'grad-norm' },
  { kind: 'rlw' },
  { kind: 'pcgrad' },
  { kind: 'grad-vac' },
  { kind: 'grad-drop', leaks: { rating: 0.3 } },
  { kind: 'cagrad' },
  { kind: 'mgda', normalise: 'loss+' },
  { kind: 'imtl' },
  { kind: 'aligned-mtl' },
  { kind: 'nash-mtl', iterations: 5 },
  { kind: 'meta-balance', main: 'ctcvr' },
  { kind: 'pmtrec', main: 'ctcvr', maskZeroNorm: true },
]

const trainingWith = (spec: BalancerInput, optimizer: Optimizer = adam(0.01, { epsilon: 1e-3 })): Training => {
  const plain = trainingOf({ optimizer, chunk: 2, cohort: 1 })
  return { ...plain, balancer: buildBalancer(balancerSchema.parse(spec), plain.layout, plain.tasks) }
}

const bitsIn = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)]

const memoryBits = (balance: BalanceState | undefined): unknown =>
  balance && [balance.steps, ...Object.entries(balance.memory).map(([name, values]) => [name, ...bitsIn(values)])]

/** All of a result, down to its bits, in a few characters. */
const allBits = (result: TrainResult): string =>
  createHash('sha256').update(JSON.stringify([bitsOf(result), memoryBits(result.balance)])).digest('hex').slice(0, 12)

/** A second round from what the first left, as a client that keeps all it may. */
const again = (jobs: readonly TrainJob[], results: readonly TrainResult[]): TrainJob[] =>
  jobs.map((job, i) => ({
    ...job, parameters: results[i].parameters, optimizer: results[i].optimizer, balance: results[i].balance,
    plan: { ...job.plan, key: [...job.plan.key, 'again'] },
  }))

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const largest = Array.from(b).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9)
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0) / largest
}

it('every kind of balancer is tested here', () => {
  expect(specs.map(({ kind }) => kind)).toEqual(balancers.map(({ kind }) => kind))
})

it.each(specs.map((spec) => [spec.kind, spec] as const))(
  '%s: the same bits alone and in cohorts, in chunks of 1 and 2, over two rounds; as plain TensorFlow.js',
  async (_, spec) => {
    const training = { ...trainingWith(spec), chunk: 2 }
    const rounds = async (engine: Engine, jobs: readonly TrainJob[]): Promise<TrainResult[]> => {
      const first = await trainAll(engine, jobs)
      return [...first, ...(await trainAll(engine, again(jobs, first)))]
    }
    const engine = await open({ workers: 0 })
    const jobs = await jobsOf(engine, training, 3, 1)
    const alone = await rounds(engine, jobs)
    await engine.prepare({ ...training, cohort: 3 })
    expect((await rounds(engine, jobs)).map(allBits)).toEqual(alone.map(allBits))
    const stepwise = await open({ workers: 0 })
    const single = await jobsOf(stepwise, { ...training, chunk: 1, cohort: 2 }, 3, 1)
    expect((await rounds(stepwise, single)).map(allBits)).toEqual(alone.map(allBits))
    const tfjs = await open({ engine: 'tfjs' })
    const wanted = await rounds(tfjs, (await jobsOf(tfjs, training, 3, 1)).slice(0, 2))
    wanted.forEach((reference, i) => {
      // Two clients of three: the second round's start at the fourth place.
      const got = alone[i < 2 ? i : i + 1]
      expect(distance(got.parameters, reference.parameters)).toBeLessThan(5e-4)
      expect(distance(got.losses, reference.losses)).toBeLessThan(5e-4)
      for (const [name, values] of Object.entries(reference.balance?.memory ?? {})) {
        expect(distance(got.balance!.memory[name], values)).toBeLessThan(2e-3)
      }
    })
  },
)

it.each(specs.filter(({ kind }) => ['uncertainty', 'pcgrad'].includes(kind)))(
  '$kind with plain SGD, whose rate may travel through the backward pass: as plain TensorFlow.js',
  async (spec) => {
    const [onnx, tfjs] = [await open({ workers: 0 }), await open({ engine: 'tfjs' })]
    const [[got], [wanted]] = await Promise.all(
      [onnx, tfjs].map(async (engine) => trainAll(engine, await jobsOf(engine, trainingWith(spec, sgd(0.05)), 1))),
    )
    expect(distance(got.parameters, wanted.parameters)).toBeLessThan(1e-4)
  },
)

it('equal is bit by bit what there was without a balancer', async () => {
  const [engine, other] = [await open({ workers: 0 }), await open({ workers: 0 })]
  const third = [1 / 3, 1 / 3, 1 / 3]
  const plain = { ...trainingWith({ kind: 'equal' }), taskWeights: third }
  const { balancer: _, ...bare } = plain
  const [balanced] = await trainAll(engine, await jobsOf(engine, plain, 1))
  const [without] = await trainAll(other, await jobsOf(other, bare, 1))
  expect(bitsOf(balanced)).toEqual(bitsOf(without))
  expect((await engine.prepare(plain)).program).toBe((await engine.prepare(bare)).program)
})
