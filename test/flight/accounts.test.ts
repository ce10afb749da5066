import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { trainingsByOutcome } from '../../src/runs/totals.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, away, buffered, clog, crash, deadline, duplicate, fedAvg, fraction, lose, mmoe, ms, one, partial, quorum, seconds, sgd, slow,
  synchronous, type Specification,
} from '../../src/simulation/script.js'
import { unequal } from '../federation/every-fault.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const specified = (more: Partial<Specification>): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 1, experts: 2, expert: [2], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.01) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  evaluate: { start: false, every: 100, final: false },
  ...more,
})

const flown = (more: Partial<Specification>, seed = 1): Promise<Flight> =>
  fly(resolve(specified(more), { seed, engine: 'surrogate' }), { engine, world: unequal })

const policies: readonly Specification['rounds'][] = [
  synchronous({ count: 3 }),
  deadline({ count: 3, after: ms(150), quorum: 1 }),
  deadline({ count: 3, after: seconds(2), select: 2, overSelect: 0.5, quorum: 1 }),
  quorum({ count: 3, quorum: 2, after: seconds(2) }),
  deadline({ count: 3, after: ms(150), quorum: 1, leftBehind: 'stop' }),
  quorum({ count: 3, quorum: 2, after: seconds(2), leftBehind: 'stop' }),
  asynchronous({ count: 6, timeout: seconds(1) }),
  buffered({ count: 4, buffer: 2, timeout: seconds(1) }),
]

const slowed = (by: number) => slow(one(), { by, id: 'slow' })

const weathers = fc.record({
  by: fc.option(fc.constantFrom(0.25, 2, 64, 4096), { nil: undefined }),
  away: fc.boolean(),
  lost: fc.boolean(),
  dies: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
  part: fc.boolean(),
})

const faultsOf = ({ by, away: leaves, lost, dies, part }: typeof weathers extends fc.Arbitrary<infer T> ? T : never) => [
  ...(by === undefined ? [] : [slowed(by)]),
  ...(leaves ? [away(fraction(0.5), { phase: 'training', rounds: [1, 2] as [number, number] })] : []),
  ...(lost ? [lose({ from: 'client', to: 'aggregator' }, { probability: 0.2, rounds: [1, 2] as [number, number] })] : []),
  ...(dies === undefined ? [] : [crash(one(), { at: ms(dies), restartAfter: ms(30), keeps: 'checkpoint' as const })]),
  ...(part ? [partial(fraction(0.5), { epochs: 0.5 })] : []),
]

/** Seconds that a report says trainings took longer: `2 trainings slowed (1.500 s longer)`. */
const longer = (flight: Flight): number => {
  const told = /\((?:(\d+):)?(?:(\d+):)?([\d.]+)(?: s)? longer\)/.exec(flight.faults.find(({ id }) => id === 'slow')?.outcome ?? '')
  if (told === null) return 0
  const [, a, b, s] = told
  return (b === undefined ? 60 * Number(a ?? 0) : 3600 * Number(a) + 60 * Number(b)) + Number(s)
}

describe('what a flight charges', () => {
  it('lies within its virtual time, one training of a client after the other, and faults take no more of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...policies), weathers, fc.integer({ min: 1, max: 50 }), async (rounds, weather, seed) => {
        // Where all are waited for, nobody may leave for good.
        const wait = typeof rounds !== 'function' && 'kind' in rounds && rounds.kind === 'synchronous'
        const calm = { ...weather, away: false, lost: false, dies: undefined }
        const flight = await flown({ rounds, faults: faultsOf(wait ? calm : weather) }, seed)
        const until = new Map<string, number>()
        for (const { client, start, end, examples } of [...flight.trainings].sort((a, b) => a.start - b.start)) {
          expect(start).toBeGreaterThanOrEqual(until.get(client) ?? 0)
          expect(end).toBeGreaterThanOrEqual(start)
          expect(end).toBeLessThanOrEqual(flight.virtualTime)
          expect(Number.isInteger(examples) && examples >= 0).toBe(true)
          until.set(client, end)
        }
        const totals = trainingsByOutcome(flight.trainings)
        const charged = flight.trainings.reduce((sum, { start, end }) => sum + end - start, 0)
        expect(totals.reduce((sum, { time }) => sum + time, 0)).toBe(charged)
        expect(longer(flight)).toBeLessThanOrEqual(charged / 1e6)
        // What was folded was trained to its end, and its update is in the ledger.
        const used = new Set(flight.trainings.flatMap(({ client, round, outcome }) => (outcome === 'used' ? [`${client} ${round}`] : [])))
        const folded = new Set(flight.ledger.flatMap(({ kind, part, fate, from, round }) =>
          kind === 'update' && part === 'trunk' && fate === 'used' ? [`${from} ${round}`] : []))
        expect(used).toEqual(folded)
      }),
      { numRuns: 40, seed: 20261127 },
    )
  })

  it('of a client that no round waits for ends with the flight, and so does what its fault is said to cost', async () => {
    const flight = await flown({ rounds: deadline({ count: 3, after: ms(150), quorum: 1 }), faults: [slowed(4096)] })
    expect(flight.virtualTime).toBe(450_000)
    const straggler = flight.faults[0].outcome
    const left = flight.trainings.filter(({ outcome }) => outcome === 'abandoned')
    expect(left.map(({ round }) => round)).toEqual([1, 2, 3])
    expect(left.at(-1)!.end).toBe(450_000)
    const charged = left.reduce((sum, { start, end }) => sum + end - start, 0)
    expect(straggler).toMatch(/^3 trainings slowed \(0\.\d{3} s longer\)$/)
    // All but one in 4,096 of it.
    expect(longer(flight)).toBeCloseTo((charged / 1e6) * (1 - 1 / 4096), 2)
    expect(flight.ledger.filter(({ kind, fate }) => kind === 'update' && fate === 'late')).toEqual([])
  })

  it('nothing begins after the last round has closed', async () => {
    // The models of the last rounds come to the client on the slow line when the flight is over.
    const network = { overrides: [{ who: one(), down: 4_000, latency: ms(200) }] }
    const flight = await flown({ rounds: quorum({ count: 3, quorum: 2, after: seconds(9) }), network })
    const landed = flight.virtualTime
    expect(flight.ledger.some(({ kind, delivered }) => kind === 'model' && delivered !== null && delivered > landed)).toBe(true)
    expect(flight.trainings.filter(({ start, end }) => start > landed || end > landed)).toEqual([])
  })

  it('of a client that is told to stop ends when the message reaches it, which costs its bytes', async () => {
    const rounds = { count: 3, after: ms(150), quorum: 1 } as const
    const faults = [slowed(4096)]
    const network = { latency: ms(10) }
    const goesOn = await flown({ rounds: deadline(rounds), faults, network })
    const told = await flown({ rounds: deadline({ ...rounds, leftBehind: 'stop' }), faults, network })
    const ends = ({ trainings }: Flight) => trainings.filter(({ outcome }) => outcome === 'abandoned').map(({ end }) => end)
    const notices = told.ledger.filter(({ kind, direction }) => kind === 'close' && direction === 'down')
    expect(goesOn.ledger.filter(({ kind, direction }) => kind === 'close' && direction === 'down')).toEqual([])
    // After the last round the flight is over, and nobody need be told.
    expect(notices.map(({ sent, fate, travelled }) => [sent, fate, travelled])).toEqual([
      [150_000, 'control', 34], [300_000, 'control', 34],
    ])
    expect(ends(told)).toEqual([...notices.map(({ delivered }) => delivered), 450_000])
    // Without the message it goes on until the next model has come.
    expect(ends(goesOn).every((end, i) => end >= ends(told)[i])).toBe(true)
    expect(ends(goesOn)[0]).toBeGreaterThan(ends(told)[0])
    expect(told.rounds).toEqual(goesOn.rounds)
  })

  it('a client that is told to stop while it waits for parts trains no more for that round', async () => {
    const rounds = deadline({ count: 2, after: ms(150), quorum: 1, leftBehind: 'stop' })
    // An expert's models never come, and patience would end after the round.
    const faults = [lose({ from: 'expert-1', to: 'client' } as never, { probability: 1 })]
    const flight = await flown({ rounds, faults: faults as never, network: { latency: ms(10) } })
    expect(flight.trainings).toEqual([])
    expect(flight.ledger.filter(({ kind, direction }) => kind === 'close' && direction === 'down')).toHaveLength(4)
  })
})

describe('of a client that dies and comes back with nothing', () => {
  const world = smallWorld({ A: 18, B: 33 })
  const dying = (more: Partial<Specification>): Promise<Flight> => fly(
    resolve(specified({
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [2] }), network: { latency: ms(10) }, rounds: deadline({ count: 2, after: ms(400), quorum: 1 }), ...more,
    }), { seed: 1, engine: 'surrogate' }),
    { engine, world },
  )
  const ofFirst = ({ ledger }: Flight, kind: string) =>
    ledger.filter((row) => row.kind === kind && row.round === 1 && (row.to === 'client-A' || row.from === 'client-A'))
      .map(({ part, copy, attempt, fate }) => `${part}${copy > 0 ? ', a copy' : ''}${attempt > 0 ? ', again' : ''}: ${fate}`)
  const trained = ({ trainings }: Flight) => trainings.filter(({ client, round }) => client === 'client-A' && round === 1).map(({ outcome }) => outcome)

  it('each model is of use of which the update was made that counts', async () => {
    const flight = await dying({
      faults: [duplicate({ to: 'client-A', message: 'model' }, { after: ms(15), rounds: [1, 1] }), crash('client-A', { at: ms(11), restartAfter: ms(2) })],
    })
    // It trains before it dies, and again on the copies. The expert's update was sent in time, and the trunk's died with it.
    expect(ofFirst(flight, 'update')).toEqual(['expert-1: used', 'trunk: lost', 'expert-1: duplicate', 'trunk: used'])
    expect(ofFirst(flight, 'model')).toEqual(['trunk: fruitless', 'trunk, a copy: used', 'expert-1: used', 'expert-1, a copy: fruitless'])
    expect(trained(flight)).toEqual(['lost', 'used'])
  })

  it('a training whose answer it had not sent is lost, and the one after it counts', async () => {
    const flight = await dying({
      delivery: { acknowledge: true, retries: 0, timeout: ms(500) },
      faults: [lose({ from: 'client-A', message: 'update' }, { until: ms(100) }), crash('client-A', { at: ms(60), restartAfter: ms(60) })],
    })
    // The trunk waits for its turn behind the expert's update, which is lost.
    expect(ofFirst(flight, 'update')).toEqual(['expert-1: lost', 'expert-1: used', 'trunk: used'])
    expect(ofFirst(flight, 'model')).toEqual(['trunk: fruitless', 'expert-1: fruitless', 'trunk, again: used', 'expert-1, again: used'])
    expect(trained(flight)).toEqual(['lost', 'used'])
  })

  it('what a sender has sent in a life before may come once more, since nothing is known of its lives', async () => {
    const flight = await dying({
      delivery: { acknowledge: true, retries: 0, timeout: ms(13), longest: ms(160) },
      faults: [
        duplicate({ to: 'client-A', message: 'model' }, { after: ms(15) }),
        crash('aggregator', { when: { event: 'arrived', nth: 1 }, restartAfter: ms(1), keeps: 'checkpoint' }),
        crash('client-A', { at: ms(24), restartAfter: ms(1) }),
      ],
    })
    expect(flight.status).toBe('complete')
  })
})

it('a model that an owner sends after it has heard that all is over is of no use', async () => {
  // All that the aggregator says is held until the last round has ended, and comes at once.
  const flight = await flown({ rounds: asynchronous({ count: 3, timeout: ms(150), patience: ms(75) }), faults: [clog({ from: 'aggregator' }, { rounds: [1, 3] })] })
  const models = flight.ledger.filter(({ kind, from }) => kind === 'model' && from === 'expert-1')
  expect(models.length).toBeGreaterThan(0)
  expect(new Set(models.map(({ fate }) => fate))).toEqual(new Set(['fruitless']))
})
