import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { exitCodes } from '../../../src/errors.js'
import { selectionEntries } from '../../../src/federation/selection/registry.js'
import { flyUnder } from '../../../src/flight/fly.js'
import type { Flight } from '../../../src/flight/flight.js'
import { setUp } from '../../../src/flight/setup.js'
import { type Run, simulate } from '../../../src/runs/simulate.js'
import { resolve } from '../../../src/simulation/resolve.js'
import {
  asynchronous, atRandom, away, buffered, byData, bySpeed, crash, deadline, everybody, fedAvg, fraction, mlp, one, oort, proportional, quorum,
  roundRobin, seconds, semiAsynchronous, sgd, slow, synchronous, tiers, type Specification,
} from '../../../src/simulation/script.js'
import { say } from '../../cli/console.js'
import { calm } from '../calm.js'
import { smallWorld } from '../small.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-selection-'))

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/** Rows, and with batches of 8 the steps of a round: 1, 2, 3, 4. */
const four = smallWorld({ A: 8, B: 16, C: 24, D: 32 })

const fly = async (rounds: Specification['rounds'], changes: Partial<Specification> = {}): Promise<Flight> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model: mlp({ embedding: 1, hidden: [] }), local: { epochs: 1, batch: 8, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds, evaluate: { every: 100, final: false, start: false }, ...changes,
    },
    { seed: 1, engine: 'surrogate' },
  )
  return flyUnder(await setUp(resolved, four, engine), () => calm(), { engine, stepCost: () => 1000 })
}

const told = ({ rounds }: Flight): string[] =>
  rounds.map(({ opened, closed, selected }) => `${opened}-${closed} ${selected.map((name) => name.slice(-1)).join('')}`)

describe('flights, to the microsecond', () => {
  it('by speed and by data', async () => {
    expect(told(await fly(synchronous({ count: 2, select: 2 }), { selection: bySpeed() }))).toEqual(['0-2000 AB', '2000-4000 AB'])
    expect(told(await fly(synchronous({ count: 2, select: 2 }), { selection: byData() }))).toEqual(['0-4000 CD', '4000-8000 CD'])
    expect(told(await fly(synchronous({ count: 4, select: 1 }), { selection: bySpeed({ by: 'answers', prefer: 'slow' }) }))
      .map((row) => row.slice(-1)).toSorted()).toEqual(['A', 'B', 'C', 'D'])
  })

  it('in turn: everybody once in two rounds of two, in four of one', async () => {
    for (const [count, select] of [[2, 2], [4, 1]]) {
      const { rounds } = await fly(synchronous({ count, select }), { selection: roundRobin() })
      expect(rounds.flatMap(({ selected }) => selected).toSorted()).toEqual(['client-A', 'client-B', 'client-C', 'client-D'])
    }
  })

  it('in tiers: two of one client would be slow, a round waits for its own tier alone', async () => {
    const flight = await fly(tiers({ count: 3, tiers: 2, probabilities: [1, 0] }))
    expect(told(flight)).toEqual(['0-2000 AB', '2000-4000 AB', '4000-6000 AB'])
    const credited = await fly(tiers({ count: 2, tiers: 2, probabilities: [1, 0], credits: [1, 1] }))
    expect(told(credited)).toEqual(['0-2000 AB', '2000-6000 CD'])
    const slowest = await fly(tiers({ count: 1, tiers: 4, probabilities: [0, 0, 0, 1], after: 3500 }))
    expect(slowest.rounds[0]).toMatchObject({ selected: ['client-D'], closed: 3500, outcome: 'aborted' })
  })

  it('in tiers by answers: all are asked once, then those of like speed', async () => {
    const flight = await fly(tiers({ count: 4, tiers: 2, by: 'answers', select: 2, probabilities: [0, 1] }))
    const [first, second, ...others] = flight.rounds.map(({ selected }) => selected)
    expect([...first, ...second].toSorted()).toEqual(['client-A', 'client-B', 'client-C', 'client-D'])
    for (const selected of others) expect(selected).toEqual(['client-C', 'client-D'])
  })
})

const plain = {
  name: 'plain',
  world: storefronts({ scenarios: 6, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [3], embedding: 2 }),
  local: { batch: 32, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 4, select: 2 }),
  evaluate: { start: false, final: false, every: 100 },
} satisfies Specification

const run = (changes: Partial<Specification>): Promise<Run> =>
  simulate({ ...plain, ...changes }, { seed: 3, engine: 'surrogate', workers: 1, cwd })

const hard = [
  away(fraction(0.4), { rounds: [2, 3] }), slow(one(), { by: 9 }),
  crash(one(), { at: seconds(1), restartAfter: seconds(2), keeps: 'nothing' }),
]

const policies = {
  deadline: deadline({ count: 4, after: seconds(20), select: 2, overSelect: 0.5 }),
  quorum: quorum({ count: 4, quorum: 2, select: 3, after: seconds(20) }),
  asynchronous: asynchronous({ count: 8, concurrency: 2, timeout: seconds(5) }),
  buffered: buffered({ count: 5, buffer: 2, concurrency: 3, timeout: seconds(5) }),
  'semi-asynchronous': semiAsynchronous({ count: 5, after: seconds(2), select: 3 }),
} satisfies Record<string, Specification['rounds']>

describe.each(Object.entries(policies))('every selection, under %s rounds and in weather', (_, rounds) => {
  it.each(selectionEntries.map(({ kind }) => kind).filter((kind) => kind !== 'all'))('%s', async (kind) => {
    const selection = { kind } as Specification['selection']
    const [flown, again] = [await run({ rounds, faults: hard, selection }), await run({ rounds, faults: hard, selection })]
    expect(flown.rounds).toHaveLength(rounds.count)
    expect(again.digest).toBe(flown.digest)
    expect(flown.rounds.some(({ folded }) => folded.length > 0)).toBe(true)
    if (kind === 'random') expect(flown.digest).toBe((await run({ rounds, faults: hard })).digest)
  })
})

describe('what a manifest and an error say', () => {
  it('names what lets numbers steer events', async () => {
    expect((await run({ selection: oort() })).manifest.readsNumbers).toEqual(['selection'])
    for (const selection of [atRandom(), bySpeed({ by: 'answers' }), byData(), roundRobin(), proportional()]) {
      expect((await run({ selection })).manifest).not.toHaveProperty('readsNumbers')
    }
    expect((await run({ rounds: tiers({ count: 4, tiers: 2, adapt: { every: 1 } }) })).manifest.readsNumbers).toEqual(['rounds'])
    expect((await run({ rounds: tiers({ count: 4, tiers: 2 }) })).manifest).not.toHaveProperty('readsNumbers')
    expect((await run({ rounds: synchronous({ count: 1 }), selection: everybody() })).rounds[0].selected).toHaveLength(6)
  })

  it.each<[Partial<Specification>, RegExp]>([
    [{ selection: oort(), choose: () => [] }, /selection is given beside choose/],
    [{ selection: oort(), rounds: tiers({ count: 1 }) }, /selection is given, and rounds of tiers choose by themselves/],
    [{ choose: () => [], rounds: tiers({ count: 1 }) }, /choose is given, and rounds of tiers choose by themselves/],
    [{ selection: everybody() }, /selection asks everybody, and rounds\.select is 2\.\s+Take rounds\.select away/],
    [{ selection: everybody(), rounds: asynchronous({ count: 1, concurrency: 3 }) }, /rounds\.concurrency is 3/],
    [{ rounds: tiers({ count: 1, tiers: 2, probabilities: [1] }) }, /rounds\.probabilities has 1 numbers for 2 tiers/],
    [{ rounds: tiers({ count: 1, tiers: 2, credits: [1, 2, 3] }) }, /rounds\.credits has 3 numbers for 2 tiers/],
    [{ rounds: tiers({ count: 1, tiers: 2, probabilities: [0, 0] }) }, /rounds\.probabilities are all 0/],
    [{ rounds: tiers({ count: 1, tiers: 9 }) }, /rounds\.tiers is 9, above the 6 clients/],
    [{ rounds: () => tiers({ count: 1, tiers: 2 }) }, /gave 'tiers', which chooses whom it asks over all rounds/],
  ])('what does not go together: %#', async (changes, words) => {
    await expect(run(changes)).rejects.toThrow(words)
  })

  it('a file gives it, and a misspelt kind is told', async () => {
    const yaml = (kind: string): string =>
      `world: { kind: storefronts }\nmodel: { kind: mlp }\nstrategy: { kind: fedavg }\nrounds: { kind: synchronous, count: 1 }\nselection: { kind: ${kind} }\n`
    writeFileSync(join(cwd, 'plan.yaml'), yaml('ort'))
    const { code, err } = await say(['run', 'plan.yaml'], cwd)
    expect([code, err]).toEqual([exitCodes.specification, expect.stringMatching(/plan\.yaml:5:20: selection\.kind cannot be "ort"[^]*Did you mean "oort"\? Known: all, data, oort, proportional, random, round-robin, speed/)])
    const { out } = await say(['list', 'selection'], cwd)
    for (const { kind } of selectionEntries) expect(out).toContain(`\n  ${kind} `)
    expect((await say(['list', 'oort'], cwd)).out).toContain('exploreAtLeast')
  })
})
