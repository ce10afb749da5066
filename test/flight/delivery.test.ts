import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  crash, ditto, fedAvg, fedPer, lose, mbps, mmoe, ms, pfMsmtrec, scaffold, seconds, sgd, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const retrying = { acknowledge: true, retries: 40, timeout: ms(100), longest: seconds(1) }

const flown = (changes: Partial<Specification>): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
        local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: synchronous({ count: 4, select: 2 }),
        network: { up: mbps(2), down: mbps(4), latency: ms(10), inside: ms(1) },
        evaluate: { every: 100, final: false, start: false },
        ...changes,
      },
      { seed: 3, engine: 'tfjs' },
    ),
    { world, engine },
  )

describe('thirty percent of all messages lost, with retries', () => {
  it.each(Object.entries({ fedAvg: fedAvg(), scaffold: scaffold(), ditto: ditto(), fedPer: fedPer(), pfMsmtrec: pfMsmtrec() }))(
    '%s ends with the model of a flight without losses, bit for bit', async (_, strategy) => {
      const calm = await flown({ strategy })
      const faults = [lose({}, { probability: 0.3 })]
      const flight = await flown({ strategy, faults, delivery: retrying })
      expect(flight.parts).toEqual(calm.parts)
      expect(flight.rounds.map(({ folded }) => folded)).toEqual(calm.rounds.map(({ folded }) => folded))
      const fates = new Map<string, number>()
      for (const { fate } of flight.ledger) fates.set(fate, (fates.get(fate) ?? 0) + 1)
      expect(fates.get('lost')).toBeGreaterThan(20)
      expect(fates.get('retransmitted')).toBeGreaterThan(0)
      expect(fates.get('unresolved') ?? 0).toBe(0)
      expect(flight.trainings.map(({ outcome }) => outcome)).toEqual(calm.trainings.map(() => 'used'))
      const bytes = ({ ledger }: Flight) => ledger.reduce((sum, row) => sum + row.bytes, 0)
      expect(bytes(flight)).toBeGreaterThan(1.3 * bytes(calm))
      expect(flight.ledger.some(({ attempt }) => attempt > 1)).toBe(true)
      // Acknowledgements have luck of their own each: nobody waits for one that is lost again and again.
      expect(flight.virtualTime).toBeLessThan(20 * calm.virtualTime + 10_000_000)
      expect(Math.max(...flight.ledger.map(({ attempt }) => attempt))).toBeLessThan(12)
    },
  )

  it('without retries never closes a round', async () => {
    await expect(flown({ faults: [lose({}, { probability: 0.3 })] }).then(({ status }) => status)).rejects.toThrow(/can never close/)
  })
})

it('costs a trailer and an acknowledgement where nothing is lost, and changes no model', async () => {
  const plain = await flown({})
  const acknowledged = await flown({ delivery: retrying })
  expect(acknowledged.parts).toEqual(plain.parts)
  const rows = acknowledged.ledger.filter(({ kind }) => kind !== 'ack')
  const sizes = (all: Flight['ledger'], more: number) => all.map(({ kind, part, bytes }) => `${kind} ${part} ${bytes + more}`).sort()
  expect(sizes(rows, 0)).toEqual(sizes(plain.ledger, 16))
  const acks = acknowledged.ledger.filter(({ kind }) => kind === 'ack')
  expect(acks).toHaveLength(rows.length)
  expect(new Set(acks.map(({ fate }) => fate))).toEqual(new Set(['control']))
})

describe('with retries, whoever is dead for a while is waited for', () => {
  it.each(['aggregator', 'expert-1', 'client-B'])('%s', async (who) => {
    const changes = { delivery: { ...retrying, retries: 100 }, rounds: synchronous({ count: 4 }) }
    const calm = await flown(changes)
    const { opened, closed } = calm.rounds[1]
    // Who is dead when a round opens is not asked: a client's death must end in the round in which it began.
    const last = who.startsWith('client') ? opened + 20_000 : closed - 3000
    for (const at of [opened + 5000, Math.floor((opened + closed) / 2), last]) {
      const faults = [crash(who, { at, restartAfter: seconds(2), keeps: 'checkpoint', id: 'dead' })]
      const flight = await flown({ ...changes, faults })
      expect(flight.faults[0].fired, `${who} at ${at}`).toBe(1)
      expect(flight.parts, `${who} at ${at}`).toEqual(calm.parts)
      expect(flight.virtualTime).toBeGreaterThan(calm.virtualTime)
    }
  })
})

it('a client that has lost all, between its parts’ answers, is sent every part again and trains anew', async () => {
  const changes = { delivery: { ...retrying, retries: 100 }, rounds: synchronous({ count: 3 }) }
  const calm = await flown(changes)
  // Its expert's part is in, its trunk waits for that to be acknowledged.
  const faults = [crash('client-B', {
    when: { event: 'arrived', from: 'client-B', to: 'expert-1', message: 'update', nth: 2 }, restartAfter: ms(5), keeps: 'nothing', id: 'dead',
  })]
  const flight = await flown({ ...changes, faults })
  expect(flight.faults[0].fired).toBe(1)
  expect(flight.parts).toEqual(calm.parts)
  expect(flight.trainings.filter(({ client, round }) => client === 'client-B' && round === 2)).toHaveLength(2)
})
