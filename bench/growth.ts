import type { Table } from '../src/data/table.js'
import type { World } from '../src/data/world.js'
import type { Engine } from '../src/engine/engine.js'
import { openEngine } from '../src/engine/open.js'
import { ready } from '../src/flight/fly.js'
import { setUp, type Setup } from '../src/flight/setup.js'
import { streams } from '../src/random/streams.js'
import { resolve } from '../src/simulation/resolve.js'
import {
  asynchronous, deadline, diurnal, fedAvg, mbps, minutes, mlp, ms, seconds, sgd, type Specification,
} from '../src/simulation/script.js'
import { cpuSeconds, row } from './measure.js'

/** One step on four rows of four columns: what is left is the simulator. */
const ROWS = 4
const COLUMNS = 4

const tableOf = (draw: () => number): Table => ({
  rows: ROWS,
  categorical: new Int32Array(0),
  numeric: Float32Array.from({ length: ROWS * COLUMNS }, () => draw() * 2 - 1),
  labels: Float32Array.from({ length: ROWS }, () => Math.round(draw())),
})

const worldOf = (clients: number): World => {
  const draw = streams('growth')('rows')
  const names = Array.from({ length: clients }, (_, i) => `c${String(i).padStart(5, '0')}`)
  return {
    name: 'growth',
    features: { categorical: [], numeric: Array.from({ length: COLUMNS }, (_, i) => `x${i}`) },
    tasks: [{ name: 'y', kind: 'binary' }],
    scenarios: names.map((name) => ({ name, train: tableOf(draw), validation: tableOf(draw), test: tableOf(draw) })),
    origins: [], split: 'made up', notes: [],
  }
}

const specificationOf = (rounds: Specification['rounds'], schedule: Specification['schedule']): Specification => ({
  world: { kind: 'storefronts' },
  model: mlp({ hidden: [] }),
  local: { epochs: 1, batch: ROWS, optimizer: sgd(0.05), cohort: 10 },
  strategy: fedAvg(),
  rounds,
  schedule,
  network: { up: mbps(10), down: mbps(50), latency: ms(20) },
  evaluate: { start: false, every: 1e9, final: false },
})

/** A way to grow: from so few to so many. */
interface Growth {
  readonly name: 'rounds' | 'clients' | 'folds' | 'scheduled'
  readonly says: string
  readonly sizes: readonly number[]
  readonly clients: (size: number) => number
  readonly rounds: (size: number) => Specification['rounds']
  readonly schedule?: Specification['schedule']
}

const FEW = 10

const growths: readonly Growth[] = [
  {
    name: 'rounds',
    says: `rounds of ${FEW} clients`,
    sizes: [100, 1000, 10_000],
    clients: () => FEW,
    rounds: (size) => deadline({ count: size, after: minutes(5) }),
  },
  {
    name: 'clients',
    says: 'clients, all of them in every one of ten rounds',
    sizes: [10, 100, 1000, 10_000],
    clients: (size) => size,
    rounds: () => deadline({ count: 10, after: minutes(5) }),
  },
  {
    name: 'folds',
    says: 'clients, all of them at work, ten folds of one update for each',
    sizes: [10, 100, 1000, 10_000],
    clients: (size) => size,
    rounds: (size) => asynchronous({ count: 10 * size, maxStaleness: 1e9 }),
  },
  {
    name: 'scheduled',
    says: 'clients, each there half of the time, ten folds of one update for each',
    sizes: [10, 100, 1000, 10_000],
    clients: (size) => size,
    rounds: (size) => asynchronous({ count: 10 * size, maxStaleness: 1e9 }),
    schedule: [diurnal({ available: 0.5, period: seconds(2) })],
  },
]

interface Measured {
  /** CPU microseconds per client-round. */
  time: number
  /** Bytes per client-round that a flight holds when it has landed: actors, record and result. */
  memory: number
}

/** Collects what can be; without `--expose-gc` memory is not told. */
const collect = (globalThis as { gc?: () => void }).gc

/** What the process holds, after two collections: the first frees what the second can collect. */
const held = (): number => {
  collect?.()
  collect?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Flights, again and again until so many client-rounds were flown: the same work for every size, and the same warmth. */
const ENOUGH = 90_000

const measure = async (setup: Setup, engine: Engine): Promise<Measured> => {
  const before = held()
  const kept: unknown[] = []
  let spent = 0
  let flown = 0
  while (flown < ENOUGH) {
    const simulator = await ready(setup, { engine })
    const begin = cpuSeconds()
    const flight = await simulator.fly()
    spent += cpuSeconds() - begin
    flown += flight.trainings.length
    kept.push(simulator, flight)
  }
  const memory = (held() - before) / flown
  kept.length = 0
  return { time: (spent * 1e6) / flown, memory }
}

/** Sizes are measured in turn, since the machine changes its speed; of each the fastest turn counts. */
const TURNS = 2

export const run = async (): Promise<Record<string, unknown>> => {
  const result: Record<string, unknown> = {}
  let flat = true
  for (const { name, says, sizes, clients, rounds, schedule } of growths) {
    console.log(`${says}\n${row('', 'CPU us', 'bytes', 'of the first')}`)
    const engine = await openEngine({ engine: 'onnx', workers: 0 })
    const setups: Setup[] = []
    for (const size of sizes) {
      const resolved = resolve(specificationOf(rounds(size), schedule), { seed: 1 })
      setups.push(await setUp(resolved, worldOf(clients(size)), engine))
    }
    const best: Measured[] = sizes.map(() => ({ time: Infinity, memory: Infinity }))
    for (let turn = 0; turn < TURNS; turn++) {
      for (const i of sizes.keys()) {
        const { time, memory } = await measure(setups[i], engine)
        best[i] = { time: Math.min(best[i].time, time), memory: Math.min(best[i].memory, memory) }
      }
    }
    await engine.close()
    for (const [i, size] of sizes.entries()) {
      const told = collect === undefined ? '-' : best[i].memory.toFixed(0)
      console.log(row(`  ${size}`, best[i].time.toFixed(1), told, (best[i].time / best[0].time).toFixed(2)))
    }
    flat &&= best.every(({ time }) => time < best[0].time * (4 / 3))
    result[name] = Object.fromEntries(sizes.map((size, i) => [size, Number(best[i].time.toFixed(2))]))
    if (collect !== undefined) result[`${name}Bytes`] = Object.fromEntries(sizes.map((size, i) => [size, Math.round(best[i].memory)]))
  }
  return { ...result, flat }
}
