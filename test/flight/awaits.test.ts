import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { setUp } from '../../src/flight/setup.js'
import { Simulator } from '../../src/flight/simulator.js'
import { compile } from '../../src/faults/compile.js'
import { drawPlan } from '../../src/faults/plan.js'
import { streams } from '../../src/random/streams.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  all, asynchronous, away, buffered, crash, deadline, fedAvg, mbps, mmoe, ms, named, pause, quorum, roundMachine, seconds, semiAsynchronous, sgd,
  type Specification, synchronous, tiers,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const flown = async (changes: Partial<Specification>): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
    local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 4 }),
    network: { up: mbps(2), down: mbps(4), latency: ms(10) },
    devices: { stepOverhead: 8000 },
    checkpoint: { every: 1, patience: ms(100) },
    evaluate: { every: 100, final: false, start: false },
    ...changes,
  }
  const flight = await fly(resolve(specification, { seed: 3, engine: 'surrogate' }), { world, engine, onEvent: (event) => events.push(event) })
  return { flight, events }
}

const outcomes = ({ rounds }: Flight) => rounds.map(({ outcome, folded }) => (outcome === 'closed' ? folded.length : 'aborted'))

/** Something that happens at 20 s by itself, while nobody is there. */
const sign = crash('expert-1', { at: seconds(19), restartAfter: seconds(1), keeps: 'checkpoint', id: 'sign' })
const returned = { event: 'returned', actor: 'expert-1' } as const
const dead = crash(all(), { at: 0, restartWhen: returned, keeps: 'checkpoint', id: 'dead' })
const gone = away(all(), { until: returned, id: 'gone' })

const machines = [
  ['synchronous', synchronous({ count: 4 })],
  ['quorum', quorum({ count: 4, quorum: 3, after: seconds(60) })],
  ['deadline', deadline({ count: 4, after: seconds(60) })],
  ['tiers', tiers({ count: 4, tiers: 1 })],
  ['asynchronous', asynchronous({ count: 4 })],
  ['buffered', buffered({ count: 4, buffer: 2 })],
  ['semi-asynchronous', semiAsynchronous({ count: 4, after: seconds(60) })],
] as const

describe('where everybody is away until an event', () => {
  describe.each([['dead', dead], ['gone', gone]] as const)('%s', (_, fault) => {
    it.each(machines)('rounds that are %s wait for it, and go on with whom it brings back', async (_kind, rounds) => {
      const { flight } = await flown({ rounds, faults: [sign, fault] })
      expect(flight.rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'closed', 'closed', 'closed'])
      // In the instant of the event, or when the aggregator has heard where the expert network is.
      expect(flight.rounds[0].closed).toBeGreaterThan(seconds(20))
      expect(flight.rounds[0].closed).toBeLessThan(seconds(21))
    })
  })

  it('opens in the instant of the event', async () => {
    const { flight, events } = await flown({ faults: [gone, crash(named('client-A'), { at: seconds(19), restartAfter: seconds(1), id: 'sign' })].map((fault) =>
      fault.kind === 'away' ? { ...fault, until: { event: 'returned', actor: 'client-A' } } as const : fault) })
    expect(outcomes(flight)).toEqual([3, 3, 3, 3])
    expect(flight.rounds[0].opened).toBe(seconds(20))
    expect(events.filter(({ kind, at }) => kind === 'round-open' && at >= seconds(20)).length).toBe(4)
  })

  it('or as soon as it wakes, if the aggregator sleeps then', async () => {
    const { flight } = await flown({ faults: [sign, gone, pause('aggregator', { at: seconds(15), for: seconds(10), id: 'asleep' })] })
    expect(outcomes(flight)).toEqual([3, 3, 3, 3])
    expect(flight.rounds[0].opened).toBeGreaterThanOrEqual(seconds(25))
    expect(flight.rounds[0].opened).toBeLessThan(seconds(26))
  })

  it('or when it has come back, if it is dead then', async () => {
    const { flight } = await flown({ faults: [sign, gone, crash('aggregator', { at: seconds(15), restartAfter: seconds(10), keeps: 'checkpoint', id: 'down' })] })
    expect(outcomes(flight)).toEqual([3, 3, 3, 3])
    expect(flight.rounds[0].opened).toBeGreaterThanOrEqual(seconds(25))
    expect(flight.rounds[0].opened).toBeLessThan(seconds(26))
  })

  it('waits for as many as it needs', async () => {
    const back = away(named('client-C'), { until: { event: 'returned', fault: 'sign', nth: 2 }, id: 'later' })
    const twice = { ...sign, repeat: { times: 2, every: seconds(10) } }
    const { flight } = await flown({ rounds: quorum({ count: 2, quorum: 3, after: seconds(60) }), faults: [twice, gone, back] })
    expect(outcomes(flight)).toEqual([3, 3])
    expect(flight.rounds[0].opened).toBeGreaterThanOrEqual(seconds(29))
  })

  it('and for a calm phase, which comes when it is due', async () => {
    for (const fault of [crash(all(), { at: 0, id: 'dead' }), away(all(), { id: 'away' })]) {
      const { flight } = await flown({ faults: [fault], calm: { at: seconds(30) }, rounds: synchronous({ count: 3 }) })
      expect(outcomes(flight)).toEqual([3, 3, 3])
      expect(flight.rounds[0].opened).toBe(seconds(30))
    }
  })

  it('and is calm from a round on that never opens, because nobody is there: from when it is given up, or from when it could open', async () => {
    const faults = [crash(all(), { at: 0, id: 'dead' })]
    for (const [rounds, expected] of [
      [synchronous({ count: 4 }), ['aborted', 'aborted', 3, 3]], [deadline({ count: 4, after: ms(300) }), ['aborted', 'aborted', 3, 3]],
      [asynchronous({ count: 4 }), ['aborted', 1, 1, 1]],
    ] as const) {
      const { flight, events } = await flown({ faults, rounds, calm: { round: 2 } })
      expect(outcomes(flight)).toEqual(expected)
      expect(events.filter(({ kind }) => kind === 'calm').length).toBe(1)
    }
  })

  it('a fault that lasts for a time is over by the clock', async () => {
    const { flight } = await flown({ faults: [away(all(), { when: { event: 'closed', round: 1 }, lasts: seconds(10), id: 'gone' })] })
    expect(outcomes(flight)).toEqual([3, 3, 3, 3])
    expect(flight.rounds[1].opened).toBe(flight.rounds[0].closed + seconds(10))
  })
})

describe('where nothing is left that could bring anybody back', () => {
  const never = { event: 'recovered', actor: 'aggregator' } as const

  it.each([
    ['dead', crash(all(), { at: 0, restartWhen: never, id: 'dead' })],
    ['gone', away(all(), { until: never, id: 'gone' })],
  ])('%s: rounds are given up when the last thing has happened, and say so', async (_, fault) => {
    const { flight } = await flown({ faults: [sign, fault] })
    expect(outcomes(flight)).toEqual(['aborted', 'aborted', 'aborted', 'aborted'])
    expect(flight.rounds.map(({ reason }) => reason)).toEqual(Array.from({ length: 4 }, () => 'nobody available'))
    // The sign has come, and was for nobody: nothing happens after the expert network has found its place.
    expect(flight.rounds[0].closed).toBeGreaterThanOrEqual(seconds(20))
    expect(flight.rounds[3].closed).toBe(flight.rounds[0].closed)
    expect(flight.virtualTime).toBe(flight.rounds[3].closed)
  })

  it('a round that is given up may itself be the event', async () => {
    const { flight } = await flown({ faults: [away(all(), { when: { event: 'closed', round: 1 }, until: { event: 'closed', nth: 1, round: 2 }, id: 'gone' })] })
    expect(outcomes(flight)).toEqual([3, 'aborted', 3, 3])
  })

  it('where rounds overlap, what is there is folded', async () => {
    const fault = away(all(), { when: { event: 'folded', part: 'trunk' }, until: never, id: 'gone' })
    const { flight } = await flown({ rounds: buffered({ count: 3, buffer: 2, timeout: seconds(5) }), faults: [fault] })
    expect(flight.status).toBe('complete')
    expect(flight.rounds.at(-1)).toMatchObject({ outcome: 'aborted', reason: 'nobody available' })
  })

  it('a fault of these rounds alone is not waited for', async () => {
    const { flight } = await flown({ faults: [away(all(), { rounds: [2, 3], id: 'gone' })], calm: { at: seconds(30) } })
    expect(outcomes(flight)).toEqual([3, 'aborted', 'aborted', 3])
    expect(flight.virtualTime).toBeLessThan(seconds(2))
  })

  it('is the same in legs: what is given up is so when the last thing has happened, not where a leg ends', async () => {
    const specification = () => resolve({
      world: { kind: 'storefronts' }, model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }), local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds: synchronous({ count: 2 }), evaluate: { every: 100, final: false, start: false },
      faults: [sign, away(all(), { until: never, id: 'gone' })],
    }, { seed: 3, engine: 'surrogate' })
    const whole = await fly(specification(), { world, engine })
    const setup = await setUp(specification(), world, engine)
    const plan = drawPlan(setup.resolved.faults, setup.participants, setup.resolved.seeds.faults)
    const simulator = new Simulator(setup, ({ record, live }) => compile({
      plan, participants: setup.participants, parts: ['trunk', 'expert-1', 'expert-2'], streams: streams(setup.resolved.seeds.faults),
      schedule: setup.resolved.schedule, network: setup.resolved.network, devices: setup.resolved.devices, record, live,
    }), { engine, checks: [] })
    await simulator.begin()
    for (const until of [5, 25, 40]) await simulator.advance({ until: seconds(until) })
    expect(simulator.exhausted).toBe(true)
    const flight = await simulator.end()
    expect(flight.rounds).toEqual(whole.rounds)
    expect(flight.digest).toBe(whole.digest)
  })

  it('a machine of one’s own that goes on waiting is told once, and ends as one that never closes', async () => {
    const stubborn = roundMachine<null>((_, moment, { now }) =>
      moment.kind === 'asked' || moment.kind === 'short' ? { state: null, awaits: true }
        : moment.kind === 'answered' && now > 0 ? { state: null, close: { outcome: 'closed', reason: 'one', after: 'late' } }
          : { state: null, ask: { clients: 3 } })
    await expect(flown({ rounds: stubborn, faults: [away(all(), { when: { event: 'closed', round: 1 }, until: never, id: 'gone' })] }))
      .rejects.toThrow(/nothing is left to happen/)
  })
})
