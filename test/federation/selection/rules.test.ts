import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { byData, bySpeed, proportional, roundRobin } from '../../../src/federation/selection/all.js'
import { selectionRule, selectionSchema, type SelectionInput } from '../../../src/federation/selection/registry.js'
import { weightedSample } from '../../../src/federation/selection/weighted.js'
import { streams } from '../../../src/random/streams.js'
import { unevenness } from '../../statistics/chi-square.js'
import { asking, client } from './choosing.js'

const of = (selection: SelectionInput) => selectionRule(selectionSchema.parse(selection))

describe('by speed', () => {
  const people = [
    client('c', { profile: 300, last: { took: 900 } }), client('a', { profile: 100 }), client('d', { profile: 300, last: { took: 700 } }),
    client('b', { profile: 200, last: { took: 800 } }),
  ]

  it('asks the fastest or the slowest by their device, and leaves equals as they were drawn', () => {
    expect(asking(of(bySpeed()))(people, { wanted: 3 })).toEqual(['a', 'b', 'c'])
    expect(asking(of(bySpeed({ prefer: 'slow' })))(people, { wanted: 3 })).toEqual(['c', 'd', 'b'])
    expect(asking(of(bySpeed({ prefer: 'slow' })))(people.toReversed(), { wanted: 1 })).toEqual(['d'])
  })

  it('by their answers, and first those that were not heard', () => {
    expect(asking(of(bySpeed({ by: 'answers' })))(people)).toEqual(['a', 'd', 'b', 'c'])
    expect(asking(of(bySpeed({ by: 'answers', prefer: 'slow' })))(people)).toEqual(['a', 'c', 'b', 'd'])
  })
})

describe('by data', () => {
  it('asks those with most rows, or with fewest', () => {
    const people = [client('x', { examples: 5 }), client('z', { examples: 9 }), client('a', { examples: 9 }), client('y', { examples: 1 })]
    expect(asking(of(byData()))(people, { wanted: 2 })).toEqual(['z', 'a'])
    expect(asking(of(byData({ prefer: 'least' })))(people, { wanted: 2 })).toEqual(['y', 'x'])
  })
})

describe('round-robin', () => {
  it('asks nobody twice before everybody who is there was asked once, at any scale', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 40 }), fc.nat(), fc.constantFrom(0, 0.1, 0.5, 0.9), (clients, wanted, seed, absent) => {
        const rule = asking(of(roundRobin()))
        const draw = streams(String(seed))('weather')
        const turns = new Map<string, number>()
        const absentees = absent > 0
        let cycle = new Set<string>()
        for (let round = 1; round <= 30; round++) {
          const people = Array.from({ length: clients }, (_, i) => `c${i}`)
            .map((name) => ({ name, at: draw(), there: draw() >= absent }))
            .filter(({ there }) => there).sort((a, b) => a.at - b.at)
            .map(({ name }) => client(name, { turn: turns.get(name) ?? 0 }))
          const asked = rule(people, { round, wanted })
          expect(asked).toHaveLength(Math.min(wanted, people.length))
          // Nobody twice in a cycle, and the next begins only when all who are there had their turn.
          const again = asked.filter((name) => cycle.has(name))
          if (again.length > 0) {
            for (const { name } of people) expect(cycle.has(name) || asked.includes(name)).toBe(true)
            cycle = new Set()
          }
          for (const name of again.length > 0 ? again : asked) cycle.add(name)
          if (!absentees) {
            // Since it was asked last, everybody was asked.
            for (const name of asked) {
              const since = turns.get(name)
              if (since === undefined) continue
              for (const { name: other, turn } of people) expect(turn >= since || asked.includes(other)).toBe(true)
            }
          }
          for (const name of asked) turns.set(name, round)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('with everybody there asks all equally often, up to one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (clients, wanted, rounds) => {
        const rule = asking(of(roundRobin()))
        const turns = Array<number>(clients).fill(0)
        const count = Array<number>(clients).fill(0)
        for (let round = 1; round <= rounds; round++) {
          const people = turns.map((turn, i) => client(`c${i}`, { turn })).sort((a, b) => streams('order')(round, a.name)() - streams('order')(round, b.name)())
          for (const name of rule(people, { round, wanted })) {
            const i = Number(name.slice(1))
            turns[i] = round
            count[i]++
          }
        }
        expect(Math.max(...count) - Math.min(...count)).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })
})

describe('proportional to data', () => {
  const rows = [1, 2, 3, 4, 10, 20]
  const people = rows.map((examples, i) => client(`c${i}`, { examples }))
  const total = rows.reduce((sum, one) => sum + one, 0)
  const tally = (wanted: number, rounds: number): number[] => {
    const rule = asking(of(proportional()))
    const counts = rows.map(() => 0)
    for (let round = 1; round <= rounds; round++) for (const name of rule(people, { round, wanted })) counts[Number(name.slice(1))]++
    return counts
  }
  /** Pearson's statistic against expected counts. */
  const chiSquare = (counts: readonly number[], expected: readonly number[]): number =>
    counts.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0)

  /** The upper 0.1 % point of chi-square with 5 degrees of freedom. */
  const bound = 20.5

  it('asks one with probability proportional to rows: 2,000 rounds', () => {
    expect(chiSquare(tally(1, 2000), rows.map((one) => (2000 * one) / total))).toBeLessThan(bound)
  })

  it('asks two one after the other, the second of those that are left: 2,000 rounds', () => {
    const among = (i: number): number => rows[i] / total + rows.reduce((sum, first, j) => (j === i ? sum : sum + (first / total) * (rows[i] / (total - first))), 0)
    const counts = tally(2, 2000)
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(4000)
    // Drawing two without putting back is more even than independent draws: the statistic is below chi-square.
    expect(chiSquare(counts, rows.map((_, i) => 2000 * among(i)))).toBeLessThan(bound)
    // And the test can tell: shares of rows alone would be far off.
    expect(chiSquare(counts, rows.map((one) => (4000 * one) / total))).toBeGreaterThan(5 * bound)
  })

  it('draws by client: who else is there changes nobody’s number', () => {
    const draw = (who: string): number => streams('by client')(who)()
    const all = rows.map((weight, i) => ({ name: `c${i}`, weight }))
    const order = weightedSample(all, 6, draw)
    for (const gone of order) {
      expect(weightedSample(all.filter(({ name }) => name !== gone), 5, draw)).toEqual(order.filter((name) => name !== gone))
    }
    expect(weightedSample([{ name: 'none', weight: 0 }, ...all], 7, draw).at(-1)).toBe('none')
  })

  it('equal clients are drawn equally often', () => {
    const equals = Array.from({ length: 10 }, (_, i) => client(`c${i}`))
    const rule = asking(of(proportional()))
    const counts = equals.map(() => 0)
    for (let round = 1; round <= 2000; round++) for (const name of rule(equals, { round, wanted: 3 })) counts[Number(name.slice(1))]++
    expect(unevenness(counts)).toBeLessThan(3)
  })
})
