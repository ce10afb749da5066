import { crc32 } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { defineStrategy } from '../../src/federation/strategies/define.js'
import type { Life } from '../../src/faults/fault.js'
import type { Flight } from '../../src/flight/flight.js'
import { flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import type { EventOf, FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, ditto, fedAvg, fp16, fp32, mmoe, pfMsmtrec, powerSgd, randomK, rows, scaffold, seconds, semiAsynchronous, sgd,
  type Specification, synchronous, topK, zstd,
} from '../../src/simulation/script.js'
import { calm } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

/** What it sends back is a digest of all that went in, so any difference is in the last model. */
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

type See = (event: FlightEvent, live: (life: Life) => void) => void

/** Messages take 10 ms; what `see` sets off happens directly after the event that it was told of. */
const flown = async (setup: Setup, see: See = () => {}): Promise<{ flight: Flight; events: FlightEvent[] }> => {
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    setup,
    ({ live }) => calm({
      latency: () => 10_000, mayDie: () => true,
      readers: [{ see: (event) => {
        events.push(event)
        see(event, live)
      } }],
    }),
    { engine, stepCost: () => 10_000 },
  )
  return { flight, events }
}

const dies = (who: string, at: number, keeps: 'nothing' | 'checkpoint'): Life => ({
  kind: 'crash', who, at, fault: 'crash-1', keeps, restartAt: at,
})

/** What became of the model, in a few digits. */
const modelOf = ({ parts }: Flight): number => crc32(JSON.stringify(Object.entries(parts).map(([part, values]) => [part, [...values]])))

const sendsOf = (events: readonly FlightEvent[]): EventOf<'send'>[] => events.filter((event) => event.kind === 'send')
const refusedIn = (events: readonly FlightEvent[]): FlightEvent[] =>
  events.filter((event) => event.kind === 'settle' && event.because === 'reference')

const strategies = { fedAvg: fedAvg(), scaffold: scaffold(), ditto: ditto(), pfMsmtrec: pfMsmtrec() }
const machines = {
  synchronous: synchronous({ count: 4, select: 2 }),
  asynchronous: asynchronous({ count: 8, maxStaleness: 4 }),
  buffered: buffered({ count: 4, buffer: 2, concurrency: 2, maxStaleness: 4 }),
  'semi-asynchronous': semiAsynchronous({ count: 4, select: 2, after: 300_000 }),
}

describe('a codec that loses nothing changes no number', () => {
  it.each(Object.entries(strategies))('%s', async (_, strategy) => {
    for (const codec of [fp32(), fp32().then(zstd()), { up: fp32() }, { down: fp32() }, { experts: fp32(), embeddings: fp32() }]) {
      for (const rounds of Object.values(machines)) {
        const { flight } = await flown(await setupOf({ strategy, rounds, codec }))
        const { flight: plain } = await flown(await setupOf({ strategy, rounds }))
        if (flight.rounds.length === plain.rounds.length) expect(modelOf(flight)).toBe(modelOf(plain))
      }
    }
  })
})

const lossy = {
  'fp16': fp16(),
  'topK both ways': topK({ share: 0.2 }),
  'topK up, fp16 down': { up: topK({ share: 0.2 }).then(fp16()), down: fp16() },
  'randomK up': { up: randomK({ share: 0.3 }) },
  'low rank': powerSgd({ rank: 1 }),
  'rows of embeddings': { embeddings: rows(), experts: topK({ count: 3 }) },
}

describe.each(Object.entries(lossy))('%s', (_, codec) => {
  it.each(Object.entries(machines))('flies with every check on, twice the same, %s', async (_, rounds) => {
    for (const strategy of Object.values(strategies)) {
      const [once, again] = [await flown(await setupOf({ strategy, rounds, codec })), await flown(await setupOf({ strategy, rounds, codec }))]
      expect(once.flight.digest).toEqual(again.flight.digest)
      expect(refusedIn(once.events)).toEqual([])
      expect(once.flight.rounds.filter(({ outcome }) => outcome === 'closed').length).toBe(once.flight.rounds.length)
    }
  })

  it.each(['aggregator', 'expert-1', 'client-B'])('the same model where a server (%s) dies at any event and comes back at once from its checkpoint; a client is excused at most', async (who) => {
    const setup = await setupOf({ codec, rounds: who === 'client-B' ? deadline({ count: 3, after: seconds(1), select: 2 }) : synchronous({ count: 3, select: 2 }) })
    const undisturbed = await flown(setup)
    const last = undisturbed.events.find((event) => event.kind === 'round-close' && event.last)!.id
    let deaths = 0
    for (let id = 0; id < last; id += 9) {
      const { flight, events } = await flown(setup, (event, live) => {
        if (event.id === id) live(dies(who, event.at, 'checkpoint'))
      })
      if (who !== 'client-B') expect(modelOf(flight), `${who} dies after event ${id}`).toBe(modelOf(undisturbed.flight))
      expect(flight.rounds).toHaveLength(3)
      deaths += events.filter((event) => event.kind === 'life' && event.what === 'crash').length
    }
    expect(deaths).toBeGreaterThan(0)
  })
})

it('a client that has lost the model that changes are of says so, and is sent all of it', async () => {
  const setup = await setupOf({ codec: topK({ share: 0.2 }), rounds: synchronous({ count: 4 }) })
  const { flight, events } = await flown(setup, (event, live) => {
    if (event.kind === 'round-close' && event.row.round === 2) live(dies('client-B', event.at, 'nothing'))
  })
  const refused = refusedIn(events)
  expect(refused).toHaveLength(3)
  const sends = sendsOf(events).filter(({ round, to, actor }) => round === 3 && (to === 'client-B' || actor === 'client-B'))
  const told = sends.map(({ actor, message, part, attempt }) => `${actor} ${message} ${part} ${attempt}`)
  expect(told.filter((one) => one.includes('resend')).toSorted()).toEqual(['client-B resend expert-1 0', 'client-B resend expert-2 0', 'client-B resend trunk 0'])
  const models = (to: string, attempt: number) => sends.filter((one) => one.message === 'model' && one.part === 'trunk' && one.to === to && one.attempt === attempt)
  // All of it costs more than changes do.
  expect(models('client-B', 1)[0].bytes).toBeGreaterThan(2 * models('client-B', 0)[0].bytes)
  expect(flight.rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3, 3])
  // The next round is of changes again.
  const next = sendsOf(events).filter(({ round, to, message, part }) => round === 4 && to === 'client-B' && message === 'model' && part === 'trunk')
  expect(next.map(({ bytes }) => bytes)).toEqual([models('client-B', 0)[0].bytes])
})

it('an owner that has lost the model that changes are of asks for all of them', async () => {
  const setup = await setupOf({ codec: { up: topK({ share: 0.2 }) }, rounds: synchronous({ count: 3 }) })
  const { flight, events } = await flown(setup, (event, live) => {
    // The models are out, and no answer is there yet.
    if (event.kind === 'train' && event.round === 2) live(dies('aggregator', event.at, 'nothing'))
  })
  expect(flight.rounds.at(-1)!.round).toBe(3)
  expect(flight.rounds.at(-1)!.folded).toHaveLength(3)
  expect(events.some((event) => event.kind === 'recovered')).toBe(true)
})

it('changes of a model that is known no longer are late, and not asked for again, once their round is over', async () => {
  const resolved = { codec: { up: topK({ share: 0.2 }) }, rounds: deadline({ count: 8, after: 100_000 }) }
  // The slow client trains for many rounds, and its owner remembers the models of the last four.
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    await setupOf(resolved),
    () => calm({ latency: ({ from, to }) => (from === 'client-C' || to === 'client-C' ? 300_000 : 10_000), readers: [{ see: (event) => void events.push(event) }] }),
    { engine, stepCost: () => 10_000 },
  )
  const late = flight.ledger.filter(({ kind, from, fate }) => kind === 'update' && from === 'client-C' && fate === 'late')
  expect(late.length).toBeGreaterThan(3)
  expect(sendsOf(events).filter(({ message }) => message === 'resend')).toEqual([])
})

it('the ledger says who wrote which bytes of what is coded: all of them, also of what is sent again and copied', async () => {
  const { flight } = await flown(await setupOf({ codec: { up: topK({ share: 0.2 }).then(fp16()), down: fp16() }, delivery: { acknowledge: true } }))
  const coded = flight.ledger.filter(({ kind }) => kind === 'model' || kind === 'update')
  expect(coded.length).toBeGreaterThan(30)
  for (const { kind, bytes, codecs } of coded) {
    expect(Object.keys(codecs!)).toEqual(kind === 'model' ? ['frame', 'names', 'fp16'] : ['frame', 'names', 'topK', 'fp16'])
    expect(Object.values(codecs!).reduce((sum, count) => sum + count, 0)).toBe(bytes)
    // A head, and a number where messages are acknowledged.
    expect(codecs!.frame).toBeGreaterThanOrEqual(32)
  }
  expect(flight.ledger.filter(({ kind, codecs }) => kind !== 'model' && kind !== 'update' && codecs !== undefined)).toEqual([])
  const numbers = (part: string) => flight.ledger.find((row) => row.kind === 'model' && row.part === part)!.codecs!.fp16 / 2
  expect(numbers('expert-1')).toBe(numbers('expert-2'))
})

it('a coded message that names a private segment is found out', async () => {
  let told = false
  // What travels is settled before; from then on the template says that towers do not.
  const strategy = defineStrategy({
    name: 'leaky', source: 'none', absent: 'nothing', template: ({ role }) => (told && role === 'tower' ? 'private' : 'global'),
  })
  const setup = await setupOf({ strategy, codec: fp16() })
  told = true
  await expect(flown(setup)).rejects.toThrow(/holds 'tower[^']*', which is private/)
  told = false
  await flown(setup)
})

it('a checkpoint holds what codecs remember and which models clients have, and costs as much more', async () => {
  const written = async (codec: Specification['codec']): Promise<number[]> => {
    const { events } = await flown(await setupOf({ codec, checkpoint: { every: 1, rate: 8000 }, rounds: synchronous({ count: 3 }) }))
    const all = events.filter((event) => event.kind === 'checkpoint').filter(({ actor }) => actor === 'expert-1')
    for (const { at, until, bytes } of all) expect(until - at).toBe(1000 * bytes)
    return all.map(({ bytes }) => bytes)
  }
  const [plain] = await written(undefined)
  expect(new Set(await written(undefined))).toEqual(new Set([plain]))
  // What all clients were sent, in 16 bits, is one vector for all.
  expect(await written({ down: fp16() })).toEqual([2 * plain, 2 * plain])
  // Of changes that leave something out, a model and what is owed for each of three clients: the first goes whole, as it is.
  expect((await written({ down: topK({ share: 0.2 }) }))[1]).toBeGreaterThan(4 * plain)
})
