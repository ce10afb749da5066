import { allChecks } from '../src/checks/watch.js'
import type { Engine, TrainResult } from '../src/engine/engine.js'
import { openEngine } from '../src/engine/open.js'
import { ready } from '../src/flight/fly.js'
import { setUp } from '../src/flight/setup.js'
import { loadWorld } from '../scenarios/registry.js'
import { mb1 } from '../scenarios/index.js'
import { deadline, duplicate, fedAvg, lose, mbps, minutes, mmoe, ms, sgd } from '../src/simulation/script.js'
import { resolve } from '../src/simulation/resolve.js'
import type { Specification } from '../src/simulation/specification.js'
import { cpuSeconds, median, row } from './measure.js'

const ROUNDS = 50
const CLIENTS = 20

/** Two experts, messages lost and doubled, acknowledged and sent again: what checks have to look at. */
const specification: Specification = {
  world: mb1(),
  model: mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2] }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.05), cohort: CLIENTS },
  strategy: fedAvg(),
  rounds: deadline({ count: ROUNDS, after: minutes(5), select: CLIENTS }),
  network: { up: mbps(10), down: mbps(50), latency: ms(20) },
  delivery: { acknowledge: true },
  faults: [lose({ from: 'client' }, { probability: 0.1 }), duplicate({ from: 'client' }, { probability: 0.1, after: ms(5) })],
  evaluate: { start: false, every: 1000, final: false },
}

/** An engine whose training gives back what it was given: what is left is the simulator's own time. */
const stub = (engine: Engine): Engine => ({
  name: engine.name,
  prepare: (training) => engine.prepare(training),
  register: (handle, table) => engine.register(handle, table),
  score: (jobs) => engine.score(jobs),
  close: () => engine.close(),
  train: (jobs) => jobs.map(({ parameters }) => Promise.resolve({
    parameters, optimizer: { steps: 1, slots: [] }, losses: new Float64Array(2), steps: 1, examples: 16,
  } as unknown as TrainResult)),
})

/** Turns before measuring: V8 needs about ten flights until it has compiled what they use. */
const WARM_UP = 12
const TURNS = 25

export const run = async (): Promise<{ off: number; on: number; ratio: number }> => {
  const resolved = resolve(specification, { seed: 1 })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const real = await openEngine({ engine: 'tfjs', workers: 0 })
  const engine = stub(real)
  const setup = await setUp(resolved, world, engine)
  /** Microseconds of CPU time per client-round. */
  const fly = async (checks: typeof allChecks): Promise<number> => {
    const simulator = await ready(setup, { engine, checks })
    globalThis.gc?.()
    const begin = cpuSeconds()
    const flight = await simulator.fly()
    const used = cpuSeconds() - begin
    return (1e6 * used) / flight.trainings.length
  }
  const results = { off: [] as number[], on: [] as number[] }
  for (let turn = 0; turn < WARM_UP + TURNS; turn++) {
    const [off, on] = turn % 2 === 0 ? [await fly([]), await fly(allChecks)] : [await fly(allChecks), await fly([])].toReversed()
    if (turn < WARM_UP) continue
    results.off.push(off)
    results.on.push(on)
  }
  await real.close()
  console.log(row('us per client-round', 'median', 'best', 'worst'))
  for (const [name, values] of Object.entries(results)) {
    console.log(row(`checks ${name}`, median(values).toFixed(1), Math.min(...values).toFixed(1), Math.max(...values).toFixed(1)))
  }
  // Turn by turn: other work on the machine slows both of a turn alike.
  const ratio = median(results.on.map((on, i) => on / results.off[i]))
  console.log(`${allChecks.length} checks cost ${(100 * (ratio - 1)).toFixed(1)} % of the simulator's own CPU time; the bar is 20 %`)
  return { off: Math.round(10 * median(results.off)) / 10, on: Math.round(10 * median(results.on)) / 10, ratio: Math.round(1000 * ratio) / 1000 }
}
