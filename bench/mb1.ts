import { openEngine } from '../src/engine/open.js'
import { fly } from '../src/federation/flight.js'
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
  evaluate: { every: 1000, final: false },
})

const lossy = [lose({ from: 'client', to: 'aggregator' }, { probability: 0.3 })]

/** Client updates per CPU-second through the whole simulator; evaluation is not part of it. */
const simulate = async (faults: Specification['faults'], seed: number): Promise<number> => {
  const resolved = resolve(specification(faults), { seed })
  const world = await loadWorld(resolved.world, { seed: resolved.seeds.world, cwd: process.cwd() })
  const engine = await openEngine({ engine: 'onnx', workers: 0 })
  const begin = cpuSeconds()
  const flight = await fly(resolved, { world, engine })
  const used = cpuSeconds() - begin
  await engine.close()
  const trained = flight.trainings.length
  if (trained !== ROUNDS * CLIENTS) throw new Error(`${trained} trainings instead of ${ROUNDS * CLIENTS}`)
  return trained / used
}

export const run = async (): Promise<{ simulator: number; simulatorLossy: number; engine: number }> => {
  const results = { engine: [] as number[], simulator: [] as number[], simulatorLossy: [] as number[] }
  for (let turn = 0; turn < 6; turn++) {
    const engine = await engineUpdatesPerSecond({ cohort: CLIENTS, rounds: ROUNDS })
    const simulator = await simulate([], turn)
    const simulatorLossy = await simulate(lossy, turn)
    if (turn === 0) continue
    results.engine.push(engine)
    results.simulator.push(simulator)
    results.simulatorLossy.push(simulatorLossy)
  }
  console.log(row('client updates per CPU-second', 'median', 'worst', 'best'))
  for (const [name, values] of Object.entries(results)) {
    console.log(row(name, median(values).toFixed(0), Math.min(...values).toFixed(0), Math.max(...values).toFixed(0)))
  }
  const share = (of: number[]): string => `${((100 * median(of)) / median(results.engine)).toFixed(1)} %`
  console.log(`the simulator keeps ${share(results.simulator)} of the bare engine, ${share(results.simulatorLossy)} with 30 % of uploads lost`)
  return {
    simulator: Math.round(median(results.simulator)),
    simulatorLossy: Math.round(median(results.simulatorLossy)),
    engine: Math.round(median(results.engine)),
  }
}
