import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  clog, duplicate, fedAvg, lose, mbps, mmoe, ms, partition, reorder, seconds, sgd, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const flown = (faults: Specification['faults'], retries = true): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
        local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: synchronous({ count: 4 }),
        network: { up: mbps(2), down: mbps(4), latency: ms(10), inside: ms(1) },
        evaluate: { every: 100, final: false, start: false },
        faults,
        delivery: retries ? { acknowledge: true, retries: 40, timeout: ms(100), longest: seconds(1) } : {},
      },
      { seed: 3, engine: 'surrogate' },
    ),
    { world, engine },
  )

it.each(Object.entries({
  bursts: [lose({}, { burst: { p: 0.1, r: 0.4 } })],
  'a partition in time': [partition(['client-A'], { from: ms(30), until: seconds(2) })],
  'a partition of servers, in mid-round': [partition(['aggregator', 'expert'], { from: ms(40), until: seconds(1) })],
  'a partition one way': [partition(['client', ['aggregator', 'expert']], { from: ms(20), until: seconds(1), oneWay: 'in' })],
  'clogs, together and one by one': [
    clog({ to: 'aggregator' }, { from: ms(30), until: ms(700), release: 'one by one', gap: ms(150) }),
    clog({ from: 'expert' }, { from: ms(20), until: ms(500) }),
  ],
  'messages out of order, and twice': [reorder({}, { by: ms(300), gap: 2 }), duplicate({}, { probability: 0.5, correlation: 0.7, after: ms(20) })],
  'all at once': [
    lose({}, { burst: { p: 0.1, r: 0.4 } }), partition([['client-A', 'expert-1']], { from: ms(60), until: seconds(2) }),
    clog({ from: 'client' }, { from: seconds(1), until: seconds(3) }), reorder({}, { by: ms(50), gap: 3, share: 0.5, correlation: 0.3 }),
  ],
}))('with retries, %s cost time and bytes and no update', async (_, faults) => {
  const calm = await flown([], false)
  const flight = await flown(faults)
  expect(flight.parts).toEqual(calm.parts)
  expect(flight.rounds.map(({ folded }) => folded)).toEqual(calm.rounds.map(({ folded }) => folded))
  for (const { fired, text } of flight.faults) expect(fired, text).toBeGreaterThan(0)
  expect(flight.virtualTime).toBeGreaterThan(calm.virtualTime)
})
