import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { Inbox } from '../../src/faults/inbox.js'
import type { FaultInput } from '../../src/faults/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { crash, deadline, fedAvg, full, mlp, ms, seconds, sgd } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from '../federation/small.js'
import { envelope, weatherOf } from './weather.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** Three clients of one step each, whose updates reach the aggregator in one instant, at 22,409 us. */
const flown = (faults: readonly FaultInput[], about: Partial<Specification> = {}): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mlp({ embedding: 1, hidden: [2] }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 1, after: ms(100), quorum: 1 }),
        network: { up: 8e6, down: 8e6, latency: ms(10) },
        devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
        faults: [...faults],
        evaluate: { every: 100, final: false },
        ...about,
      },
      { seed: 1, engine: 'tfjs' },
    ),
    { world: smallWorld({ A: 16, B: 16, C: 16 }), engine },
  )

const updates = ({ ledger }: Flight): string[] =>
  ledger.filter(({ kind }) => kind === 'update').map(({ sent, delivered, fate }) => `${sent} ${delivered} ${fate}`)

const outcome = ({ faults }: Flight): string => `${faults[0].text}: ${faults[0].fired}, ${faults[0].outcome}`

describe('a server that is full', () => {
  it('takes one message in, has one wait, refuses the third', async () => {
    const calm = await flown([])
    const [, arrives] = updates(calm)[0].split(' ').map(Number)
    const flight = await flown([full('aggregator', { service: ms(5), inbox: 1, id: 'full' })])
    const [sent] = updates(flight)[0].split(' ')
    expect(new Set(updates(calm))).toEqual(new Set([`${sent} ${arrives} used`]))
    expect(updates(flight).toSorted()).toEqual([
      `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 10_000} used`, `${sent} null refused`,
    ])
    const { bytes } = flight.ledger.find(({ fate }) => fate === 'refused')!
    expect(outcome(flight)).toBe(
      'aggregator handles 1 message at once for 0.005 s, inbox of 1 message: 3, 2 messages handled (0.010 s of work); ' +
        `1 message kept waiting (0.005 s); 1 message refused (${bytes} bytes sent in vain)`,
    )
    expect(flight.rounds[0]).toMatchObject({ closed: 100_000, reason: 'deadline' })
    expect(flight.trainings.map(({ outcome: end }) => end).toSorted()).toEqual(['lost', 'used', 'used'])
  })

  it('gets what it refused once more, where messages are acknowledged', async () => {
    const { rounds, ledger } = await flown([full('aggregator', { service: ms(5), inbox: 0, id: 'full' })], {
      rounds: deadline({ count: 1, after: seconds(10), quorum: 1 }),
      delivery: { acknowledge: true, timeout: ms(10) },
    })
    expect(rounds[0]).toMatchObject({ folded: ['client-A', 'client-B', 'client-C'], reason: 'all answered' })
    const about = ledger.filter(({ kind }) => kind === 'update')
    expect(about.filter(({ fate }) => fate === 'used')).toHaveLength(3)
    expect(about.filter(({ fate }) => fate === 'refused').length).toBeGreaterThan(0)
    expect(about.filter(({ attempt, fate }) => attempt > 0 && fate === 'used').length).toBeGreaterThan(0)
  })

  it('without a bound holds up everybody, and refuses nobody', async () => {
    const flight = await flown([full('aggregator', { service: ms(5), takes: 2, id: 'full' })])
    const [sent] = updates(flight)[0].split(' ')
    const [, arrives] = updates(await flown([]))[0].split(' ').map(Number)
    expect(updates(flight).toSorted()).toEqual([
      `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 5000} used`, `${sent} ${arrives + 10_000} used`,
    ])
  })

  it('that dies loses what is in its inbox', async () => {
    const { faults, ledger } = await flown([
      full('client-A', { service: ms(5), id: 'full' }), crash('client-A', { at: ms(12), restartAfter: ms(1), keeps: 'nothing', id: 'crash' }),
    ])
    expect(ledger.find(({ to, kind }) => to === 'client-A' && kind === 'model')).toMatchObject({ fate: 'lost', delivered: null })
    expect(faults[0].outcome).toBe('1 message handled (0.005 s of work)')
  })

  it('is so in its window, and for whom it names', () => {
    const weather = weatherOf([full('aggregator', { service: 100, inbox: 0, from: 1000, rounds: [2, 3], id: 'x' })])
    expect(weather.door(envelope({ id: 1, round: 2 }), 999)).toBe('deliver')
    expect(weather.door(envelope({ id: 2, round: 1 }), 1000)).toBe('deliver')
    expect(weather.door(envelope({ id: 3, round: 2, to: 'expert-1' }), 1000)).toBe('deliver')
    expect(weather.door(envelope({ id: 4, round: 2 }), 1000)).toEqual({ hold: 1100, by: 'x' })
    expect(weather.door(envelope({ id: 4, round: 2 }), 1050)).toEqual({ hold: 1100, by: 'x' })
    expect(weather.door(envelope({ id: 5, round: 2 }), 1050)).toEqual({ drop: 'x', refused: true })
    expect(weather.door(envelope({ id: 4, round: 2 }), 1100)).toBe('deliver')
    expect(weather.door(envelope({ id: 6, round: 2 }), 1100)).toEqual({ hold: 1200, by: 'x' })
  })
})

describe('an inbox', () => {
  it('is the queue that a step by step simulation of it gives', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 })
    const size = fc.integer({ min: 1, max: 4 })
    fc.assert(
      fc.property(arrivals, size, fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 5 }), (gaps, takes, service, waiting) => {
        const inbox = new Inbox(takes, service, takes + waiting)
        /** By server: when it is free again. */
        const free = Array.from({ length: takes }, () => 0)
        const inside: number[] = []
        let now = 0
        gaps.forEach((gap, i) => {
          now += gap
          const here = inside.filter((end) => end > now)
          const place = inbox.ask(i, now)
          if (here.length >= takes + waiting) return expect(place).toBe('no room')
          const server = free.indexOf(Math.min(...free))
          const start = Math.max(now, free[server])
          free[server] = start + service
          inside.push(free[server])
          expect(place).toEqual({ handled: free[server], waits: start - now })
        })
      }),
    )
  })
})
