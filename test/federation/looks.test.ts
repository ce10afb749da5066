import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { flyUnder } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { setUp } from '../../src/flight/setup.js'
import { streams } from '../../src/random/streams.js'
import { resolve } from '../../src/simulation/resolve.js'
import { asynchronous, buffered, deadline, fedAvg, mlp, quorum, sgd, type Specification } from '../../src/simulation/script.js'
import { calm } from './calm.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ workers: 0 })
})
afterAll(() => engine.close())

/** How often the aggregator asks whether a client is there, for each training, where every other client never is. */
const looks = async (clients: number, rounds: Specification['rounds']): Promise<number> => {
  const names = Array.from({ length: clients }, (_, i) => `c${String(i).padStart(3, '0')}`)
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model: mlp({ hidden: [] }), local: { epochs: 1, batch: 4, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds, evaluate: { start: false, every: 1e9, final: false },
    },
    { seed: 1 },
  )
  const setup = await setUp(resolved, smallWorld(Object.fromEntries(names.map((name) => [name, 2]))), engine)
  let asked = 0
  const away = (client: string): boolean => Number(client.slice(-1)) % 2 === 1
  const weather = calm({
    available: (client) => {
      asked++
      return !away(client)
    },
    awayUntil: (client) => (away(client) ? Infinity : undefined),
  })
  const { trainings } = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
  return asked / trainings.length
}

it.each([
  ['a fold for each answer', (clients: number) => asynchronous({ count: 5 * clients })],
  ['a fold for many answers', (clients: number) => buffered({ count: 10, buffer: clients / 2 })],
])('to ask one more is no look at everybody who is away or was asked before: %s', async (_, rounds) => {
  expect(await looks(20, rounds(20))).toBeLessThan(4)
  expect(await looks(120, rounds(120))).toBeLessThan(4)
})

/** When one client is there: [from, until) after [from, until), in order. */
type Windows = readonly (readonly [from: number, until: number])[]

/** What a flight in such weather costs in looks, and what there was to be seen while its first round waited. */
interface Waited {
  readonly flight: Flight
  readonly looks: number
  readonly comings: number
  readonly goings: number
}

/** Flies where clients come and go. `certain`: the aggregator knows when; otherwise it looks at everybody at each return. */
const waited = async (windows: readonly Windows[], rounds: Specification['rounds'], certain = true): Promise<Waited> => {
  const names = windows.map((_, i) => `c${String(i).padStart(4, '0')}`)
  const byName = new Map(names.map((name, i) => [`client-${name}`, windows[i]]))
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model: mlp({ embedding: 1, hidden: [] }), local: { epochs: 1, batch: 4, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds, evaluate: { start: false, every: 1e9, final: false },
    },
    { seed: 1 },
  )
  const setup = await setUp(resolved, smallWorld(Object.fromEntries(names.map((name) => [name, 1]))), engine)
  const at = (client: string, now: number) => byName.get(client)!.find(([from, until]) => from <= now && now < until)
  const froms = [...new Set(windows.flat().map(([from]) => from))].sort((a, b) => a - b)
  let count = 0
  const weather = calm({
    available: (client, now) => {
      count++
      return at(client, now) !== undefined
    },
    awayUntil: (client, now) =>
      certain && at(client, now) === undefined ? (byName.get(client)!.find(([from]) => from > now)?.[0] ?? Infinity) : undefined,
    leaves: (client, from) => (certain ? at(client, from)?.[1] : from + 1),
    nextChange: (now) => froms.find((from) => from > now),
  })
  const flight = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
  const until = flight.rounds[0].opened
  const within = (moments: readonly number[]): number => moments.filter((moment) => moment > 0 && moment <= until).length
  return {
    flight, looks: count,
    comings: within(windows.flat().map(([from]) => from)), goings: within(windows.flat().map(([, to]) => to)),
  }
}

it('a wait for a quorum of hundreds looks once at everybody, once at whoever comes or goes, and once more at who is asked', async () => {
  const clients = 600
  const late = Array.from({ length: clients }, (_, i): Windows => [[1 + i * 10, 1e9]])
  const { flight, looks: count, comings } = await waited(late, quorum({ count: 1, quorum: 500, after: 20_000 }))
  expect(flight.rounds[0]).toMatchObject({ opened: 1 + 499 * 10, outcome: 'closed' })
  expect(comings).toBe(500)
  expect(count).toBeLessThanOrEqual(clients + comings + clients)
})

it('and where as many go as come, so that the quorum is missed by few again and again', async () => {
  const clients = 400
  // At any time about 200 are there, each for 2,000 us of every 4,000; at 90 ms all stay.
  const hovering = Array.from({ length: clients }, (_, i): Windows => {
    const phase = 10 * i
    return [...Array.from({ length: 22 }, (_window, k) => [phase + 4000 * k, phase + 4000 * k + 2000] as const), [94_000 + phase, 1e9]]
  })
  const { flight, looks: count, comings, goings } = await waited(hovering, quorum({ count: 1, quorum: 210, after: 120_000 }))
  expect(flight.rounds[0].opened).toBeGreaterThan(90_000)
  expect(comings).toBeGreaterThan(8000)
  // Once at everybody at the opening and at the end; a look at each that comes or goes.
  expect(count).toBeLessThanOrEqual(2 * clients + comings + goings)
})

it('is the wait that there was with a look at everybody at each return: same instants, same words', async () => {
  for (let seed = 0; seed < 25; seed++) {
    const draw = streams(String(seed))('windows')
    const clients = 3 + Math.floor(draw() * 12)
    const windows = Array.from({ length: clients }, (): Windows => {
      let time = Math.floor(draw() * 4000)
      return Array.from({ length: Math.floor(draw() * 5) }, () => {
        const from = time + Math.floor(draw() * 3000)
        time = from + 1 + Math.floor(draw() * 3000)
        return [from, time] as const
      }).map(([from, until], i, all) => [from, Math.min(until, all[i + 1]?.[0] ?? until)] as const)
    })
    const needed = 1 + Math.floor(draw() * Math.min(6, clients))
    const rounds = deadline({ count: 4, after: 5000, quorum: needed })
    const knowing = await waited(windows, rounds)
    const looking = await waited(windows, rounds, false)
    expect(knowing.flight.rounds, `seed ${seed}`).toEqual(looking.flight.rounds)
    expect(knowing.flight.digest).toBe(looking.flight.digest)
  }
})
