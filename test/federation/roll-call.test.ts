import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { compile } from '../../src/faults/compile.js'
import { RollCall } from '../../src/federation/roll-call.js'
import type { Flight } from '../../src/flight/flight.js'
import { flyUnder, planOf } from '../../src/flight/fly.js'
import { setUp, travellingOf } from '../../src/flight/setup.js'
import { streams } from '../../src/random/streams.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, away, crash, deadline, fedAvg, fraction, mlp, ms, one, periods, quorum, sgd, type Specification,
} from '../../src/simulation/script.js'
import { weatherOf } from '../faults/weather.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

describe('a roll call', () => {
  it('looks at whom it must: those of whom something may be new, and those of whom nothing is known', () => {
    const roll = new RollCall()
    roll.see(0, { there: true, until: 50 }, 0)
    roll.see(1, { there: false, until: 20 }, 0)
    roll.see(2, { there: false, until: undefined }, 0)
    roll.see(3, { there: false, until: Infinity }, 0)
    roll.see(4, { there: true, until: undefined }, 0)
    const looked: number[] = []
    const count = (now: number, until?: number) => {
      looked.length = 0
      return roll.count(now, (client) => {
        looked.push(client)
        return { there: client === 1, until }
      })
    }
    expect([count(10), looked.join()]).toEqual([2, '2'])
    expect([count(20, 60), looked.join()]).toEqual([3, '2,1'])
    // 2 is known to be away until 60 now.
    expect([count(50), looked.join()]).toEqual([2, '0'])
    expect([count(60), looked.toSorted().join()]).toEqual([2, '0,1,2'])
  })
})

describe('until when a client is away in a round', () => {
  it('follows from the faults that strike it then', () => {
    const weather = weatherOf([
      away('client-NL', { rounds: [2, 3], id: 'rounds' }), away('client-US', { from: 100, until: 200, id: 'times' }),
      away('client-BR', { probability: 1, daily: [[0, 1]], id: 'daily' }),
    ])
    expect(weather.awayUntil('client-NL', 5, 1)).toBeUndefined()
    expect(weather.awayUntil('client-NL', 5, 2)).toBe(Infinity)
    expect(weather.awayUntil('client-NL', 5)).toBeUndefined()
    expect([99, 100, 199, 200].map((now) => weather.awayUntil('client-US', now, 1))).toEqual([undefined, 200, 200, undefined])
    // It may be otherwise at another time of day.
    expect(weather.available('client-BR', 5, 1)).toBe(false)
    expect(weather.awayUntil('client-BR', 5, 1)).toBeUndefined()
  })

  it('is not known of the dead that come back at an event', () => {
    const dead = { kind: 'life', what: 'crash', fault: 'x', keeps: 'nothing', back: undefined } as const
    const back = weatherOf([crash('client-NL', { at: 5, restartWhen: { event: 'folded', nth: 2 }, keeps: 'nothing' })])
    back.happen(5, 'client-NL', dead)
    expect([back.available('client-NL', 6, 1), back.awayUntil('client-NL', 6)]).toEqual([false, undefined])
    const forGood = weatherOf([crash('client-NL', { at: 5, keeps: 'nothing' })])
    forGood.happen(5, 'client-NL', dead)
    expect(forGood.awayUntil('client-NL', 6)).toBe(Infinity)
  })
})

const world = smallWorld(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`c${i}`, 4 + i])))

/** `knowing`: the aggregator knows until when clients are away; otherwise it looks at all who are whenever somebody may be back. */
const flown = async (seed: number, changes: Partial<Specification>, knowing = true): Promise<Flight> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model: mlp({ embedding: 1, hidden: [] }), local: { epochs: 1, batch: 4, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds: deadline({ count: 5, after: ms(60), quorum: 5 }), network: { latency: ms(1) }, evaluate: { start: false, every: 1e9, final: false },
      ...changes,
    },
    { seed, engine: 'surrogate' },
  )
  const setup = await setUp(resolved, world, engine)
  const { schedule, network, devices, seeds } = resolved
  const plan = planOf(setup)
  return flyUnder(setup, ({ record, live }) => {
    const weather = compile({
      plan, participants: setup.participants, schedule, network, devices, record, live,
      parts: travellingOf(setup.parts).map(({ name }) => name), streams: streams(seeds.faults), coins: streams(plan.seed), calms: resolved.calm !== undefined,
    })
    return knowing ? weather : { ...weather, awayUntil: () => undefined }
  }, { engine, stepCost: () => 1000 })
}

describe('a wait that knows who is away until when', () => {
  it('is, to the digest, the wait that looks at all of them at each return', async () => {
    const schedule: Specification['schedule'] = [periods({ who: fraction(0.7), on: ms(20), off: ms(25), phase: 'random' })]
    const faults = [
      away(fraction(0.3), { from: ms(10), until: ms(95) }), away(fraction(0.4), { rounds: [2, 3], probability: 0.5 }),
      away(fraction(0.5), { probability: 0.3, daily: [[0, 1]], rounds: [3, 5] }),
      crash(one(), { at: ms(5), restartAfter: ms(50), keeps: 'nothing' }),
      crash(one(), { at: ms(70), restartWhen: { event: 'opened', nth: 3 }, keeps: 'nothing' }),
    ]
    const outcomes = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      for (const rounds of [deadline({ count: 5, after: ms(60), quorum: 5 }), quorum({ count: 4, quorum: 4, after: ms(200) })]) {
        const looking = await flown(seed, { rounds, schedule, faults }, false)
        const knowing = await flown(seed, { rounds, schedule, faults })
        expect(knowing.rounds, `seed ${seed}`).toEqual(looking.rounds)
        expect(knowing.digest).toBe(looking.digest)
        for (const { reason } of knowing.rounds) outcomes.add(reason)
      }
    }
    expect([...outcomes].some((reason) => / of \d available/.test(reason))).toBe(true)
    expect(outcomes).toContain('goal reached')
  })

  it('asks a client again that has come back at an event, where rounds overlap', async () => {
    const { rounds } = await flown(1, {
      rounds: asynchronous({ count: 60, timeout: ms(8) }),
      faults: [crash('client-c3', { at: ms(1), restartWhen: { event: 'folded', nth: 20 }, keeps: 'nothing' })],
    })
    expect(rounds.some(({ round, selected }) => round > 20 && selected.includes('client-c3'))).toBe(true)
  })

  it('asks those again that a calm phase brings back, where rounds overlap', async () => {
    const { rounds } = await flown(1, {
      rounds: asynchronous({ count: 60, timeout: ms(8) }), calm: { round: 20 },
      faults: [crash('client-c3', { at: ms(1), keeps: 'nothing' }), away('client-c4', { rounds: [2, 60] })],
    })
    for (const who of ['client-c3', 'client-c4']) expect(rounds.some(({ round, selected }) => round > 20 && selected.includes(who))).toBe(true)
  })
})
