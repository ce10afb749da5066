import { openEngine } from '../src/engine/open.js'
import { setUp } from '../src/flight/setup.js'
import { ready } from '../src/flight/fly.js'
import { loadWorld } from '../scenarios/registry.js'
import { mb1 } from '../scenarios/index.js'
import { mbps, lose, mlp, ms, sgd, fedAvg, deadline, minutes } from '../src/simulation/script.js'
import type { Specification } from '../src/simulation/specification.js'
import { resolve } from '../src/simulation/resolve.js'
import { engineUpdatesPerSecond } from './engine-mb1.js'
import { cpuSeconds, median, row } from './measure.js'

const ROUNDS = 50
const CLIENTS = 20

/** MB-1 as a simulation: 20 of 200 clients a round, 50 rounds, plain SGD; actors, virtual time and ledger on. */
const specification = (faults: Specification['faults']): Specification => ({
  world: mb1(),
  model: mlp({ hidden: [64] }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.05), chunk: 4, cohort: CLIENTS },
  strategy: fedAvg(),
  rounds: deadline({ count: ROUNDS, after: minutes(5), select: CLIENTS }),
  network: { up: mbps(10), down: mbps(50), latency: ms(20) },
  faults,
  evaluate: { start: false, every: 1000, final: false },
})

/** MB-1 in calm weather. */
export const mb1Flight = specification([])

const lossy = [lose({ from: 'client', to: 'aggregator' }, { probability: 0.3 })]

/** Turns before measuring: V8 needs about ten flights until it has compiled what they use. */
const WARM_UP = 12
const TURNS = 15

/**
 * Client updates per CPU-second through the whole simulator. What comes before a flight (world, engine, tracing, drawing
 * the weather) is not timed, as on the bare engine's side; spawning the actors and handing over the result are.
 * Evaluation is no part of it.
 */
const flights = async (faults: Specification['faults']): Promise<() => Promise<number>> => {
  const resolved = resolve(specification(faults), { seed: 1 })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const engine = await openEngine({ engine: 'onnx', workers: 0 })
  const setup = await setUp(resolved, world, engine)
  return async () => {
    const simulator = await ready(setup, { engine })
    const begin = cpuSeconds()
    const flight = await simulator.fly()
    const used = cpuSeconds() - begin
    const trained = flight.trainings.length
    if (trained !== ROUNDS * CLIENTS) throw new Error(`${trained} trainings instead of ${ROUNDS * CLIENTS}`)
    return trained / used
  }
}

export const run = async (): Promise<{ simulator: number; simulatorLossy: number; engine: number }> => {
  const calm = await flights([])
  const weathered = await flights(lossy)
  const results = { engine: [] as number[], simulator: [] as number[], simulatorLossy: [] as number[] }
  for (let turn = 0; turn < WARM_UP + TURNS; turn++) {
    const engine = await engineUpdatesPerSecond({ cohort: CLIENTS, rounds: ROUNDS })
    const flown = await calm()
    const flownLossy = await weathered()
    if (turn < WARM_UP) continue
    results.engine.push(engine)
    results.simulator.push(flown)
    results.simulatorLossy.push(flownLossy)
  }
  console.log(row('client updates per CPU-second', 'median', 'worst', 'best'))
  for (const [name, values] of Object.entries(results)) {
    console.log(row(name, median(values).toFixed(0), Math.min(...values).toFixed(0), Math.max(...values).toFixed(0)))
  }
  // Turn by turn: other work on the machine slows all three of a turn alike.
  const shares = (of: number[]): number[] => of.map((rate, i) => rate / results.engine[i])
  const keeps = (of: number[]): string => `${(100 * median(shares(of))).toFixed(1)} %`
  const [plain, losing] = [keeps(results.simulator), keeps(results.simulatorLossy)]
  console.log(`the simulator keeps ${plain} of the bare engine, ${losing} with 30 % of uploads lost`)
  return {
    simulator: Math.round(median(results.simulator)),
    simulatorLossy: Math.round(median(results.simulatorLossy)),
    engine: Math.round(median(results.engine)),
  }
}
