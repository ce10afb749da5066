import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { World } from '../../src/data/world.js'
import type { Engine, TrainJob } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Weather } from '../../src/faults/weather.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly, flyUnder } from '../../src/flight/fly.js'
import { setUp } from '../../src/flight/setup.js'
import type { Envelope } from '../../src/network/envelope.js'
import type { EventOf, FlightEvent } from '../../src/record/event.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  buffered, corrupt, deadline, fedAvg, lose, mislabel, mlp, mmoe, ms, poison, scaffold, seconds, sgd, synchronous,
} from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { calm } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 16, B: 32, C: 16 })

const specification = (changes: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model: mlp({ hidden: [2], embedding: 1 }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: deadline({ count: 1, after: seconds(1) }),
  evaluate: { start: false, every: 100, final: false },
  onDivergence: 'go-on',
  ...changes,
})

interface Flown {
  readonly flight: Flight
  readonly folds: readonly EventOf<'fold'>[]
}

const watched = async (fly: (onEvent: (event: FlightEvent) => void) => Promise<Flight>): Promise<Flown> => {
  const folds: EventOf<'fold'>[] = []
  const flight = await fly((event) => event.kind === 'fold' && folds.push(event))
  return { flight, folds }
}

const flown = (changes: Partial<Specification> = {}, of: World = world, seed = 5): Promise<Flown> =>
  watched((onEvent) => fly(resolve(specification(changes), { seed }), { world: of, engine, onEvent }))

/** The floats of a trunk begin where its head and its header end, and are its last. */
const bitOf = (envelope: Envelope, floats: number, place: number, bit: number): number =>
  8 * (envelope.bytes.length - 4 * (floats - place)) + bit

/** Two clients' updates in one round, with bits of client-A's flipped. */
const damaged = async (checksum: Specification['delivery'], flips: (envelope: Envelope, floats: number) => readonly number[]) => {
  const two = smallWorld({ A: 16, B: 16 })
  const setup = await setUp(resolve(specification({ delivery: checksum }), { seed: 5 }), two, engine)
  const floats = setup.layout.size
  const weather: Weather = calm({
    damages: true,
    judge: (envelope) => {
      const bits = envelope.kind === 'update' && envelope.from === 'client-A' ? flips(envelope, floats) : []
      return { delay: 0, copies: [], ...(bits.length > 0 && { flips: bits }) }
    },
  })
  return watched((onEvent) => flyUnder(setup, () => weather, { engine, onEvent }))
}

const fates = ({ flight }: Flown, kind = 'update'): string[] =>
  flight.ledger.flatMap((row) => (row.kind === kind ? [`${row.from} ${row.fate}${row.because === undefined ? '' : ` (${row.because})`}`] : []))

describe('bits at named positions', () => {
  it('with a checksum, the update is rejected and the fold goes without it', async () => {
    const whole = await damaged({ checksum: true }, () => [])
    const one = await damaged({}, (envelope, floats) => [bitOf(envelope, floats, 0, 31)])
    expect(fates(whole)).toEqual(['client-A used', 'client-B used'])
    expect(fates(one)).toEqual(['client-A rejected (checksum)', 'client-B used'])
    expect(one.folds[0].updates.map(({ client }) => client)).toEqual(['client-B'])
    expect(one.flight.trainings.map(({ client, outcome }) => `${client} ${outcome}`).sort()).toEqual(['client-A rejected', 'client-B used'])
    expect(one.flight.refused).toEqual({})
    const bytes = (flight: Flight): number[] => flight.ledger.map((row) => row.bytes)
    expect(bytes(one.flight)).toEqual(bytes(whole.flight))
  })

  it('without one, the sign of its first number is turned and poisons the fold by exactly that', async () => {
    const whole = await damaged({ checksum: false }, () => [])
    const one = await damaged({ checksum: false }, (envelope, floats) => [bitOf(envelope, floats, 0, 31)])
    expect(fates(one)).toEqual(['client-A used', 'client-B used'])
    const [honest, poisoned] = [whole, one].map(({ folds }) => folds[0].after.values)
    // Both have 16 rows: the mean of a and b is now that of -a and b.
    const b = (await damaged({}, (envelope, floats) => [bitOf(envelope, floats, 0, 31)])).folds[0].after.values[0]
    const a = 2 * honest[0] - b
    expect(a).not.toBe(0)
    expect(poisoned[0]).toBeCloseTo((b - a) / 2, 6)
    expect([...poisoned.subarray(1)]).toEqual([...honest.subarray(1)])
  })

  it.each([
    ['the magic', [0], 'magic'],
    ['its kind', [32], 'kind'],
    ['its length', [8 * 24], 'short'],
    ['the lowest bit of its examples', [8 * 16], 'head'],
    ['a round of two million', [8 * 8 + 21], 'head'],
    ['the header of its tensors', [8 * 50], 'layout'],
  ])('without one, damage to %s is found out all the same', async (_, bits, because) => {
    expect(fates(await damaged({ checksum: false }, () => bits))).toEqual([`client-A rejected (${because})`, 'client-B used'])
  })

  it('without one, a round that is not its own is refused, and what is not finite is refused by name', async () => {
    expect(fates(await damaged({ checksum: false }, () => [8 * 8 + 4]))).toEqual(['client-A rejected', 'client-B used'])
    // All ones in the exponent of the first number.
    const exponent = (envelope: Envelope, floats: number): number[] => {
      const bits: number[] = []
      const view = new DataView(envelope.bytes.buffer, envelope.bytes.byteOffset)
      const word = view.getUint32(envelope.bytes.length - 4 * floats, true)
      for (let bit = 23; bit < 31; bit++) if (((word >>> bit) & 1) === 0) bits.push(bitOf(envelope, floats, 0, bit))
      return bits
    }
    const { flight, ...rest } = await damaged({ checksum: false }, exponent)
    expect(fates({ flight, ...rest })).toEqual(['client-A rejected (not finite)', 'client-B used'])
    expect(flight.refused).toEqual({ 'client-A': 1 })
  })

  it('nobody else is hurt whose bytes are the same', async () => {
    const { flight } = await flown({ faults: [corrupt({ to: 'client-A', message: 'model' }, { bits: 1 })] })
    expect(flight.ledger.flatMap(({ kind, to, fate }) => (kind === 'model' ? [`${to} ${fate}`] : [])).sort())
      .toEqual(['client-A rejected', 'client-B used', 'client-C used'])
  })
})

/*
 * By hand: lines of one byte per microsecond, 10 ms of latency, a step takes 1 ms and the microsecond that it is rounded up
 * by. The trunk has 648 bytes and the expert's part 216, behind it on the same line down: both are there at 648 + 216 +
 * 10,000 = 10,864. A trains one step, B two. The expert's part goes up first, the trunk behind it.
 */
it('a damaged update takes its time, comes when it would have come, and is waited for in vain', async () => {
  const { flight } = await flown({
    model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
    rounds: deadline({ count: 1, after: ms(100), quorum: 1 }),
    network: { up: 8e6, down: 8e6, latency: ms(10) },
    devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
    faults: [corrupt({ from: 'client-A', to: 'aggregator' }, { bits: 1, id: 'c' })],
  }, smallWorld({ A: 16, B: 32 }))
  const updates = flight.ledger.filter(({ kind }) => kind === 'update')
  expect(updates.map(({ from, part, sent, delivered, bytes, travelled, fate, because }) =>
    [from, part, sent, delivered, bytes, travelled, fate, because])).toEqual([
    ['client-A', 'expert-1', 11_865, 11_865 + 216 + 10_000, 216, 216, 'used', undefined],
    ['client-A', 'trunk', 11_865, 11_865 + 216 + 648 + 10_000, 648, 648, 'rejected', 'checksum'],
    ['client-B', 'expert-1', 12_865, 12_865 + 216 + 10_000, 216, 216, 'used', undefined],
    ['client-B', 'trunk', 12_865, 12_865 + 216 + 648 + 10_000, 648, 648, 'used', undefined],
  ])
  expect(flight.events).toContain('{"at":22729,"event":"settle","actor":"aggregator","id":6,"fate":"rejected"}')
  expect(flight.rounds).toMatchObject([{ closed: 100_000, folded: ['client-B'], outcome: 'closed', reason: 'deadline' }])
  expect(flight.trainings.map(({ client, outcome }) => [client, outcome])).toEqual([['client-A', 'rejected'], ['client-B', 'used']])
  expect(flight.faults).toMatchObject([{ id: 'c', fired: 1, outcome: '1 message damaged (1 bit)' }])
})

it('where messages are acknowledged, what is damaged is sent again until it comes whole', async () => {
  const clean = { rounds: synchronous({ count: 2 }), delivery: { acknowledge: true, checksum: false } }
  const { flight } = await flown({ ...clean, faults: [corrupt({}, { bits: 2, probability: 0.3, id: 'c' })] })
  const damaged = flight.ledger.filter(({ because }) => because === 'checksum')
  expect(damaged.length).toBeGreaterThan(3)
  expect(new Set(damaged.map(({ fate }) => fate))).toEqual(new Set(['rejected']))
  expect(flight.ledger.some(({ attempt }) => attempt > 0)).toBe(true)
  expect(flight.digests.numbers).toBe((await flown(clean)).flight.digests.numbers)
})

describe('damage that nobody finds', () => {
  it.each(Object.entries({
    deadline: deadline({ count: 4, after: seconds(1), quorum: 1, patience: ms(200) }),
    buffered: buffered({ count: 6, buffer: 2, timeout: seconds(1) }),
  }))('is of the fold, and breaks no promise and no handler: %s', async (_, rounds) => {
    const because = new Set<string | undefined>()
    for (const seed of [1, 2, 3]) {
      const { flight } = await flown({
        model: mmoe({ embedding: 4, experts: 2, expert: [8], tower: [4] }), rounds, delivery: { checksum: false },
        faults: [corrupt({ message: 'update' }, { bits: 1, probability: 0.7 }), corrupt({ from: 'aggregator' }, { bits: 1, probability: 0.2 })],
      }, world, seed)
      for (const row of flight.ledger) if (row.fate === 'rejected') because.add(row.because)
      expect(flight.ledger.some(({ kind, fate }) => kind === 'update' && fate === 'used')).toBe(true)
    }
    for (const why of ['layout', 'checksum'] as const) expect(because).toContain(why)
  })
})

describe('checksums', () => {
  const checked = async (changes: Partial<Specification>): Promise<boolean> => {
    let seen = false
    const link: Specification['link'] = (envelopes$, { usual }) => {
      envelopes$.subscribe(({ kind, bytes }) => {
        if (kind === 'update') seen = bytes.subarray(28, 32).some((byte) => byte !== 0)
      })
      return usual(envelopes$)
    }
    await flown({ ...changes, link })
    return seen
  }

  it('follow from the specification, or from the link', async () => {
    expect(await checked({ delivery: { checksum: false } })).toBe(false)
    expect(await checked({})).toBe(true)
  })

  it('follow from the plan: damage is found where there is any, and nothing changes where there is none', async () => {
    const faults = [corrupt({ message: 'update' }, { bits: 1 })]
    const { flight } = await flown({ faults })
    expect(new Set(fates({ flight, folds: [] }))).toEqual(new Set(['A', 'B', 'C'].map((name) => `client-${name} rejected (checksum)`)))
    expect((await flown({ faults, delivery: { checksum: true } })).flight.digest).toBe(flight.digest)
    // A checksum takes no byte that was not there.
    const [without, with_] = [await flown({}), await flown({ delivery: { checksum: true } })]
    expect(with_.flight.digests).toEqual(without.flight.digests)
    const other = [lose({ message: 'update' }, { probability: 0.5 })]
    expect((await flown({ faults: other, delivery: { checksum: true } })).flight.digest).toBe((await flown({ faults: other })).flight.digest)
  })

  it('which a fault of no use to anybody does not change', async () => {
    const never = await flown({ faults: [corrupt({}, { bits: 1, probability: 0 })] })
    expect(never.flight.digests).toEqual((await flown({})).flight.digests)
  })
})

describe('Byzantine clients in a flight', () => {
  const rows = (client: string): number => ({ 'client-A': 16, 'client-B': 32, 'client-C': 16 })[client]!
  const faults = (send: Parameters<typeof poison>[1]['send']) => [poison('client-B', { send, id: 'p' })]
  /** What one round of FedAvg makes of deltas that are scaled, by their rows. */
  const afterRound = async (send: Parameters<typeof poison>[1]['send'], changes: Partial<Specification> = {}) =>
    (await flown({ faults: faults(send), ...changes })).folds[0]

  it('FedAvg folds the opposite of what an attacker has learnt', async () => {
    const { before, after: honest } = (await flown()).folds[0]
    const { after: turned } = await afterRound('sign-flip')
    const { after: none } = await afterRound({ attack: 'scale', by: 0 })
    expect(rows('client-B') / 64).toBe(0.5)
    honest.values.forEach((value, i) => {
      // turned - none = -(honest - none): half of what B has learnt, the other way.
      expect(turned.values[i] - none.values[i]).toBeCloseTo(none.values[i] - value, 5)
    })
    expect(before.values.some((value, i) => Math.abs(value - honest.values[i]) > 1e-4)).toBe(true)
  })

  it('no numbers are refused, and named', async () => {
    const { flight } = await flown({ faults: faults('nan') })
    expect(fates({ flight, folds: [] })).toEqual(['client-A used', 'client-C used', 'client-B rejected (not finite)'])
    expect(flight.refused).toEqual({ 'client-B': 1 })
    expect(flight.faults[0]).toMatchObject({ fired: 1, outcome: '1 update poisoned' })
  })

  it('an inner product turns on the mean of the others', async () => {
    const { before, after } = await afterRound({ attack: 'inner-product', epsilon: 1 })
    // A and C have a quarter each, B a half: a/4 + c/4 - (a + c)/4 = 0.
    after.values.forEach((value, i) => expect(value).toBeCloseTo(before.values[i], 6))
  })

  it('the order of arrival changes no forgery', async () => {
    const send = { attack: 'inner-product', epsilon: 2 } as const
    const slow = await flown({ faults: faults(send), devices: { overrides: [{ who: 'client-A', stepOverhead: ms(300) }] } })
    const quick = await flown({ faults: faults(send) })
    const order = ({ flight }: Flown): string[] =>
      flight.ledger.filter(({ kind }) => kind === 'update').sort((a, b) => a.delivered! - b.delivered!).map(({ from }) => from)
    expect(order(slow)).not.toEqual(order(quick))
    expect([...slow.folds[0].after.values]).toEqual([...quick.folds[0].after.values])
  })

  it('it takes its own model home: what it sends is not what it keeps, and its extras stay honest', async () => {
    const model = mmoe({ embedding: 2, experts: 2, expert: [4], tower: [2], batchNorm: true })
    for (const strategy of [scaffold(), fedAvg()]) {
      const { flight, folds } = await flown({ model, strategy, faults: faults({ attack: 'sign-flip', by: 3 }), rounds: synchronous({ count: 2 }) })
      expect(folds).toHaveLength(6)
      expect(flight.faults[0].fired).toBe(2)
    }
    const honest = await flown({ model })
    const turned = await flown({ model, faults: faults('sign-flip') })
    expect(Buffer.from(turned.flight.personal['client-B'].slice().buffer)).toEqual(Buffer.from(honest.flight.personal['client-B'].slice().buffer))
  })

  it('where rounds overlap, forgers see what waits for the same fold', async () => {
    const { flight } = await flown({
      rounds: buffered({ count: 6, buffer: 2 }), faults: [poison('client-B', { send: { attack: 'inner-product', epsilon: 1 }, id: 'p' })],
    })
    expect(flight.rounds).toHaveLength(6)
    expect(flight.faults[0].fired).toBe(flight.rounds.flatMap(({ folded }) => folded).filter((name) => name === 'client-B').length)
  })
})

describe('wrong labels in a flight', () => {
  it('are those of the plan, in training rows alone, and the engine trains on them', async () => {
    const tables = new Map<string, readonly number[]>()
    const trained: string[] = []
    const fresh = await openEngine({ engine: 'tfjs' })
    const spying: Engine = {
      ...fresh,
      register: (handle, table) => {
        tables.set(handle, [...table.labels])
        return fresh.register(handle, table)
      },
      prepare: (training) => fresh.prepare(training),
      score: (jobs) => fresh.score(jobs),
      train: (jobs: readonly TrainJob[]) => {
        trained.push(...jobs.map(({ data }) => data))
        return fresh.train(jobs)
      },
    }
    const resolved = resolve(specification({ faults: [mislabel('client-B', { flip: 1, task: 'ctr', id: 'm' })] }), { seed: 5 })
    const flight = await fly(resolved, { world, engine: spying })
    expect(trained.sort()).toEqual(['client-A/train', 'client-B/train (2)', 'client-C/train'])
    const [before, after] = ['client-B/train', 'client-B/train (2)'].map((handle) => tables.get(handle)!)
    expect(after).toEqual(before.map((label, i) => (i % 2 === 0 ? 1 - label : label)))
    expect([...tables.keys()].filter((name) => name.includes('(2)'))).toEqual(['client-B/train (2)'])
    expect(flight.faults[0]).toMatchObject({
      text: 'client-B trains with 100 % of the labels flipped of ctr', fired: 1, outcome: '32 labels changed',
    })
    await fly(resolved, { world, engine: spying })
    expect(tables.has('client-B/train (3)')).toBe(false)
    await fresh.close()
  })

  it('change what is learnt, the same on every flight, and nothing where none is changed', async () => {
    const faults = [mislabel('client-B', { redraw: 0.5, id: 'm' })]
    const [one, again, honest] = [await flown({ faults }), await flown({ faults }), await flown()]
    expect(again.flight.digest).toBe(one.flight.digest)
    expect(one.flight.digests.events).toBe(honest.flight.digests.events)
    expect(one.flight.digests.numbers).not.toBe(honest.flight.digests.numbers)
    const none = await flown({ faults: [mislabel('client-B', { flip: 0 })] })
    expect(none.flight.digests).toEqual(honest.flight.digests)
    expect(none.flight.faults[0].outcome).toBe('never fired')
  })

  it('of no task there is are an error that says so', async () => {
    await expect(flown({ faults: [mislabel('client-B', { noise: 1, id: 'm' })] }))
      .rejects.toThrow("fault 'm' changes labels of no task: there are ctr (binary), ctcvr (binary).")
    await expect(flown({ faults: [mislabel('client-B', { flip: 1, task: 'cvr', id: 'm' })] })).rejects.toThrow(/of no task/)
  })
})
