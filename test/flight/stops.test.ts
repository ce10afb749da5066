import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { drawPlan } from '../../src/faults/plan.js'
import { describe as inWords, faultSchema, type FaultInput } from '../../src/faults/registry.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  away, clog, corrupt, crash, deadline, delay, duplicate, fedAvg, forget, full, lose, mbps, mmoe, ms, narrow, partial, partition, pause,
  poison, reorder, sgd, skew, slow,
} from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const flown = async (faults: readonly FaultInput[], late: 'send' | 'give-up' = 'send', changes: Partial<Specification> = {}): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: deadline({ count: 8, after: ms(200), patience: ms(100), late }),
      network: { up: mbps(2), down: mbps(4), latency: ms(10) },
      devices: { stepOverhead: 8000 },
      checkpoint: { every: 1, patience: ms(100) },
      delivery: { checksum: true },
      evaluate: { every: 100, final: false, start: false },
      faults: [...faults],
      ...changes,
    },
    { seed: 3, engine: 'surrogate' },
  )
  const flight = await fly(resolved, { world: smallWorld({ A: 6, B: 12, C: 18 }), engine, onEvent: (event) => events.push(event) })
  return { flight, events }
}

const folded = ({ rounds }: Flight): number[] => rounds.map((row) => row.folded.length)
const lifeOf = (events: readonly FlightEvent[], what: string): number[] =>
  events.flatMap((event) => (event.kind === 'life' && event.what === what ? [event.at] : []))
const closeOf = (events: readonly FlightEvent[], round: number): number =>
  events.find((event) => event.kind === 'round-close' && event.row.round === round)!.at

describe('a fault that stops on an event', () => {
  it('is on from the beginning, and off from then on', async () => {
    const { flight } = await flown([lose({ message: 'update' }, { until: { event: 'closed', round: 2 }, id: 'gone' })])
    expect(folded(flight)).toEqual([0, 0, 3, 3, 3, 3, 3, 3])
    expect(flight.faults[0].text).toBe('update messages from anyone to anyone lost, until the first `closed` in round 2')
  })

  it('may wait for one event and stop at another, and that again; events count from where it begins', async () => {
    const once = { when: { event: 'closed', nth: 2 }, until: { event: 'closed', nth: 2 } } as const
    const { flight } = await flown([lose({ message: 'update' }, { ...once, id: 'gone' })])
    expect(folded(flight)).toEqual([3, 3, 0, 0, 3, 3, 3, 3])
    const again = await flown([lose({ message: 'update' }, { ...once, until: { event: 'closed' }, repeat: { times: 3 }, id: 'gone' })])
    expect(folded(again.flight)).toEqual([3, 3, 0, 3, 0, 3, 0, 3])
    expect(again.flight.faults[0].text).toContain('from the 2nd `closed` on, 3 times, until the first `closed`')
  })

  it('counts from the first of its rounds, or from its time', async () => {
    const inRounds = await flown([lose({ message: 'update' }, { rounds: [3, 8], until: { event: 'closed', nth: 2 }, id: 'gone' })])
    expect(folded(inRounds.flight)).toEqual([3, 3, 0, 0, 3, 3, 3, 3])
    const since = closeOf(inRounds.events, 2)
    const inTime = await flown([lose({ message: 'update' }, { from: since + 1, until: { event: 'closed', nth: 2 }, id: 'gone' })])
    expect(folded(inTime.flight)).toEqual([3, 3, 0, 0, 3, 3, 3, 3])
  })

  it('stops on another fault, and while somebody is dead', async () => {
    const { flight, events } = await flown([
      crash('client-A', { when: { round: 3, after: 0 }, restartAfter: ms(150), id: 'dies' }),
      lose({ message: 'update' }, { until: { event: 'struck', fault: 'dies' }, id: 'before' }),
      delay({ from: 'client-B' }, { by: 1, when: { event: 'died', actor: 'client-A' }, until: { event: 'returned', actor: 'client-A' }, id: 'meanwhile' }),
    ])
    const [died] = lifeOf(events, 'crash')
    const [back] = lifeOf(events, 'restart')
    const strikes = (fault: string) => events.flatMap((event) => (event.kind === 'fault' && event.fault === fault ? [event.at] : []))
    expect(folded(flight).slice(0, 2)).toEqual([0, 0])
    expect(Math.max(...strikes('before'))).toBeLessThan(died)
    expect(strikes('meanwhile').length).toBeGreaterThan(0)
    expect(strikes('meanwhile').every((at) => at >= died && at < back)).toBe(true)
    expect(back - died).toBe(150_000)
  })

  const until = { event: 'closed', round: 3 } as const
  const every: readonly (readonly [string, (until: object) => readonly FaultInput[]])[] = [
    ['away', (more) => [away('client-B', { phase: 'training', ...more, id: 'x' })]],
    ['away at all', (more) => [away('client-B', { ...more, id: 'x' })]],
    ['slow', (more) => [slow('client-B', { by: 3, ...more, id: 'x' })]],
    ['partial', (more) => [partial('client-B', { epochs: 0.5, ...more, id: 'x' })]],
    ['narrow', (more) => [narrow('client-B', { by: 2, ...more, id: 'x' })]],
    ['full', (more) => [full('aggregator', { service: ms(1), ...more, id: 'x' })]],
    ['poison', (more) => [poison('client-B', { send: 'sign-flip', ...more, id: 'x' })]],
    ['poison together', (more) => [poison('client', { send: 'a-little-is-enough', ...more, id: 'x' })]],
    ['skew', (more) => [skew('client-B', { ahead: ms(190), ...more, id: 'x' })]],
    ['forget', (more) => [
      forget('client-B', { by: 1, ...more, id: 'x' }),
      crash('client-B', { when: { event: 'opened' }, repeat: { times: 8 }, restartAfter: 0, keeps: 'checkpoint', id: 'dies' }),
    ]],
    ['delay', (more) => [delay({ from: 'client-B' }, { by: 10, ...more, id: 'x' })]],
    ['lose', (more) => [lose({ from: 'client-B' }, { probability: 0.5, ...more, id: 'x' })]],
    ['duplicate', (more) => [duplicate({ from: 'client-B' }, { ...more, id: 'x' })]],
    ['reorder', (more) => [reorder({ from: 'client-B' }, { by: 10, gap: 2, ...more, id: 'x' })]],
    ['corrupt', (more) => [corrupt({ from: 'client-B' }, { bits: 1, ...more, id: 'x' })]],
    ['partition', (more) => [partition(['client-B'], { ...more, id: 'x' })]],
    ['clog', (more) => [clog({ from: 'client-B' }, { ...more, id: 'x' })]],
    ['crash', (more) => [crash('client-B', { at: ms(30), repeat: { times: 9, every: ms(100) }, restartAfter: ms(20), ...more, id: 'x' })]],
    ['crash at events', (more) => [crash('client-B', { when: { event: 'opened' }, repeat: { times: 9 }, restartAfter: ms(20), ...more, id: 'x' })]],
    ['pause', (more) => [pause('client-B', { at: ms(30), repeat: { times: 9, every: ms(100) }, for: ms(20), ...more, id: 'x' })]],
    ['pause at events', (more) => [pause('client-B', { when: { event: 'opened' }, repeat: { times: 9 }, for: ms(20), ...more, id: 'x' })]],
  ]

  it.each(every)('strikes no more: %s', async (name, faults) => {
    const strikes = ({ events }: { readonly events: readonly FlightEvent[] }, close: number) => {
      const all = events.flatMap((event) => (event.kind === 'fault' && event.fault === 'x' && event.unit !== undefined ? [event.at] : []))
      return { before: all.filter((at) => at <= close).length, after: all.filter((at) => at > close).length }
    }
    const late = name === 'skew' ? 'give-up' : 'send'
    const stopped = await flown(faults({ until }), late)
    const close = closeOf(stopped.events, 3)
    const own = strikes(stopped, close)
    expect(own.before).toBeGreaterThan(0)
    expect(own.after).toBe(0)
    const onAndOn = await flown(faults({}), late)
    if (name !== 'clog') expect(strikes(onAndOn, closeOf(onAndOn.events, 3)).after).toBeGreaterThan(0)
  })

  it('by time is over for partial and poison, too, which go by no clock of their own', async () => {
    for (const make of [(more: object) => partial('client-B', { epochs: 0.5, ...more, id: 'x' }), (more: object) => poison('client-B', { send: 'sign-flip', ...more, id: 'x' })]) {
      const all = await flown([make({})])
      const close = closeOf(all.events, 3)
      const { events } = await flown([make({ from: closeOf(all.events, 1) + 1, until: close })])
      const at = events.flatMap((event) => (event.kind === 'fault' && event.unit !== undefined ? [event.at] : []))
      expect(at).toHaveLength(2)
      expect(at.every((when) => when > closeOf(all.events, 1) && when < close)).toBe(true)
    }
  })
})

describe('links between events', () => {
  const links = (events: readonly FlightEvent[]): string[] =>
    events.flatMap((event) => (event.kind === 'link' ? [`${event.what} ${event.at}`] : []))

  it('are cut and heal: by the event that ends it, or after as long as it lasts, whichever comes first', async () => {
    const when = { event: 'opened', round: 2 } as const
    const calm = await flown([])
    const [second, close] = [closeOf(calm.events, 1), closeOf(calm.events, 2)]
    const cut = (more: object) => flown([partition(['client-B'], { when, ...more, id: 'cut' })])
    const byEvent = await cut({ until: { event: 'closed', round: 2 } })
    expect(links(byEvent.events)).toEqual([`cut ${second}`, `heal ${closeOf(byEvent.events, 2)}`])
    expect(folded(byEvent.flight)).toEqual([3, 2, 3, 3, 3, 3, 3, 3])
    expect(close).toBeLessThan(closeOf(byEvent.events, 2))
    expect(links((await cut({ lasts: ms(20) })).events)).toEqual([`cut ${second}`, `heal ${second + 20_000}`])
    const both = await cut({ lasts: ms(20), until: { event: 'sent', from: 'client-A' } })
    expect(links(both.events)[1]).toBe(`heal ${Math.min(second + 20_000, both.events.find((event) => event.kind === 'send' && event.actor === 'client-A' && event.round === 2)!.at)}`)
    const twice = await cut({ when: { event: 'opened' }, repeat: { times: 2 }, lasts: ms(5) })
    expect(links(twice.events)).toEqual(['cut 0', 'heal 5000', `cut ${closeOf(twice.events, 1)}`, `heal ${closeOf(twice.events, 1) + 5000}`])
    const fromTheStart = await cut({ when: undefined, until: { event: 'closed', round: 1 } })
    expect(links(fromTheStart.events)).toEqual(['cut 0', `heal ${closeOf(fromTheStart.events, 1)}`])
  })

  it('hold what they clog until the event, and let it go one by one', async () => {
    const { events, flight } = await flown([
      clog({ from: 'client-B' }, { when: { event: 'opened', round: 2 }, until: { event: 'closed', round: 2 }, release: 'one by one', gap: ms(1), id: 'clog' }),
    ])
    const close = closeOf(events, 2)
    const held = events.flatMap((event) => (event.kind === 'hold' ? [`${event.at <= close - 1 ? 'before' : 'at the end'} until ${event.until}`] : []))
    // One update each to three owners: of each link the first is let in when it is over.
    expect(held).toEqual(['before until Infinity', 'before until Infinity', 'before until Infinity'])
    expect(flight.ledger.filter(({ from, round, kind }) => from === 'client-B' && round === 2 && kind === 'update').map(({ delivered, fate }) => `${delivered! - close} ${fate}`)).toEqual(['0 late', '0 late', '0 late'])
  })

  it('are whole again in a calm phase', async () => {
    const cut = partition(['client-B'], { until: ms(900), id: 'cut' })
    expect(links((await flown([cut])).events)).toEqual(['cut 0', 'heal 900000'])
    expect(links((await flown([cut], 'send', { calm: { at: ms(500) } })).events)).toEqual(['cut 0', 'heal 500000'])
    const held = clog({ from: 'client-B' }, { rounds: [2, 8], id: 'clog' })
    const { events } = await flown([held], 'send', { calm: { at: ms(500) } })
    expect(links(events)[0]).toBe('release 500000')
  })
})

describe('what stops a fault, as it is written', () => {
  it('is a time or an event, and says so where it is neither', () => {
    const parse = (until: unknown) => faultSchema.safeParse({ kind: 'lose', link: {}, until })
    expect(parse('5 min').data).toMatchObject({ until: 300e6 })
    expect(parse({ round: 8, after: 1 }).data).toMatchObject({ until: { round: 8, after: 1, of: 'updates' } })
    expect(parse({ event: 'returned', actor: 'expert-1' }).success).toBe(true)
    expect(parse('later').error?.issues[0].message).toContain('expected a time, such as "5 min", or an event')
    expect(faultSchema.safeParse({ kind: 'lose', link: {}, from: '5 min', until: '4 min' }).success).toBe(false)
  })

  it('is in the sentence of the plan', () => {
    const { faults } = drawPlan([
      crash('expert-1', { at: ms(1), repeat: { times: 3, every: ms(5) }, until: { round: 8, after: 1 }, id: 'a' }),
      pause('expert-1', { at: ms(1), for: ms(1), repeat: { times: 3, every: ms(5) }, until: ms(9), id: 'b' }),
    ], [{ name: 'expert-1', role: 'expert' }], '1')
    expect(faults.map((one) => inWords(one))).toEqual([
      'expert-1 crashes at 0.001 s, 3 times, every 0.005 s, until round 8 after 1 update, for good, keeping nothing',
      'expert-1 sleeps for 0.001 s at 0.001 s, 3 times, every 0.005 s, until 0.009 s',
    ])
  })
})
