import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { faultsSchema } from '../../src/faults/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import { all, deadline, defineStrategy, fedAvg, mmoe, ms, seconds, sgd, skew } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from '../federation/small.js'
import { weatherOf } from './weather.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/**
 * Two clients, one expert, two rounds of 3 s, lines of one byte per microsecond, 10 ms of latency; a step takes 1.497 s
 * whatever the model, A does one of them and B two. A can answer in time, and B cannot.
 */
const flown = async (about: Partial<Specification>, late: 'send' | 'give-up' | 'train-less' = 'give-up'): Promise<Flight & { timed: string[] }> => {
  const timed: string[] = []
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 2, after: seconds(3), quorum: 1, late }),
      network: { up: 8e6, down: 8e6, latency: ms(10) },
      devices: { stepOverhead: 1_497_000, gflops: 1e9, memoryGBps: 1e9 },
      evaluate: { every: 100, final: false },
      ...about,
    },
    { seed: 1, engine: 'surrogate' },
  )
  const onEvent = (event: FlightEvent): void => {
    if (event.kind === 'timed') timed.push(`${event.at} ${event.actor} ${event.does} round ${event.round}`)
  }
  const flight = await fly(resolved, { world: smallWorld({ A: 16, B: 32 }), engine, onEvent })
  return Object.assign(flight, { timed })
}

/** Without what servers tell each other. */
const seen = ({ events }: Flight): string[] =>
  events.filter((line) => /"actor":"client|round-|"fate"/.test(line) && !/"fate":"control"/.test(line))

describe('clients that go by the deadline', () => {
  it('a right clock: A answers, B sees at once that it cannot', async () => {
    const { timed, rounds, trainings } = await flown({})
    expect(timed).toEqual([
      '10864 client-B gives up round 1',
      '1507865 client-A sends round 1',
      '3010864 client-B gives up round 2',
      '4507865 client-A sends round 2',
    ])
    expect(rounds.map(({ folded, reason }) => `${folded.join()} ${reason}`)).toEqual(['client-A deadline', 'client-A deadline'])
    expect(trainings).toHaveLength(2)
  })

  it('a clock that is 2 s ahead and one that is 2 s behind, event by event', async () => {
    const flight = await flown({
      faults: [skew('client-A', { ahead: '2 s', id: 'A' }), skew('client-B', { behind: '2 s', id: 'B' })],
    })
    expect(seen(flight)).toMatchInlineSnapshot(`
      [
        "{"at":0,"event":"round-open","actor":"aggregator","round":1,"selected":2}",
        "{"at":10648,"event":"arrive","actor":"client-B","id":1}",
        "{"at":10648,"event":"arrive","actor":"client-A","id":2}",
        "{"at":10864,"event":"arrive","actor":"client-B","id":3}",
        "{"at":10864,"event":"train","actor":"client-B","round":1,"until":3004865,"examples":32}",
        "{"at":10864,"event":"arrive","actor":"client-A","id":4}",
        "{"at":3000000,"event":"settle","actor":"client-B","id":1,"fate":"fruitless"}",
        "{"at":3000000,"event":"settle","actor":"client-A","id":2,"fate":"fruitless"}",
        "{"at":3000000,"event":"round-close","actor":"aggregator","round":1,"folded":0,"outcome":"aborted","reason":"deadline, below quorum"}",
        "{"at":3000000,"event":"round-open","actor":"aggregator","round":2,"selected":2}",
        "{"at":3000000,"event":"settle","actor":"client-B","id":3,"fate":"fruitless"}",
        "{"at":3000000,"event":"settle","actor":"client-A","id":4,"fate":"fruitless"}",
        "{"at":3004865,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":32}",
        "{"at":3004865,"event":"send","actor":"client-B","id":11,"to":"expert-1","message":"update","round":1,"part":"expert-1","bytes":216}",
        "{"at":3004865,"event":"send","actor":"client-B","id":12,"to":"aggregator","message":"update","round":1,"part":"trunk","bytes":648}",
        "{"at":3010648,"event":"arrive","actor":"client-B","id":7}",
        "{"at":3010648,"event":"arrive","actor":"client-A","id":8}",
        "{"at":3010864,"event":"arrive","actor":"client-B","id":9}",
        "{"at":3010864,"event":"train","actor":"client-B","round":2,"until":6004865,"examples":32}",
        "{"at":3010864,"event":"arrive","actor":"client-A","id":10}",
        "{"at":3015081,"event":"settle","actor":"expert-1","id":11,"fate":"aborted"}",
        "{"at":3015729,"event":"settle","actor":"aggregator","id":12,"fate":"aborted"}",
        "{"at":6000000,"event":"settle","actor":"client-B","id":7,"fate":"fruitless"}",
        "{"at":6000000,"event":"settle","actor":"client-A","id":8,"fate":"fruitless"}",
        "{"at":6000000,"event":"round-close","actor":"aggregator","round":2,"folded":0,"outcome":"aborted","reason":"deadline, below quorum"}",
        "{"at":6000000,"event":"settle","actor":"client-B","id":9,"fate":"fruitless"}",
        "{"at":6000000,"event":"settle","actor":"client-A","id":10,"fate":"fruitless"}",
        "{"at":6000000,"event":"trained","actor":"client-B","round":2,"outcome":"abandoned","examples":31}",
      ]
    `)
    expect(flight.timed).toMatchInlineSnapshot(`
      [
        "10864 client-A gives up round 1",
        "3004865 client-B sends round 1",
        "3010864 client-A gives up round 2",
        "8000000 client-B gives up round 2",
      ]
    `)
    expect(flight.faults.map(({ text, fired, outcome }) => `${text}: ${fired}, ${outcome}`)).toMatchInlineSnapshot(`
      [
        "client-A: clock 2.000 s ahead: 2, 2 rounds given up that could be answered (5.978 s before the end)",
        "client-B: clock 2.000 s behind: 1, 1 update sent after the end of the round (0.005 s after it)",
      ]
    `)
  })

  it('where they send what is late, no clock is read, and none can be wrong', async () => {
    const [right, wrong] = await Promise.all([flown({}, 'send'), flown({ faults: [skew(all(), { ahead: '2 s' })] }, 'send')])
    expect(wrong.digest).toBe(right.digest)
    expect(wrong.timed).toEqual([])
    expect(wrong.faults[0]).toMatchObject({ fired: 0, outcome: 'never fired' })
  })
})

describe('a skewed clock', () => {
  it('shows what its faults add up to, from when they begin until it is set right', () => {
    const weather = weatherOf([
      skew('client-NL', { ahead: 500, from: 1000, until: 3000, id: 'a' }),
      skew('client-NL', { drift: -100_000, from: 2000, id: 'b' }),
    ])
    const clock = weather.clock!('client-NL')!
    expect([0, 999, 1000, 2000, 2500, 2999, 3000, 4000].map((at) => clock.read(at))).toEqual([
      0, 999, 1500, 2500, 2950, 3399, 2900, 3800,
    ])
    expect([clock.wait(0, 900), clock.wait(2000, 900)]).toEqual([900, 1000])
    expect(weather.report()[1]).toMatchObject({ fired: 1, outcome: '1 timer off (by 0.000 s)' })
    expect(weather.clock!('client-US')).toBeUndefined()
    expect(weatherOf([]).clock).toBeUndefined()
  })

  it('has counted a delay when its timer goes off, to the microsecond', () => {
    const time = fc.integer({ min: 0, max: 1e12 })
    fc.assert(
      fc.property(fc.integer({ min: -400_000, max: 400_000 }).filter((ppm) => ppm !== 0), time, fc.integer({ min: 0, max: 1e9 }), (drift, at, delay) => {
        const clock = weatherOf([skew('client-NL', { drift })]).clock!('client-NL')!
        const counted = clock.read(at + clock.wait(at, delay)) - clock.read(at)
        expect(Math.abs(counted - delay)).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('is ahead or behind, by something', () => {
    const problem = (fault: object): string => faultsSchema.safeParse([{ kind: 'skew', who: 'one', ...fault }]).error!.issues[0].message
    expect(problem({})).toContain('give `ahead`')
    expect(problem({ ahead: 1, behind: 1 })).toContain('either')
  })
})

describe('clients that train less to be in time', () => {
  /** What a fold was told of each update, too. */
  const less = async (about: Partial<Specification> = {}) => {
    const updates: string[] = []
    const strategy = defineStrategy({
      name: 'told',
      fold: (state, all_) => {
        if (state.part === 'trunk') updates.push(all_.map(({ client, examples, steps }) => `${client} ${examples} rows ${steps} steps`).join(', '))
        return state
      },
    })
    return Object.assign(await flown({ strategy, ...about }, 'train-less'), { updates })
  }

  it('a right clock: of two steps B does one, and says so', async () => {
    const { timed, trainings, updates } = await less()
    // B has 3,000,000 - 10,864 microseconds for two steps of 1,497,000 (and a last one that is rounded up).
    // Both updates (864 bytes) are there at 1,518,729, where round 2 opens; its model is at the clients 10,864 later.
    expect(timed.toSorted()).toEqual([
      '10864 client-B trains less round 1', '1507865 client-A sends round 1', '1507865 client-B sends round 1',
      '1529593 client-B trains less round 2', '3026594 client-A sends round 2', '3026594 client-B sends round 2',
    ])
    expect(updates[0]).toBe('client-A 16 rows 1 steps, client-B 16 rows 1 steps')
    expect(trainings.map(({ examples, outcome }) => `${examples} ${outcome}`)).toEqual(Array.from({ length: 4 }, () => '16 used'))
  })

  it('a wrong clock: ahead it trains less in vain, or gives up; behind it trains too much and is late', async () => {
    const rounds = deadline({ count: 1, after: '3100 ms', quorum: 1, late: 'train-less' })
    const vain = await less({ rounds, faults: [skew('client-B', { ahead: '500 ms', id: 'x' })] })
    expect(vain.updates).toEqual(['client-A 16 rows 1 steps, client-B 16 rows 1 steps'])
    expect(vain.faults[0].outcome).toBe('1 training cut down that would have fitted (0.095 s before the end)')
    const gone = await less({ rounds, faults: [skew('client-B', { ahead: '2 s', id: 'x' })] })
    expect(gone.updates).toEqual(['client-A 16 rows 1 steps'])
    expect(gone.timed).toContain('10864 client-B gives up round 1')
    const late = await less({ faults: [skew('client-B', { behind: '2 s', id: 'x' })] })
    expect(late.updates[0]).toBe('client-A 16 rows 1 steps')
    expect(late.faults[0].outcome).toBe('1 update sent after the end of the round (0.005 s after it)')
  })

  it('never trains more than fits by its own clock, and with a right one is in time wherever a step fits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20, max: 400 }), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: -150, max: 150 }),
        async (after, overhead, epochs, off) => {
          const wrong = off === 0 ? [] : [skew(all(), { ...(off > 0 ? { ahead: ms(off) } : { behind: ms(-off) }), id: 'x' })]
          const trained: { start: number; until: number; examples: number; client: string }[] = []
          const resolved = resolve({
            world: { kind: 'storefronts' }, model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
            local: { epochs, batch: 16, optimizer: sgd(0.1) }, strategy: fedAvg(),
            rounds: deadline({ count: 1, after: ms(after), late: 'train-less' }), network: { up: 8e6, down: 8e6, latency: ms(1) },
            devices: { stepOverhead: overhead * 1000, gflops: 1e9, memoryGBps: 1e9 }, evaluate: { every: 100, final: false }, faults: wrong,
          }, { seed: 1, engine: 'surrogate' })
          const flight = await fly(resolved, {
            world: smallWorld({ A: 16, B: 75 }), engine,
            onEvent: (event) => {
              if (event.kind === 'train') trained.push({ start: event.at, until: event.whole, examples: event.examples, client: event.actor })
            },
          })
          for (const [client, rows] of [['client-A', 16], ['client-B', 75]] as const) {
            const own = trained.find((one) => one.client === client)
            // The model is there at 1,864; a step takes its overhead, and together they are rounded up.
            const room = ms(after) - ms(off) - 1864
            const takes = (steps: number): number => steps * overhead * 1000 + 1
            const whole = Math.ceil(rows / 16) * epochs
            const fit = Math.min(whole, Math.max(0, Math.ceil(room / (overhead * 1000)) - 1))
            if (own === undefined) {
              expect(fit).toBe(0)
              continue
            }
            expect(own.until - own.start).toBe(takes(fit))
            expect(own.until - own.start).toBeLessThan(room)
            const epoch = Math.floor(fit / Math.ceil(rows / 16))
            expect(own.examples).toBe(epoch * rows + Math.min((fit % Math.ceil(rows / 16)) * 16, rows))
            if (off === 0) expect(flight.ledger.some(({ from, kind }) => from === client && kind === 'update')).toBe(true)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
