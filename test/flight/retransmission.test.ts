import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly, flyUnder } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { setUp } from '../../src/flight/setup.js'
import type { Verdict } from '../../src/network/weather.js'
import { resolve } from '../../src/simulation/resolve.js'
import { crash, fedAvg, kbps, mlp, mmoe, ms, sgd, type Specification, synchronous } from '../../src/simulation/script.js'
import { calm, clear } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/** Two clients, 10 ms to and fro, 10 ms a step: one step for A, two for B. Lines without limit, one part, one round. */
const flown = async (
  lost: Verdict['lost'] | undefined, of: (message: string, attempt: number, from: string, round: number) => boolean,
  { rounds = 1, ackDelay = 0, delivery }: { rounds?: number; ackDelay?: number; delivery?: Specification['delivery'] } = {},
): Promise<Flight> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mlp({ hidden: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: synchronous({ count: rounds }),
      delivery: { acknowledge: true, timeout: ms(100), backoff: 3, jitter: 0, ...delivery },
      evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'surrogate' },
  )
  const weather = calm({
    latency: () => 10_000,
    judge: ({ kind, attempt, from, round }) =>
      of(kind, attempt, from, round) ? { ...clear, ...(lost && { lost }) } : { ...clear, delay: kind === 'ack' ? ackDelay : 0 },
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

it('with `adaptive` waits it learns what the line takes, and how much longer it had to wait', async () => {
  // Acknowledgements come 30 ms late. Of client-B's updates: R = 30 twice, so SRTT 30, RTTVAR 15 and then 11.25: RTO 75 ms.
  const flight = await flown(gone, (message, attempt, from, round) =>
    message === 'update' && from === 'client-B' && ((round === 3 && attempt < 2) || (round === 4 && attempt < 1)),
  { rounds: 4, ackDelay: 30_000, delivery: { timeout: 'adaptive', shortest: ms(10) } })
  expect(flight.rounds.map(({ opened }) => opened)).toEqual([0, 40_000, 90_000, 480_000])
  const own = rows(flight).filter((row) => row.includes('client-B') && !row.includes('model') && !row.includes('> aggregator ack'))
  // Sent when the acknowledgement of the round before is there: an update of the trunk goes after all else.
  expect(own.slice(2)).toEqual([
    '80000 client-B > aggregator update 0: 90000 used',
    '90000 aggregator > client-B ack 0: 130000 control',
    // Its 20 ms there and back, and 75; then 3 times 75; the last try is waited for 9 times 75, and nothing is learnt of it.
    '130000 client-B > aggregator update 0: null lost',
    '225000 client-B > aggregator update 1: null lost',
    '470000 client-B > aggregator update 2: 480000 used',
    '480000 aggregator > client-B ack 2: 520000 control',
    // So that is how long the next is waited for: 20 + 675 ms.
    '520000 client-B > aggregator update 0: null lost',
    '1215000 client-B > aggregator update 1: 1225000 used',
    '1225000 aggregator > client-B ack 1: 1265000 control',
  ])
})

describe('a line that is so slow that messages queue on it', () => {
  /** Copies that came though they had been taken in, by round. */
  const needless = async (delivery: Specification['delivery'], keeps = false): Promise<number[]> => {
    const flight = await fly(
      resolve(
        {
          world: { kind: 'storefronts' },
          model: mmoe({ embedding: 2, experts: 3, expert: [3], tower: [2] }),
          local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
          strategy: fedAvg(),
          rounds: synchronous({ count: 8 }),
          network: { up: kbps(8), down: kbps(8), latency: ms(10) },
          delivery: { acknowledge: true, retries: 40, ...delivery },
          ...(keeps && { faults: [crash('aggregator', { when: { event: 'closed', nth: 4 }, keeps: 'checkpoint', restartAfter: ms(100) })] }),
          evaluate: { every: 100, final: false, start: false },
        },
        { seed: 3, engine: 'surrogate' },
      ),
      { world: smallWorld({ A: 6, B: 12, C: 18 }), engine },
    )
    const again = flight.ledger.filter(({ fate }) => fate === 'retransmitted')
    return flight.rounds.map(({ round }) => again.filter((row) => row.round === round).length)
  }

  it('makes a fixed timeout send again for nothing in every round, and an adaptive one in the first alone', async () => {
    const fixed = await needless({ timeout: ms(500) })
    const adaptive = await needless({ timeout: 'adaptive' })
    expect(fixed).toEqual([21, 21, 21, 21, 21, 21, 21, 21])
    expect(adaptive).toEqual([9, 0, 0, 0, 0, 0, 0, 0])
  })

  it('is sent more than it takes while an aggregator comes back and asks anew, and then no more', async () => {
    expect((await needless({ timeout: 'adaptive' }, true)).slice(6)).toEqual([0, 0])
  })
})
