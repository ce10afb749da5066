import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  away, buffered, deadline, fedAvg, mbps, mlp, mmoe, ms, proportional, quorum, roundRobin, seconds, semiAsynchronous, sgd,
  type Specification, synchronous, tiers,
} from '../../src/simulation/script.js'
import { unevenness } from '../statistics/chi-square.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/** As unlike by name as can be, and equal in all else: they are asked, train and answer in the same microseconds. */
const names = ['A', 'a', 'b', 'm', 'z', 'zz', '1', '10', '2', 'Z']
const equals = smallWorld(Object.fromEntries(names.map((name) => [name, 4])))

const flown = (changes: Partial<Specification>, world = equals): Promise<Flight> => {
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: mlp({ embedding: 1, hidden: [] }),
    local: { epochs: 1, batch: 4, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 1 }),
    network: { up: mbps(1), down: mbps(4), latency: ms(10) },
    evaluate: { every: 1000, final: false, start: false },
    ...changes,
  }
  return fly(resolve(specification, { seed: 3, engine: 'surrogate' }), { world, engine })
}

/** How often each client was among these. */
const tally = (of: readonly (readonly string[])[]): number[] => {
  const all = of.flat()
  return names.map((name) => all.filter((client) => client === `client-${name}`).length)
}

/** Drawing without putting back is more even than the multinomial that `unevenness` measures against. */
const even = (of: readonly (readonly string[])[]): void => {
  expect(Math.min(...tally(of))).toBeGreaterThan(0)
  expect(unevenness(tally(of))).toBeLessThan(3)
}

describe('equal clients, 400 rounds', () => {
  it('with over-selection are asked and folded equally often', async () => {
    const { rounds } = await flown({ rounds: deadline({ count: 400, after: seconds(9), select: 5, overSelect: 0.4 }) })
    expect(rounds.every(({ selected, folded }) => selected.length === 7 && folded.length === 5)).toBe(true)
    even(rounds.map(({ selected }) => selected))
    even(rounds.map(({ folded }) => folded))
  })

  it('with a quorum are folded equally often', async () => {
    const { rounds } = await flown({ rounds: quorum({ count: 400, quorum: 5, after: seconds(9) }) })
    expect(rounds.every(({ folded }) => folded.length === 5)).toBe(true)
    even(rounds.map(({ folded }) => folded))
  })

  it('with a buffer are folded equally often, with equal staleness', async () => {
    const { rounds } = await flown({ rounds: buffered({ count: 400, buffer: 3, concurrency: 6 }) })
    even(rounds.map(({ folded }) => folded))
    even(rounds.map(({ folded, staleness }) => folded.filter((_, k) => staleness![k] > 0)))
  })

  it('with a clock are folded equally often, late or not', async () => {
    const { rounds } = await flown({ rounds: semiAsynchronous({ count: 400, after: seconds(1), select: 4 }) })
    even(rounds.map(({ selected }) => selected))
    even(rounds.map(({ folded }) => folded))
  })

  it('in tiers, by turns and in proportion are asked equally often', async () => {
    const { rounds } = await flown({ rounds: tiers({ count: 400, select: 3 }) })
    expect(rounds.every(({ selected }) => selected.length === 3)).toBe(true)
    even(rounds.map(({ selected }) => selected))
    for (const selection of [roundRobin(), proportional()]) {
      const { rounds: chosen } = await flown({ rounds: synchronous({ count: 400, select: 3 }), selection })
      even(chosen.map(({ selected }) => selected))
    }
  })

  it('that leave in the upload send each expert’s part equally often', async () => {
    const { ledger } = await flown(
      {
        model: mmoe({ embedding: 1, experts: 4, expert: [1], tower: [] }),
        rounds: deadline({ count: 60, after: seconds(1) }),
        faults: [away('client', { phase: 'upload' })],
      },
      smallWorld({ u: 4, v: 4, w: 4 }),
    )
    const arrived = (expert: number) =>
      ledger.filter(({ kind, part, delivered }) => kind === 'update' && part === `expert-${expert}` && delivered !== null).length
    const counts = [1, 2, 3, 4].map(arrived)
    expect(Math.min(...counts)).toBeGreaterThan(10)
    expect(unevenness(counts)).toBeLessThan(3)
  })

  it('that leave in the download get each expert’s part equally often', async () => {
    const { ledger } = await flown(
      {
        model: mmoe({ embedding: 1, experts: 4, expert: [1], tower: [] }),
        rounds: deadline({ count: 150, after: seconds(1) }),
        faults: [away('client', { phase: 'download' })],
      },
      smallWorld({ x: 4, y: 4 }),
    )
    const counts = [1, 2, 3, 4].map((expert) =>
      ledger.filter(({ kind, part, delivered }) => kind === 'model' && part === `expert-${expert}` && delivered !== null).length)
    expect(unevenness(counts)).toBeLessThan(3)
  })
})

describe('an update in the instant of the deadline', () => {
  it('is late, always', async () => {
    const rounds = (after: number) => flown({ rounds: deadline({ count: 3, after }) })
    const { ledger } = await rounds(seconds(9))
    const arrived = ledger.find(({ kind, round }) => kind === 'update' && round === 1)!.delivered!
    expect(ledger.filter(({ kind, round, delivered }) => kind === 'update' && round === 1 && delivered === arrived)).toHaveLength(10)
    const inTime = await rounds(arrived + 1)
    expect(inTime.rounds[0]).toMatchObject({ outcome: 'closed', reason: 'all answered' })
    const late = await rounds(arrived)
    expect(late.rounds[0]).toMatchObject({ outcome: 'aborted', reason: 'deadline, below quorum', folded: [] })
  })
})
