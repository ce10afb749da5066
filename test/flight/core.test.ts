import { filter } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { ExcusedStallError, LivenessError } from '../../src/errors.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, crash, deadline, fedAvg, fraction, lose, mbps, mmoe, ms, named, quorum, seconds, sgd, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const base: Specification = {
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 8, after: ms(200), patience: ms(100) }),
  network: { up: mbps(2), down: mbps(4), latency: ms(10) },
  devices: { stepOverhead: 8000 },
  checkpoint: { every: 1, patience: ms(100) },
  evaluate: { every: 100, final: false, start: false },
}

const flown = async (changes: Partial<Specification>): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const flight = await fly(resolve({ ...base, ...changes }, { seed: 3, engine: 'surrogate' }), { world, engine, onEvent: (event) => events.push(event) })
  return { flight, events }
}

const deaths = (events: readonly FlightEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'life' ? [`${event.actor} ${event.what} by ${event.fault}`] : []))

const faults = [
  crash('expert-1', { at: ms(90), keeps: 'checkpoint', id: 'dead' }),
  crash('client-A', { at: ms(90), restartAfter: ms(600), id: 'dead too' }),
  crash('client-C', { at: ms(90), id: 'dead three' }),
]

describe('a core', () => {
  it('is healed, and all others die for good: who is dead stays so, though it was to come back', async () => {
    const { flight, events } = await flown({ faults, calm: { round: 4, core: named('client-C') } })
    const began = events.findIndex(({ kind }) => kind === 'calm')
    expect(events[began]).toMatchObject({ core: ['aggregator', 'client-C', 'expert-1', 'expert-2'] })
    expect(deaths(events.slice(0, began))).toEqual(['client-A crash by dead too', 'client-C crash by dead three', 'expert-1 crash by dead'])
    expect(deaths(events.slice(began)).sort()).toEqual([
      'client-B crash by outside the core', 'client-C restart by dead three', 'expert-1 restart by dead',
    ])
    expect(flight.rounds.slice(5).map(({ folded }) => folded)).toEqual([['client-C'], ['client-C'], ['client-C']])
  })

  it.each([
    ['mute', 'nothing arrives that they send', 'update'],
    ['deaf', 'nothing arrives that is sent to them', 'model'],
  ] as const)('of %s others: %s', async (rest, _, lost) => {
    const { flight, events } = await flown({ calm: { round: 3, core: named('client-C'), rest } })
    const began = events.findIndex(({ kind }) => kind === 'calm')
    const sent = new Map(events.flatMap((event) => (event.kind === 'send' ? [[event.envelope, event]] : [])))
    const drops = events.slice(began).flatMap((event) => (event.kind === 'drop' ? [{ fault: event.fault, message: sent.get(event.envelope)! }] : []))
    expect(drops.length).toBeGreaterThan(10)
    for (const { fault, message } of drops) {
      expect(fault).toBe('outside the core')
      expect(['client-A', 'client-B']).toContain(rest === 'mute' ? message.actor : message.to)
    }
    expect(new Set(drops.map(({ message }) => message.message))).toEqual(new Set([lost]))
    expect(deaths(events)).toEqual([])
    expect(flight.rounds.slice(3).map(({ folded }) => folded.join())).toEqual(Array(5).fill('client-C'))
  })

  it('is drawn where nobody is named, and the same for its seed', async () => {
    const core = async () => (await flown({ calm: { round: 2, core: fraction(0.34) } })).events.find(({ kind }) => kind === 'calm')
    expect(await core()).toEqual(await core())
    expect(((await core()) as unknown as { readonly core: string[] }).core.filter((name) => name.startsWith('client-'))).toHaveLength(1)
  })

  it('changes nothing where it is everybody', async () => {
    const [all, core] = [await flown({ faults, calm: { round: 4 } }), await flown({ faults, calm: { round: 4, core: named('client-A', 'client-B', 'client-C') } })]
    expect(core.flight.digest).toBe(all.flight.digest)
  })

  it('is refused with a word about others, and without clients', () => {
    expect(() => resolve({ ...base, calm: { round: 2, rest: 'mute' } })).toThrow(/`rest` goes with `core`/)
  })
})

describe('progress of a core', () => {
  it('is watched: what keeps the core from folding is found, and who was excused is told', async () => {
    // A link of the simulation's own swallows what the core sends from round 3 on: no fault, which no calm heals.
    const swallowing: Specification['link'] = (envelopes$, { usual }) =>
      usual(envelopes$.pipe(filter(({ kind, round, from }) => kind !== 'update' || round < 3 || from !== 'client-C')))
    const flight = flown({ calm: { round: 3, core: named('client-C'), rest: 'mute' }, link: swallowing })
    const error = await flight.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ check: 'progress' })
    expect((error as Error).message).toContain('trunk was not folded in the calm phase')
    expect((error as Error).message).toContain('excused: client-A (outside the core), client-B (outside the core)')
  })

  it('is excused where rounds need more than the core has', async () => {
    // Two of three must answer: a core of one cannot, and does what it should.
    const rounds = deadline({ count: 8, after: ms(200), patience: ms(100), quorum: 2 })
    const { flight } = await flown({ rounds, calm: { round: 3, core: named('client-C'), rest: 'mute' } })
    expect(flight.rounds.slice(3).map(({ outcome }) => outcome)).toEqual(Array(5).fill('aborted'))
  })

  it('is told from a stall: rounds wait by their own words for somebody outside the core, or for one of it', async () => {
    const waiting = (core: string[]) => flown({ rounds: synchronous({ count: 6 }), calm: { round: 3, core: named(...core) } })
    await expect(waiting(['client-B', 'client-C'])).rejects.toThrow(ExcusedStallError)
    await expect(waiting(['client-B', 'client-C'])).rejects.toThrow(/outside the core \(client-A\), by its own words/)
    // What was lost before the calm is not sent again: here it is one of the core that rounds wait for.
    const lost = flown({
      rounds: synchronous({ count: 6 }), faults: [lose({ from: 'client-C', message: 'update' }, { rounds: [2, 2], id: 'gone' })],
      calm: { at: ms(150), core: named('client-B', 'client-C'), rest: 'deaf' },
    })
    const error = await lost.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(LivenessError)
    expect(error).not.toBeInstanceOf(ExcusedStallError)
    expect((error as Error).message).toContain('of the core among them')
  })

  it('needs no excuse where messages are acknowledged: who cannot answer is found out', async () => {
    const delivery = { acknowledge: true, retries: 2, timeout: ms(80) }
    for (const rest of ['dead', 'mute', 'deaf'] as const) {
      const { flight } = await flown({ rounds: synchronous({ count: 6 }), delivery, calm: { round: 3, core: named('client-B', 'client-C'), rest } })
      expect(flight.rounds.slice(3).map(({ folded }) => folded.join())).toEqual(Array(3).fill('client-B,client-C'))
    }
  })

  it('comes in rounds of a quorum that the core has', async () => {
    const { flight } = await flown({ rounds: quorum({ count: 6, quorum: 2, after: seconds(1) }), calm: { round: 3, core: named('client-B', 'client-C') } })
    expect(flight.rounds.slice(3).map(({ outcome }) => outcome)).toEqual(Array(3).fill('closed'))
  })

  it('of an expert network that has come back does not hang on an answer that will never come', async () => {
    const { events } = await flown({
      faults: [crash('expert-1', { when: { round: 2, after: 3, part: 'expert-1' }, keeps: 'checkpoint', id: 'dead' })],
      calm: { at: ms(120), core: named('client-B', 'client-C'), rest: 'mute' },
    })
    const back = events.find(({ kind, actor }) => kind === 'recovered' && actor === 'expert-1')!
    const revived = events.find((event) => event.kind === 'life' && event.what === 'restart')!
    // It asks all three for what was lost with it, and has the patience of its checkpoint.
    expect(back.at - revived.at).toBe(100_000)
    expect(events.filter(({ kind, actor, at }) => kind === 'fold' && actor === 'expert-1' && at >= back.at).length).toBeGreaterThan(2)
  })
})

it('who is dead when it becomes calm, and is not in the core, is not waited for: no fault brings it back', async () => {
  // It was to come back at the very instant from which on nobody else is free.
  const { flight } = await flown({
    rounds: asynchronous({ count: 6, concurrency: 3, timeout: ms(120), patience: ms(60) }), selection: { kind: 'round-robin' },
    faults: [crash('client-B', { at: ms(19), restartAfter: ms(40) }), crash('client-A', { at: ms(20), restartAfter: ms(300) })],
    calm: { at: ms(30), core: named('client-C') },
  })
  expect(flight.rounds.at(-1)).toMatchObject({ round: 6 })
})
