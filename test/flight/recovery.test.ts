import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Life } from '../../src/faults/fault.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly, flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import type { FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, away, buffered, crash, deadline, ditto, fedAvg, mmoe, ms, oort, pfMsmtrec, quorum, roundRobin, scaffold, seconds, semiAsynchronous, sgd, type Specification, synchronous, tiers,
} from '../../src/simulation/script.js'
import { calm } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

/** Thousands of flights: what it sends back is a digest of all that went in, so any difference is in the last model. */
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const setupOf = (changes: Partial<Specification> = {}): Promise<Setup> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
      local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds: synchronous({ count: 3, select: 2 }),
      evaluate: { every: 100, final: false, start: false },
      ...changes,
    },
    { seed: 1, engine: 'surrogate' },
  )
  return setUp(resolved, world, engine)
}

/** Messages take 10 ms, C trains longest; what `see` sets off happens directly after the event that it was told of. */
const flown = async (
  setup: Setup, see: (event: FlightEvent, live: (life: Life) => void) => void = () => {}, forgotten = 0,
): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    setup,
    ({ live }) => calm({
      latency: () => 10_000, mayDie: () => true, forgotten: () => forgotten, forgetful: forgotten,
      readers: [{ see: (event) => {
        events.push(event)
        see(event, live)
      } }],
    }),
    { engine, stepCost: () => 10_000 },
  )
  return { flight, events }
}

const dies = (who: string, at: number, keeps: 'nothing' | 'checkpoint', after: number | 'never' = 0): Life => ({
  kind: 'crash', who, at, fault: 'crash-1', keeps, ...(after !== 'never' && { restartAt: at + after }),
})

const servers = ['aggregator', 'expert-1', 'expert-2']

const strategies = { fedAvg: fedAvg(), scaffold: scaffold(), ditto: ditto(), pfMsmtrec: pfMsmtrec() }

describe.each(Object.entries(strategies))('with a checkpoint after each round, %s', (_, strategy) => {
  it.each(servers)('ends with the model of a calm flight when %s dies at any event and comes back at once', async (who) => {
    const each = strategy.kind === 'fedavg'
    const setup = await setupOf({ strategy, rounds: synchronous({ count: each ? 2 : 3, select: 2 }) })
    const undisturbed = await flown(setup)
    const last = undisturbed.events.find((event) => event.kind === 'round-close' && event.last)!.id
    const step = each ? 1 : 7
    let deaths = 0
    for (let id = 0; id < last; id += step) {
      const { flight, events } = await flown(setup, (event, live) => {
        if (event.id === id) live(dies(who, event.at, 'checkpoint'))
      })
      expect(flight.parts, `${who} dies after event ${id}`).toEqual(undisturbed.flight.parts)
      expect(flight.rounds.map(({ round, folded }) => ({ round, folded }))).toEqual(
        undisturbed.flight.rounds.map(({ round, folded }) => ({ round, folded })),
      )
      deaths += events.filter((event) => event.kind === 'life' && event.what === 'crash').length
    }
    // In the handler that ends the flight nobody dies any more.
    expect(deaths).toBeGreaterThan((0.85 * last) / step)
  })
})

describe.each(Object.entries({
  'tiers that adapt': { rounds: tiers({ count: 4, tiers: 2, select: 2, adapt: { every: 1 }, credits: [2, 2] }) },
  // Times are not those of a calm flight: T is left out.
  'rounds of Oort': { rounds: synchronous({ count: 4, select: 2 }), selection: oort({ preferred: 100 }) },
  'rounds in turn': { rounds: synchronous({ count: 4, select: 2 }), selection: roundRobin() },
} satisfies Record<string, Partial<Specification>>))('with a checkpoint after each round, %s', (_, changes) => {
  it('choose as in a calm flight when the aggregator dies and comes back at once: what they remember comes back too', async () => {
    const setup = await setupOf(changes)
    const undisturbed = await flown(setup)
    const last = undisturbed.events.find((event) => event.kind === 'round-close' && event.last)!.id
    for (let id = 0; id < last; id += 5) {
      const { flight } = await flown(setup, (event, live) => {
        if (event.id === id) live(dies('aggregator', event.at, 'checkpoint'))
      })
      expect(flight.parts, `it dies after event ${id}`).toEqual(undisturbed.flight.parts)
      expect(flight.rounds.map(({ selected, folded }) => [selected, folded])).toEqual(
        undisturbed.flight.rounds.map(({ selected, folded }) => [selected, folded]),
      )
    }
  })
})

/** So that no two answers come in one instant. */
const late: Readonly<Record<string, number>> = { 'client-A': 0, 'client-B': 700, 'client-C': 1300 }

describe.each(Object.entries({
  asynchronous: asynchronous({ count: 8, timeout: seconds(5) }),
  buffered: buffered({ count: 4, buffer: 2, timeout: seconds(5) }),
  'semi-asynchronous': semiAsynchronous({ count: 4, after: ms(45), lag: 2 }),
} satisfies Record<string, Specification['rounds']>))('with a checkpoint after each round and words of recovery that take no time, %s rounds', (_, rounds) => {
  it.each(servers)('end with the model of a calm flight when %s dies at any event and comes back at once', async (who) => {
    const setup = await setupOf({ rounds })
    const fly = async (id: number) => {
      const events: FlightEvent[] = []
      const flight = await flyUnder(setup, ({ live }) => calm({
        mayDie: () => true,
        // No answer is under way when its owner dies: that it was not lost nobody could tell.
        latency: ({ to, kind }) => (to.startsWith('client') && kind === 'model' ? 10_000 + late[to] : 0),
        readers: [{ see: (event) => {
          events.push(event)
          if (event.id === id) live(dies(who, event.at, 'checkpoint'))
        } }],
      }), { engine, stepCost: () => 10_000 })
      return { flight, events }
    }
    const undisturbed = await fly(-1)
    const folds = ({ flight }: typeof undisturbed) => flight.rounds.map(({ round, closed, folded, staleness }) => ({ round, closed, folded, staleness }))
    const last = undisturbed.events.find((event) => event.kind === 'round-close' && event.last)!.id
    for (let id = 0; id < last; id += 5) {
      const disturbed = await fly(id)
      expect(folds(disturbed), `${who} dies after event ${id}`).toEqual(folds(undisturbed))
      expect(disturbed.flight.parts, `${who} dies after event ${id}`).toEqual(undisturbed.flight.parts)
      expect(disturbed.flight.trainings.filter(({ outcome }) => outcome === 'used').length).toBe(undisturbed.flight.trainings.filter(({ outcome }) => outcome === 'used').length)
    }
  })
})

const kinds = {
  synchronous: synchronous({ count: 6, select: 2 }),
  quorum: quorum({ count: 6, quorum: 1, after: ms(400) }),
  asynchronous: asynchronous({ count: 10, timeout: ms(400) }),
  buffered: buffered({ count: 6, buffer: 2, timeout: ms(400) }),
  'semi-asynchronous': semiAsynchronous({ count: 6, after: ms(100), lag: 2 }),
  tiers: tiers({ count: 6, tiers: 2, by: 'answers', adapt: { every: 1 }, credits: [3, 3], after: ms(400) }),
} satisfies Record<string, Specification['rounds']>

describe.each(Object.entries(kinds))('%s rounds', (_, rounds) => {
  const lives = async (
    changes: Partial<Specification>, forgotten: number, see: (event: FlightEvent, live: (life: Life) => void) => void,
  ) => {
    const setup = await setupOf({ rounds, ...changes })
    let before = -1
    const { flight, events } = await flown(setup, (event, live) => {
      // What a crash has undone comes again: it is told once.
      const round = event.kind === 'round-close' ? event.row.round : event.kind === 'part-close' ? event.round : before
      if (event.kind !== 'life' && round <= before) return
      see(event, (life) => {
        before = Math.max(before, round)
        live(life)
      })
    }, forgotten)
    expect(flight.status).toBe('complete')
    expect(flight.rounds.map(({ round }) => round)).toEqual(Array.from(flight.rounds, (_row, i) => i + 1))
    return { flight, events }
  }
  const deathsIn = (events: readonly FlightEvent[]) => events.filter((event) => event.kind === 'life' && event.what === 'crash')
  const recoveries = (events: readonly FlightEvent[]) => events.flatMap((event) => (event.kind === 'recovered' ? [event] : []))

  it.each(servers)('go on when %s comes back with an old checkpoint, in the round that the others are in', async (who) => {
    const { flight, events } = await lives({ checkpoint: { every: 3 } }, 0, (event, live) => {
      if (event.kind === 'part-close' && event.actor === who && event.round === 4) live(dies(who, event.at + 15_000, 'checkpoint', 50))
    })
    expect(deathsIn(events)).toHaveLength(1)
    const [back] = recoveries(events)
    expect(back.round).toBeGreaterThan(back.kept)
    expect(flight.rounds.length).toBeGreaterThan(4)
  })

  it.each(servers)('go on when %s comes back with nothing', async (who) => {
    const { events } = await lives({}, 0, (event, live) => {
      if (event.kind === 'part-close' && event.actor === who && event.round === 3) live(dies(who, event.at + 15_000, 'nothing', 50))
    })
    expect(deathsIn(events)).toHaveLength(1)
    expect(recoveries(events)).toMatchObject([{ actor: who }])
  })

  it.each(servers)('go on when %s has forgotten two rounds more than it believes', async (who) => {
    const { events } = await lives({}, 2, (event, live) => {
      if (event.kind === 'part-close' && event.actor === who && event.round === 4) live(dies(who, event.at + 15_000, 'checkpoint', 50))
    })
    const [back] = recoveries(events)
    expect(back.round - back.kept).toBeGreaterThanOrEqual(2)
  })

  it('go on when all servers die at once, and again while they recover', async () => {
    let again = 0
    const { events } = await lives({}, 0, (event, live) => {
      if (event.kind === 'round-close' && event.row.round === 2) {
        for (const who of servers) live(dies(who, event.at + 15_000, 'checkpoint', 100))
      }
      if (event.kind === 'life' && event.what === 'restart' && again++ < servers.length) {
        live(dies(event.actor, event.at + (event.actor === 'aggregator' ? 0 : 3), 'checkpoint', 2000))
      }
    })
    expect(deathsIn(events)).toHaveLength(2 * servers.length)
    expect(new Set(recoveries(events).map(({ actor }) => actor))).toEqual(new Set(servers))
  })

  it.each(servers)('go on when %s has kept nothing, and dies again with all that it knows by then, at any event of its recovery', async (who) => {
    const setup = await setupOf({ rounds, checkpoint: { every: 'message' } })
    let again = true
    for (let nth = 0; again; nth++) {
      let [died, back, seen, recovers] = [0, false, 0, true]
      again = false
      const { flight } = await flown(setup, (event, live) => {
        if (died === 0 && event.kind === 'part-close' && event.actor === who && event.round === 3) live(dies(who, event.at + 15_000, 'nothing', 50))
        if (event.kind === 'life' && event.what === 'crash') died++
        if (event.kind === 'life' && event.what === 'restart') back = true
        if (!back || again || !recovers) return
        if (event.kind === 'recovered') recovers = false
        else if (seen++ === nth) {
          again = true
          live(dies(who, event.at, 'checkpoint', 50))
        }
      })
      expect(flight.status, `dies again after event ${nth}`).toBe('complete')
      expect(died).toBe(again ? 2 : 1)
      expect(again || nth > 3).toBe(true)
    }
  })

  it('close without an expert network that does not come back', async () => {
    const { flight, events } = await lives({ rounds: { ...rounds, patience: ms(30) } as Specification['rounds'] }, 0, (event, live) => {
      if (event.kind === 'round-close' && event.row.round === 2) live(dies('expert-1', event.at + 15_000, 'checkpoint', 'never'))
    })
    expect(deathsIn(events)).toHaveLength(1)
    expect(flight.rounds.at(-1)!.outcome).toBe('closed')
  })
})

it('an aggregator that never comes back ends the flight, and the error says so', async () => {
  const setup = await setupOf()
  const dead = flown(setup, (event, live) => {
    if (event.kind === 'round-open' && event.round === 2) live(dies('aggregator', event.at + 1, 'checkpoint', 'never'))
  })
  await expect(dead.then(({ flight }) => flight.status)).rejects.toThrow(/Round 2 can never close: the aggregator is dead/)
})

it('one that waited for clients when it wrote its checkpoint, and opened the round after that, is answered again', async () => {
  const resolved = resolve({
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
    local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: deadline({ count: 2, after: seconds(100), quorum: 2 }),
    network: { up: 8e6, down: 8e6, latency: ms(10) },
    devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
    evaluate: { every: 100, final: false },
    // Round 1 closes at 23.729 ms. Of round 2 the answer of A comes at 62.729 ms, that of B a millisecond later.
    faults: [away('all', { from: 23_720, until: ms(40) }), crash('aggregator', { at: 63_200, restartAfter: ms(5), keeps: 'checkpoint' })],
  }, { seed: 1, engine: 'surrogate' })
  const { rounds } = await fly(resolved, { world: smallWorld({ A: 16, B: 32 }), engine })
  expect(rounds.map(({ reason, folded }) => [reason, folded.length])).toEqual([['all answered', 2], ['all answered', 2]])
  expect(rounds[1].closed).toBeLessThan(ms(200))
})

describe('a checkpoint that costs time', () => {
  it('keeps the aggregator from opening the next round, and an expert network from answering', async () => {
    const price = { every: 2, cost: ms(7) }
    const calmly = await flown(await setupOf())
    const priced = await flown(await setupOf({ checkpoint: price }))
    const opened = ({ flight }: typeof calmly) => flight.rounds.map(({ opened: at }) => at)
    expect(opened(priced)[1]).toBe(opened(calmly)[1])
    expect(opened(priced)[2]).toBe(opened(calmly)[2] + 7000)
    const written = priced.events.flatMap((event) => (event.kind === 'checkpoint' ? [event] : []))
    const { trunk } = priced.flight.parts
    expect(written.map(({ actor, round, until, at }) => ({ actor, round, took: until - at }))).toEqual(
      servers.map((actor) => ({ actor, round: 2, took: 7000 })),
    )
    expect(written[0].bytes).toBe(4 * trunk.length)
    expect(priced.flight.checkpoints).toEqual(written.map(({ actor: owner, round, at, until, bytes }) => ({ owner, round, at, until, bytes })))
    expect(calmly.flight.checkpoints).toEqual([])
  })

  it('takes its bytes to the store at a rate', async () => {
    const { events, flight } = await flown(await setupOf({ checkpoint: { every: 1, rate: '8 kbps' } }))
    const [first] = events.flatMap((event) => (event.kind === 'checkpoint' && event.actor === 'aggregator' ? [event] : []))
    expect(first.until - first.at).toBe(4 * flight.parts.trunk.length * 1000)
  })
})
