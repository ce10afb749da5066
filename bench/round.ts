import { existsSync } from 'node:fs'

import { kuairand } from '../scenarios/index.js'
import { loadWorld } from '../scenarios/registry.js'
import type { World } from '../src/data/world.js'
import type { Engine, TrainJob } from '../src/engine/engine.js'
import { openEngine } from '../src/engine/open.js'
import { setUp } from '../src/flight/setup.js'
import { flySetup } from '../src/flight/fly.js'
import { resolve } from '../src/simulation/resolve.js'
import { adam, fedAvg, mmoe, synchronous } from '../src/simulation/script.js'
import type { Resolved } from '../src/simulation/specification.js'
import { cpuSeconds, median, row } from './measure.js'

const DATA = '../shared/data/kuairand_pure'

/** One round of first flight's model on KuaiRand's five pages, with and without scoring at its close. */
const specification = (evaluate: boolean): Resolved =>
  resolve({
    world: kuairand(),
    model: mmoe({ embedding: 8, experts: 4, expert: [64, 32], tower: [16] }),
    local: { epochs: 1, batch: 256, optimizer: adam(1e-3) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 1 }),
    evaluate: evaluate
      ? { start: false, every: 1, on: ['validation'], final: false }
      : { start: false, every: 1000, final: false },
  })

/** An engine that remembers the training jobs it was given. */
const recording = (engine: Engine, jobs: TrainJob[]): Engine => ({
  name: engine.name,
  prepare: (training) => engine.prepare(training),
  register: (handle, table) => engine.register(handle, table),
  train: (more) => {
    jobs.push(...more)
    return engine.train(more)
  },
  score: (more) => engine.score(more),
  close: () => engine.close(),
})

/** CPU seconds of a round's flight, and of the same training jobs given to the same engine with nothing around. */
const turn = async (world: World, evaluate: boolean): Promise<{ flight: number; training: number }> => {
  const engine = await openEngine({ engine: 'onnx', workers: 0 })
  const jobs: TrainJob[] = []
  const resolved = specification(evaluate)
  const fleet = recording(engine, jobs)
  const setup = await setUp(resolved, world, fleet)
  const flight = async (): Promise<void> => {
    await flySetup(setup, { engine: fleet })
  }
  const bare = async (): Promise<void> => void (await Promise.all(engine.train(jobs.slice(-5))))
  const timed = async (work: () => Promise<void>): Promise<number> => {
    const begin = cpuSeconds()
    await work()
    return cpuSeconds() - begin
  }
  await flight()
  await bare()
  const results = { training: await timed(bare), flight: await timed(flight) }
  await engine.close()
  return results
}

export const run = async (): Promise<{ trainingShare: number | null }> => {
  if (!existsSync(DATA)) {
    console.log('skipped: KuaiRand-Pure is not beside the checkout')
    return { trainingShare: null }
  }
  const world = await loadWorld(kuairand(), { seed: '1', dataDir: DATA, cwd: process.cwd() })
  console.log(row('one KuaiRand round, CPU seconds', 'flight', 'training', 'share'))
  const shareOf = async (name: string, evaluate: boolean): Promise<number> => {
    const turns = []
    for (let i = 0; i < 7; i++) turns.push(await turn(world, evaluate))
    const share = median(turns.map(({ flight, training }) => training / flight))
    const [flight, training] = [median(turns.map((t) => t.flight)), median(turns.map((t) => t.training))]
    console.log(row(name, flight.toFixed(2), training.toFixed(2), share.toFixed(3)))
    return share
  }
  const trainingShare = await shareOf('the round', false)
  await shareOf('with validation at its close', true)
  return { trainingShare: Number(trainingShare.toFixed(3)) }
}
