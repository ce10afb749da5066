import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import type { Flight } from '../../../src/flight/flight.js'
import { fly } from '../../../src/flight/fly.js'
import { resolve } from '../../../src/simulation/resolve.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { fedAvg, mlp, ms, sgd, synchronous } from '../../../src/simulation/script.js'
import { smallWorld } from '../small.js'

/** Clients with so many rows, on lines of one byte a microsecond with 10 ms of latency, and devices on which a step takes 1 ms. */
export const small: Omit<Specification, 'topology'> = {
  world: { kind: 'storefronts' },
  model: mlp({ embedding: 1, hidden: [2] }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  network: { up: 8e6, down: 8e6, latency: ms(10) },
  devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
  evaluate: { every: 100, start: false, final: false },
}

export interface Flown {
  readonly rows?: Readonly<Record<string, number>>
  readonly engine?: Engine
  readonly seed?: number
}

/** Four clients of 32 rows each, where nothing else is said. */
export const four = { A: 32, B: 32, C: 32, D: 32 } as const

export const flySmall = async (of: Partial<Specification>, { rows = four, engine, seed = 1 }: Flown = {}): Promise<Flight> => {
  const own = engine ?? await openEngine({ engine: 'tfjs' })
  try {
    return await fly(resolve({ ...small, ...of } as Specification, { seed, engine: 'tfjs' }), { world: smallWorld(rows), engine: own })
  } finally {
    if (engine === undefined) await own.close()
  }
}
