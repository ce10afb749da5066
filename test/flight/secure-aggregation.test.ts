import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Life } from '../../src/faults/fault.js'
import type { Weather } from '../../src/faults/weather.js'
import type { Flight } from '../../src/flight/flight.js'
import { flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import { fedAvg, mmoe, ms, sgd, type Specification, synchronous } from '../../src/simulation/script.js'
import { calm } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18, D: 6, E: 6 })

const specification = (changes: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  evaluate: { every: 100, final: false, start: false },
  ...changes,
})

const setupOf = (changes: Partial<Specification> = {}, seed = 1): Promise<Setup> =>
  setUp(resolve(specification(changes), { seed, engine: 'surrogate' }), world, engine)

type See = (event: FlightEvent, live: (life: Life) => void) => void

const flown = async (setup: Setup, see: See = () => {}, weather: Partial<Weather> = {}): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    setup,
    ({ live }) => calm({
      latency: () => 10_000, mayDie: () => true,
      readers: [{ see: (event) => {
        events.push(event)
        see(event, live)
      } }],
      ...weather,
    }),
    { engine, stepCost: () => 10_000 },
  )
  return { flight, events }
}

describe('a flight', () => {
  it('flies', async () => {
    const { flight } = await flown(await setupOf({ secureAggregation: {} }))
    const plain = await flown(await setupOf())
    console.log(flight.rounds.map(r => [r.outcome, r.reason, r.opened, r.closed]), plain.flight.rounds.map(r => [r.outcome, r.opened, r.closed]))
    for (const [part, values] of Object.entries(flight.parts)) console.log(part, Math.max(...values.map((v, i) => Math.abs(v - plain.flight.parts[part][i]))))
    void [ms, expect]
  })
})
