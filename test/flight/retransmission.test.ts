import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { flyUnder } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { setUp } from '../../src/flight/setup.js'
import type { Verdict } from '../../src/network/weather.js'
import { resolve } from '../../src/simulation/resolve.js'
import { fedAvg, mlp, ms, sgd, synchronous } from '../../src/simulation/script.js'
import { calm, clear } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** Two clients, 10 ms to and fro, 10 ms a step: one step for A, two for B. Lines without limit, one part, one round. */
const flown = async (lost: Verdict['lost'] | undefined, of: (message: string, attempt: number, from: string) => boolean): Promise<Flight> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mlp({ hidden: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: synchronous({ count: 1 }),
      delivery: { acknowledge: true, timeout: ms(100), backoff: 3, jitter: 0 },
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'tfjs' },
  )
  const weather = calm({
    latency: () => 10_000,
    judge: ({ kind, attempt, from }) => (of(kind, attempt, from) ? { ...clear, ...(lost && { lost }) } : clear),
  })
  return flyUnder(await setUp(resolved, smallWorld({ A: 6, B: 12 }), engine), () => weather, { engine, stepCost: () => 10_000 })
}

const rows = ({ ledger }: Flight): string[] =>
  ledger
    .map(({ sent, from, to, kind, attempt, delivered, fate }) => `${sent} ${from} > ${to} ${kind} ${attempt}: ${delivered} ${fate}`)
    .sort((a, b) => parseInt(a, 10) - parseInt(b, 10) || (a < b ? -1 : 1))

const gone = { travelled: 1, fault: 'gone' }

it('an update that is lost is sent again when its acknowledgement is overdue, and then three times as late', async () => {
  // An acknowledgement is waited for 20 ms, there and back, and 100 ms more; after the second try 300 ms more.
  const flight = await flown(gone, (message, attempt, from) => message === 'update' && from === 'client-B' && attempt < 2)
  expect(rows(flight)).toEqual([
    '0 aggregator > client-A model 0: 10000 used',
    '0 aggregator > client-B model 0: 10000 used',
    '10000 client-A > aggregator ack 0: 20000 control',
    '10000 client-B > aggregator ack 0: 20000 control',
    '20000 client-A > aggregator update 0: 30000 used',
    '30000 aggregator > client-A ack 0: 40000 control',
    '30000 client-B > aggregator update 0: null lost',
    '150000 client-B > aggregator update 1: null lost',
    '470000 client-B > aggregator update 2: 480000 used',
    '480000 aggregator > client-B ack 2: 490000 control',
  ])
  expect(flight.virtualTime).toBe(480_000)
})

it('an update whose acknowledgement is lost comes again for nothing', async () => {
  const flight = await flown(gone, (message, attempt, from) => message === 'ack' && from === 'aggregator' && attempt === 0)
  expect(rows(flight).slice(4)).toEqual([
    '20000 client-A > aggregator update 0: 30000 used',
    '30000 aggregator > client-A ack 0: null lost',
    '30000 client-B > aggregator update 0: 40000 used',
    '40000 aggregator > client-B ack 0: null lost',
    '140000 client-A > aggregator update 1: 150000 retransmitted',
    '150000 aggregator > client-A ack 1: 160000 control',
    '150000 client-B > aggregator update 1: 160000 retransmitted',
    '160000 aggregator > client-B ack 1: 170000 control',
  ])
  expect(flight.virtualTime).toBe(40_000)
})
