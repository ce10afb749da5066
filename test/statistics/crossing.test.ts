import { describe, expect, it } from 'vitest'
import { normal, streams } from '../../src/random/streams.js'
import { crossingsOf, criticalLevel } from '../../src/statistics/crossing.js'

const levels = [0, 0.1, 0.3, 0.5]
const all = streams('crossing')

/** Differences of `n` seeds around a line that is 0 at `at`: each seed has an own height and an own slope, and noise at every level. */
const planted = (n: number, at: number, name: string): number[][] => {
  const stream = all(name)
  return Array.from({ length: n }, () => {
    const [height, slope] = [0.02 * normal(stream), 0.05 * normal(stream)]
    return levels.map((level) => (at - level) * (0.2 + slope) + height + 0.005 * normal(stream))
  })
}

describe('crossingsOf', () => {
  it('lies on the straight line between neighbouring levels', () => {
    expect(crossingsOf([0, 1, 3], [3, 1, -1])).toEqual([{ at: 2, before: 1 }])
    expect(crossingsOf([0, 1, 3], [-1, 1, -3])).toEqual([{ at: 0.5, before: -1 }, { at: 1.5, before: 1 }])
  })

  it('takes no zero for a change that has the same sign on both sides, or nothing on one', () => {
    expect(crossingsOf([0, 1, 2], [1, 0, 1])).toEqual([])
    expect(crossingsOf([0, 1, 2], [0, 0, -1])).toEqual([])
    expect(crossingsOf([0, 1, 2], [1, 0, 0])).toEqual([])
    expect(crossingsOf([0, 1, 2, 3], [1, 0, 0, -1])).toEqual([{ at: 1, before: 1 }])
    expect(crossingsOf([0, 1], [1, 2])).toEqual([])
  })
})

describe('criticalLevel', () => {
  it('finds a planted crossing at its level', () => {
    // Heights that cancel each other out: what is left is the line.
    const differences = [-0.01, -0.02, 0, 0.02, 0.01].map((height) => levels.map((level) => 0.2 * (0.22 - level) + height))
    const { crossings, interval: [low, high] } = criticalLevel(levels, differences, all('draws'))
    expect(crossings).toEqual([{ at: expect.closeTo(0.22, 12), before: 1 }])
    expect(low).toBeLessThan(0.2)
    expect(high).toBeGreaterThan(0.24)
    expect([low > 0.1, high < 0.34]).toEqual([true, true])
  })

  it.each([5, 10, 20])('has an interval that covers it as often as it says, with %i seeds', (n) => {
    const times = 400
    const covered = Array.from({ length: times }, (_, i) => {
      const { crossings, interval: [low, high] } = criticalLevel(levels, planted(n, 0.22, `${n} ${i}`), all('draws', n, i), { samples: 400 })
      return crossings.length > 0 && low <= 0.22 && 0.22 <= high
    }).filter(Boolean).length
    expect(covered / times).toBeGreaterThan(0.9)
    // An interval that is everything covers always.
    expect(covered / times).toBeLessThan(0.99)
  })

  it('counts samples that do not cross as beyond the levels, and leaves none out', () => {
    const { crossings, interval: [low, high], censored, crossed } = criticalLevel(levels, planted(6, 0.5, 'late'), all('draws'))
    expect(crossings).toHaveLength(1)
    expect(low).toBeGreaterThan(0.3)
    expect(high).toBe(Infinity)
    expect(censored.beyond).toBeGreaterThan(0.02)
    expect(censored.below).toBe(0)
    expect(crossed + censored.beyond).toBeCloseTo(1, 9)
  })

  it('says that there is none within the levels, and how often a sample has one', () => {
    const { crossings, interval, crossed } = criticalLevel(levels, planted(8, 5, 'never'), all('draws'))
    expect([crossings, interval, crossed]).toEqual([[], [NaN, NaN], 0])
  })

  it('has no interval of one seed, and leaves a seed out that lacks a level', () => {
    expect(criticalLevel([0, 1], [[1, -1]], all('one'))).toMatchObject({ units: 1, crossings: [{ at: 0.5 }], interval: [NaN, NaN] })
    expect(criticalLevel([0, 1], [[1, -1], [1, NaN]], all('one')).units).toBe(1)
    expect(criticalLevel([0, 1], [[NaN, NaN]], all('one'))).toMatchObject({ units: 0, crossings: [] })
  })

  it('is the same each time it is asked', () => {
    const differences = planted(7, 0.2, 'again')
    expect(criticalLevel(levels, differences, all('draws'))).toEqual(criticalLevel(levels, differences, all('draws')))
  })
})
