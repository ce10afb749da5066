import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  away, crash, deadline, delay, fedAvg, lose, mbps, mmoe, ms, named, partition, pause, sgd, slow, type Specification,
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
  const flight = await fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
        local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: deadline({ count: 8, after: ms(200), patience: ms(100) }),
        network: { up: mbps(2), down: mbps(4), latency: ms(10) },
        devices: { stepOverhead: 8000 },
        checkpoint: { every: 1, patience: ms(100) },
        evaluate: { every: 100, final: false, start: false },
        ...changes,
      },
      { seed: 3, engine: 'surrogate' },
    ),
    { world, engine, onEvent: (event) => events.push(event) },
  )
  return { flight, events }
}

const drops = (events: readonly FlightEvent[]) => events.filter(({ kind }) => kind === 'drop')

describe('a window that an event opens', () => {
  it('begins with the event, lasts, and comes again', async () => {
    const faults = [lose({ message: 'update' }, { when: { event: 'opened', round: 2 }, lasts: ms(150), id: 'gone' })]
    const { flight } = await flown({ faults })
    expect(flight.rounds.map(({ folded }) => folded.length)).toEqual([3, 0, 3, 3, 3, 3, 3, 3])
    expect(flight.faults[0].text).toBe('update messages from anyone to anyone lost, from the first `opened` in round 2 on for 0.150 s')
    const again = [lose({ message: 'update' }, { when: { event: 'closed', nth: 3 }, repeat: { times: 2 }, lasts: ms(150), id: 'gone' })]
    expect((await flown({ faults: again })).flight.rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3, 0, 3, 3, 0, 3])
  })

  it.each([
    ['slow', slow(named('client-B'), { by: 100, when: { event: 'closed', round: 2 }, lasts: ms(200) })],
    ['away', away(named('client-B'), { when: { event: 'closed', round: 2 }, lasts: ms(60) })],
    ['delay', delay({ from: 'client-B' }, { by: ms(300), when: { event: 'closed', round: 2 }, lasts: ms(200) })],
  ] as const)('holds for %s, too', async (_, fault) => {
    const { flight } = await flown({ faults: [{ ...fault, id: 'on' }] })
    const without = flight.rounds.map(({ folded }) => folded.includes('client-B'))
    expect(without.slice(0, 2)).toEqual([true, true])
    expect(without.slice(2, 4)).toContain(false)
    expect(without.slice(5)).toEqual([true, true, true])
    expect(flight.faults[0].fired).toBeGreaterThan(0)
  })

  it('is refused where it says no event', () => {
    const faults = [lose({}, { lasts: ms(5) })]
    expect(() => resolve({ world: { kind: 'mb1' }, model: { kind: 'mlp', hidden: [2] }, strategy: fedAvg(), rounds: deadline({ count: 1, after: ms(5) }), faults }))
      .toThrow(/go with `when`/)
  })
})

describe('a calm phase', () => {
  const faults = [
    lose({}, { probability: 0.9, id: 'loss' }),
    crash('expert-1', { at: ms(250), keeps: 'checkpoint', id: 'dead' }),
    crash('client-A', { at: ms(250), keeps: 'nothing', id: 'dead too' }),
    pause('aggregator', { at: ms(1500), for: ms(100), id: 'asleep' }),
    partition(['aggregator', 'expert'], { from: ms(100), id: 'cut' }),
  ]

  it.each([['a round', { round: 5 }], ['a time', { at: ms(850) }]] as const)('from %s on: nothing strikes, the dead come back, all is folded again', async (_, calm) => {
    const { flight, events } = await flown({ faults, calm, rounds: deadline({ count: 10, after: ms(200), patience: ms(100) }) })
    const began = events.findIndex(({ kind }) => kind === 'calm')
    expect(began).toBeGreaterThan(0)
    expect(drops(events.slice(0, began)).length).toBeGreaterThan(5)
    const after = events.slice(began)
    expect(drops(after).filter(({ at }) => at > events[began].at + 50_000)).toEqual([])
    expect(after.flatMap((event) => (event.kind === 'life' ? [`${event.actor} ${event.what}`] : [])).sort()).toEqual(['client-A restart', 'expert-1 restart'])
    expect(flight.rounds.slice(-3).map(({ folded }) => folded.length)).toEqual([3, 3, 3])
    const folds = after.flatMap((event) => (event.kind === 'fold' ? [event.part] : []))
    expect(new Set(folds)).toEqual(new Set(['trunk', 'expert-1', 'expert-2']))
  })
})
