import { readFileSync } from 'node:fs'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { phone, radios, resume, type Sourced } from '../../src/costs/constants.js'
import { Battery, type Charger, filledAt, usedUpAt } from '../../src/faults/charge.js'
import { drawPlan } from '../../src/faults/plan.js'
import { fly } from '../../src/flight/fly.js'
import { calendar } from '../../src/schedules/calendar.js'
import { resolve } from '../../src/simulation/resolve.js'
import { all, battery, deadline, fedAvg, mlp, ms, seconds, sgd } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'
import { three, weatherOf } from './weather.js'

const train = (round: number) => ({ kind: 'train', round, until: 0, whole: 0, examples: 1 }) as const
const trained = (round: number, start: number, outcome: 'computed' | 'interrupted' | 'abandoned' = 'computed') =>
  ({ kind: 'trained', round, start, outcome, examples: 1, continues: false }) as const

const about = { who: 'client-NL', capacity: 10, training: 1, sent: 0, received: 0, id: 'b' }
const { who, ...usual } = about

describe('a battery', () => {
  it('ends a training when it is empty, and the client is back when it has charged', () => {
    const weather = weatherOf([battery(who, { ...usual, resume: 0.5, charge: { watts: 2, windows: [['20 s', '30 s']] } })])
    expect(weather.span('client-NL', 0, seconds(6), 1)).toEqual({ until: seconds(6) })
    weather.happen(0, 'client-NL', train(1))
    weather.happen(seconds(6), 'client-NL', trained(1, 0))
    expect(weather.span('client-NL', seconds(7), seconds(6), 2)).toEqual({ until: seconds(11), interrupted: 'left in training', whole: seconds(13) })
    weather.happen(seconds(7), 'client-NL', train(2))
    weather.happen(seconds(11), 'client-NL', trained(2, seconds(7), 'interrupted'))
    expect([seconds(11) - 1, seconds(11), seconds(22), seconds(22.5)].map((at) => weather.available('client-NL', at, 3))).toEqual([
      true, false, false, true,
    ])
    expect(weather.awayUntil('client-NL', seconds(12))).toBe(seconds(22.5))
    expect(weather.setOff).toEqual([{ kind: 'leave', who: 'client-NL', at: seconds(11), fault: 'b' }])
    expect(weather.report()[0]).toMatchObject({
      text: 'client-NL: battery of 10 J, 100 % full at first, 1 W in training, charged with 2 W at times',
      fired: 1, outcome: 'ran empty once; 1 training cut short (4.000 s charged for nothing)',
    })
  })

  it('that is never charged is never back', () => {
    const weather = weatherOf([battery(who, { ...usual, start: 0.3 })])
    weather.span('client-NL', 0, seconds(6), 1)
    expect(weather.awayUntil('client-NL', seconds(3))).toBe(Infinity)
  })

  it('is not emptied by work that was given up', () => {
    const weather = weatherOf([battery(who, { ...usual, start: 0.3 })])
    weather.span('client-NL', 0, seconds(6), 1)
    weather.happen(0, 'client-NL', train(1))
    weather.happen(seconds(1), 'client-NL', trained(1, 0, 'abandoned'))
    expect(weather.available('client-NL', seconds(4), 2)).toBe(true)
    expect(weather.span('client-NL', seconds(4), seconds(6), 2)).toMatchObject({ until: seconds(6) })
    expect(weather.awayUntil('client-NL', seconds(6))).toBe(Infinity)
  })

  it('is emptied by bytes, as they have gone and as they come', () => {
    const weather = weatherOf([battery(who, { ...usual, start: 0.5, sent: 3, received: 1 })])
    const sent = (envelope: number, from: string, to: string) => {
      weather.happen(0, from, {
        kind: 'send', envelope, to, message: 'update', round: 1, part: 'trunk', roles: [], direction: 'up', attempt: 0, copy: 0, bytes: 1e6,
      })
    }
    sent(0, 'aggregator', 'client-NL')
    sent(1, 'client-NL', 'aggregator')
    sent(2, 'client-NL', 'aggregator')
    weather.happen(10, 'client-NL', { kind: 'arrive', envelope: 0 })
    weather.happen(20, 'aggregator', { kind: 'drop', envelope: 1, from: 'client-NL', round: 1, travelled: 1e6, fault: undefined })
    expect(weather.absence('client-NL', 20)).toBeUndefined()
    weather.happen(30, 'aggregator', { kind: 'drop', envelope: 2, from: 'client-NL', round: 1, travelled: 4e5, fault: undefined })
    expect(weather.absence('client-NL', 30)).toBe('b')
    expect(weather.report()[0].outcome).toBe('ran empty once')
  })

  it('sends nobody away once it is calm, neither for bytes nor for work', () => {
    const weather = weatherOf([battery(who, { ...usual, start: 0.1, sent: 3 })], { calms: true })
    weather.happen(0, 'client-NL', {
      kind: 'send', envelope: 0, to: 'aggregator', message: 'update', round: 1, part: 'trunk', roles: [], direction: 'up', attempt: 0, copy: 0, bytes: 1e6,
    })
    weather.happen(10, 'client-NL', train(1))
    weather.happen(20, 'aggregator', { kind: 'calm' })
    weather.happen(30, 'aggregator', { kind: 'arrive', envelope: 0 })
    weather.happen(seconds(9), 'client-NL', trained(1, 10))
    expect(weather.span('client-NL', seconds(10), seconds(6), 2)).toEqual({ until: seconds(16) })
    expect(weather.absence('client-NL', seconds(11))).toBeUndefined()
    expect(weather.setOff).toEqual([])
    expect(weather.report()[0].fired).toBe(0)
  })

  it('begins as full as was drawn, which the plan holds', () => {
    const drawn = drawPlan([battery(all(), { start: { from: 0.2, to: 0.4 } })], three, '7').faults[0].drawn as { start: Record<string, number> }
    expect(Object.keys(drawn.start)).toEqual(['client-BR', 'client-NL', 'client-US'])
    for (const start of Object.values(drawn.start)) expect(start >= 0.2 && start <= 0.4).toBe(true)
    expect(new Set(Object.values(drawn.start)).size).toBe(3)
  })
})

describe('charging and using up', () => {
  const charger = fc.record({
    watts: fc.integer({ min: 0, max: 8 }),
    calendar: fc.option(
      fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 })).map(([from, length]) => calendar([{ from, until: from + length }], 70)),
      { nil: undefined },
    ),
  })

  /** A joule is a microsecond's worth of 1e6 W; here in steps of one microsecond. */
  const micro = (one: Charger): Charger => ({ ...one, watts: one.watts * 1e6 })
  const flow = ({ watts, calendar: own }: Charger, at: number): number => {
    const window = own?.next(at)
    return own === undefined || (window !== undefined && window.from <= at) ? watts : 0
  }

  it('equals a loop over microseconds', () => {
    fc.assert(
      fc.property(charger, fc.integer({ min: 0, max: 60 }), fc.nat(100), fc.nat(90), fc.integer({ min: 1, max: 9 }), (one, joules, at, lasts, watts) => {
        let level = joules
        let time = at
        while (level > 0 && time < at + lasts) level += flow(one, time++) - watts
        const expected = level <= 0 ? time : undefined
        expect(usedUpAt(joules, at, at + lasts, watts * 1e6, micro(one))).toBe(expected)

        let full = 0
        let filled = at
        while (full < joules && filled < at + 5000) full += flow(one, filled++)
        expect(filledAt(joules, at, micro(one))).toBe(full < joules ? Infinity : filled)

        const store = new Battery(60, micro(one), joules)
        let held = joules
        for (let t = 0; t < at + lasts; t++) held = Math.max(0, Math.min(60, held + flow(one, t) - (t < at ? 0 : watts)))
        store.draw(at, watts * 1e6)
        expect(store.level(at + lasts)).toBe(held)
        expect(store.spend(at + lasts, held)).toBe(true)
      }),
    )
  })
})

describe('in a flight, to the microsecond', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ engine: 'tfjs' })
  })
  afterAll(() => engine.close())

  it('a device that is empty in its second training comes back when it has charged', async () => {
    const resolved = resolve(
      {
        world: { kind: 'storefronts' },
        model: mlp({ embedding: 1, hidden: [2] }),
        local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 4, after: ms(100), quorum: 1 }),
        network: { up: 8e6, down: 8e6, latency: ms(10) },
        devices: { stepOverhead: 20_000, gflops: 1e9, memoryGBps: 1e9 },
        // Full at first: 1 J. Charged with 1 W, so that a training of 20,001 us takes 24 W of it. 41,025 us a round:
        //   10,512  1 - 0.480024 + 0.021024 (until 51,537) - 0.480024 + 0.021024 = 0.082 at 92,562
        //   0.082 J last 3,416.7 us; 0.1 J take 100,000 us to charge: from 95,979 until 195,979
        faults: [battery('client-B', { capacity: 1, training: 25, sent: 0, received: 0, resume: 0.1, charge: { watts: 1 }, id: 'b' })],
        evaluate: { every: 100, final: false },
      },
      { seed: 1, engine: 'tfjs' },
    )
    const flight = await fly(resolved, { world: smallWorld({ A: 16, B: 16 }), engine })
    const of = flight.events.filter((line) => /client-B/.test(line) && /"event":"train/.test(line))
    expect(of).toMatchInlineSnapshot(`
      [
        "{"at":10512,"event":"train","actor":"client-B","round":1,"until":30513,"examples":16}",
        "{"at":30513,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":16}",
        "{"at":51537,"event":"train","actor":"client-B","round":2,"until":71538,"examples":16}",
        "{"at":71538,"event":"trained","actor":"client-B","round":2,"outcome":"computed","examples":16}",
        "{"at":92562,"event":"train","actor":"client-B","round":3,"until":95979,"examples":16}",
        "{"at":95979,"event":"trained","actor":"client-B","round":3,"outcome":"interrupted","examples":2}",
      ]
    `)
    expect(flight.rounds.map(({ opened, closed, selected, folded, reason }) => `${opened}-${closed} ${selected.join()}: ${folded.join()} ${reason}`)).toMatchInlineSnapshot(`
      [
        "0-41025 client-A,client-B: client-A,client-B all answered",
        "41025-82050 client-A,client-B: client-A,client-B all answered",
        "82050-182050 client-A,client-B: client-A deadline",
        "182050-223075 client-A: client-A all answered",
      ]
    `)
    expect(flight.faults[0].outcome).toMatchInlineSnapshot(`"ran empty once; 1 training cut short (0.003 s charged for nothing)"`)
  })
})

describe('what batteries are reckoned by', () => {
  const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  const rowOf = (name: string) => page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`) && /: |estimate|measured|derived/.test(line.split('|')[3]))

  it('says of each number what it rests on, with a source or none, here and in the docs', () => {
    const all: Record<string, Sourced> = { capacity: phone.capacity, training: phone.watts, resume, wifi: radios.wifi.sent, lte: radios.lte.sent, '3g': radios['3g'].sent }
    for (const [name, { value, basis, source }] of Object.entries(all)) {
      expect(source).toMatch(basis === 'estimate' ? /\S/ : /20\d\d/)
      const row = rowOf(name)
      expect(row, name).toContain(basis)
      expect(row, name).toContain(value.toLocaleString('en', { maximumFractionDigits: 3 }))
    }
  })

  it('is what follows from what was measured', () => {
    expect(Math.abs(2.44 * 3600 * 7.884 - phone.capacity.value)).toBeLessThan(100)
    expect(5 * 3600 * 3.85).toBe(phone.capacity.value)
    // 1 mW per Mbit/s is 1 mJ per Mbit, and a million bytes are 8 Mbit.
    for (const { sent, received } of Object.values(radios)) {
      for (const { value, perRate } of [sent, received]) expect(value).toBe(Number(((perRate * 8) / 1000).toFixed(3)))
    }
  })
})
