import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  away, buffered, crash, fedAvg, lose, mbps, mmoe, ms, named, partition, quits, seconds, sgd, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

/* Rounds that end at no time, and clients that will never answer. */

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })
const acknowledge = { acknowledge: true, retries: 3, timeout: ms(100), longest: ms(400), probe: ms(700) }

const flown = (changes: Partial<Specification>, seed = 3): Promise<Flight> =>
  fly(
    resolve(
      {
        world: { kind: 'storefronts' },
        model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
        local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
        strategy: fedAvg(),
        rounds: synchronous({ count: 4 }),
        network: { up: mbps(2), down: mbps(4), latency: ms(10) },
        devices: { stepOverhead: ms(8) },
        evaluate: { every: 100, final: false, start: false },
        ...changes,
      },
      { seed, engine: 'surrogate' },
    ),
    // What goes on for ever fails soon.
    { world, engine, most: 50_000 },
  )

const B = named('client-B')
const began = { event: 'began training', actor: 'client-B', nth: 2 } as const

/** What keeps client-B from answering in round 2, whether it is found out at once or by asking, and why, in words. */
const causes: Readonly<Record<string, { faults: NonNullable<Specification['faults']>; why: RegExp; for?: number }>> = {
  'leaves in training': { faults: [away(B, { phase: 'training', rounds: [2, 2] })], why: /client-B \(left in training\)/ },
  'leaves in training for a while': { faults: [away(B, { phase: 'training', rounds: [2, 2], for: ms(50) })], why: /client-B \(left in training\)/ },
  'leaves before it sends': { faults: [away(B, { phase: 'before-upload', rounds: [2, 2] })], why: /client-B \(left before it sent its answer\)/ },
  'leaves while it is sent the model': { faults: [away(B, { phase: 'download', rounds: [2, 2], id: 'gone' })], why: /client-B \(its model of \S+ was lost to 'gone'\)/ },
  'dies for good': { faults: [crash(B, { when: began, id: 'dead' })], why: /client-B \(is dead by 'dead', and does not come back\)/, for: Infinity },
  'quits in training': { faults: [quits(B, { at: ms(75), id: 'quit' })], why: /client-B \(left in training\)/, for: 3 },
  'is cut off for good': {
    faults: [partition([B], { from: ms(75), id: 'cut' })], why: /client-B \(its update of \S+ was lost to 'cut'\)/, for: Infinity,
  },
}

describe.each(Object.entries(causes))('a client that %s', (_, { faults, why, for: rounds = 1 }) => {
  it('is excused where messages are acknowledged, and the federation goes on', async () => {
    const { rounds: rows, ledger, trainings } = await flown({ faults, delivery: acknowledge })
    expect(rows.map(({ outcome }) => outcome)).toEqual(['closed', 'closed', 'closed', 'closed'])
    const without = rows.filter(({ folded }) => !folded.includes('client-B')).map(({ round }) => round)
    expect(without).toEqual(rounds === 1 ? [2] : [2, 3, 4])
    expect(rows[1]).toMatchObject({ reason: 'all answered that could', excused: ['client-B'], folded: ['client-A', 'client-C'] })
    for (const { excused } of rows) expect(excused ?? ['client-B']).toEqual(['client-B'])
    // What it takes to find out is paid for.
    const words = ledger.filter(({ kind }) => kind === 'probe' || kind === 'status' || kind === 'model')
    expect(words.some(({ round, attempt, kind }) => round === 2 && (kind !== 'model' || attempt > 0))).toBe(true)
    for (const { bytes } of words) expect(bytes).toBeGreaterThan(32)
    expect(trainings.filter(({ outcome }) => outcome === 'used').length).toBe(12 - without.length)
  })

  it('ends the flight where nothing can tell, and the error names it, says why, and what helps', async () => {
    const flight = flown({ faults })
    await expect(flight.then(({ status }) => status)).rejects.toThrow(why)
    await expect(flight.then(({ status }) => status)).rejects.toThrow(/^Round 2 can never close.*did not answer.*deadline\(.*delivery: \{ acknowledge: true \}/)
  })
})

it('one that never gets a part of the model goes on with the last, or sits out, once it was asked twice', async () => {
  const faults = [crash('expert-2', { when: { event: 'closed', nth: 1 } })]
  const last = await flown({ faults, delivery: acknowledge, checkpoint: { every: 1, patience: ms(50) } })
  expect(last.rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3, 3])
  expect(last.rounds[1].closed - last.rounds[1].opened).toBeGreaterThan(1_400_000)
  const out = await flown({ faults, delivery: acknowledge, rounds: synchronous({ count: 4, missing: 'sit-out' }) })
  expect(out.rounds.map(({ folded, excused }) => [folded.length, excused?.length])).toEqual([[3, undefined], [0, 3], [0, 3], [0, 3]])
  expect(out.rounds[1]).toMatchObject({ outcome: 'aborted', reason: 'all answered that could, below quorum' })
})

it('one whose answer was given up, and that is asked, sends it again', async () => {
  const faults = [lose({ from: B, message: 'update' }, { when: began, lasts: ms(1500) })]
  const { rounds, ledger } = await flown({ faults, delivery: acknowledge })
  expect(rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3, 3])
  const used = ledger.filter(({ round, from, kind, part, fate }) => round === 2 && from === 'client-B' && kind === 'update' && part === 'trunk' && fate === 'used')
  expect(used).toHaveLength(1)
  expect(ledger.filter(({ kind, to }) => kind === 'probe' && to === 'client-B').length).toBeGreaterThan(0)
})

it('one that works for long is asked, and waited for', async () => {
  const { rounds, ledger, marks } = await flown({ delivery: acknowledge, devices: { stepOverhead: seconds(1) } })
  expect(rounds.map(({ folded }) => folded.length)).toEqual([3, 3, 3, 3])
  const probes = ledger.filter(({ kind }) => kind === 'probe')
  expect(probes.length).toBeGreaterThan(12)
  expect(new Set(probes.map(({ fate, attempt }) => `${fate} ${attempt}`))).toEqual(new Set(['control 0']))
  expect(marks['message given up']).toBe(0)
})

it('without common rounds its place goes to another', async () => {
  const faults = [crash(B, { when: began }), crash(named('client-C'), { when: began })]
  const rounds = buffered({ count: 6, buffer: 2 })
  await expect(flown({ faults, rounds }).then(({ status }) => status)).rejects.toThrow(/client-B \(is dead.*client-C \(is dead/)
  const flight = await flown({ faults, rounds, delivery: acknowledge })
  expect(flight.rounds).toHaveLength(6)
  expect(new Set(flight.rounds.flatMap(({ excused = [] }) => excused))).toEqual(new Set(['client-B', 'client-C']))
  expect(flight.rounds.at(-1)).toMatchObject({ folded: ['client-A'], reason: 'nobody left to answer' })
})

it('a client whose answer never arrives tries a few times, and is excused', async () => {
  const { rounds, ledger } = await flown({ delivery: acknowledge, faults: [lose({ from: 'client-B', message: 'update' }, { rounds: [2, 2] })] })
  expect(rounds).toHaveLength(4)
  expect(rounds[1]).toMatchObject({ round: 2, outcome: 'closed', folded: ['client-A', 'client-C'], excused: ['client-B'] })
  // The first answer, and one for each of three probes; each of the trunk is sent four times.
  const sent = ledger.filter(({ kind, from, round, part }) => kind === 'update' && from === 'client-B' && round === 2 && part === 'trunk')
  expect(sent.length).toBeGreaterThan(8)
  expect(sent.length).toBeLessThanOrEqual(16)
  expect(rounds[2].folded).toContain('client-B')
})

it('what is asked or answered again has luck of its own', async () => {
  // Nothing is sent again by itself: without luck of their own the second answer and the second probe would be lost as the first was.
  const delivery = { ...acknowledge, retries: 0 }
  const faults = [lose({ from: 'client-B', message: 'update' }, { probability: 0.6 })]
  const all = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => flown({ delivery, faults }, seed)))
  const again = all.flatMap(({ ledger }) => ledger.filter(({ kind, attempt, from }) => kind === 'update' && attempt > 0 && from === 'client-B'))
  expect(again.filter(({ fate }) => fate === 'used').length).toBeGreaterThan(5)
  expect(again.filter(({ fate }) => fate === 'lost').length).toBeGreaterThan(5)
})
