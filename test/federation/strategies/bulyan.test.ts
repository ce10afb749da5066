import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { bulyan, chosen, meanAroundMedian } from '../../../src/federation/strategies/bulyan.js'
import { krum } from '../../../src/federation/strategies/krum.js'
import type { StrategySpec } from '../../../src/federation/strategies/registry.js'
import type { PartState } from '../../../src/federation/strategies/strategy.js'
import { folding, part, round, sent } from './part.js'

type Point = readonly number[]

const foldInto = (state: PartState, points: readonly Point[], rule: StrategySpec): PartState =>
  folding(rule)(state, points.map((point, i) => sent(`c${i}`, point)), round(points.map((_, i) => `c${i}`)))
const fold = (points: readonly Point[], byzantine = 1): number[] =>
  [...foldInto(part(points[0].map(() => 0)), points, bulyan({ byzantine })).values]

/** Slow and obvious: Krum anew among those that are left, then each coordinate by sorting for the distance to its median. */
const slowly = (points: readonly Point[], byzantine: number): number[] => {
  const left = [...points]
  const kept: Point[] = []
  const score = (one: Point): number => {
    const others = left.filter((other) => other !== one).map((other) => other.reduce((sum, value, i) => sum + (value - one[i]) ** 2, 0))
    return others.toSorted((a, b) => a - b).slice(0, Math.max(1, left.length - byzantine - 2)).reduce((sum, value) => sum + value, 0)
  }
  while (kept.length < Math.max(1, points.length - 2 * byzantine)) {
    const best = left.reduce((a, b) => (score(b) < score(a) ? b : a))
    kept.push(...left.splice(left.indexOf(best), 1))
  }
  const near = Math.max(1, kept.length - 2 * byzantine)
  return points[0].map((_, i) => {
    const values = kept.map((point) => point[i]).toSorted((a, b) => a - b)
    const half = values.length >> 1
    const centre = values.length % 2 === 1 ? values[half] : (values[half - 1] + values[half]) / 2
    const nearest = values.toSorted((a, b) => Math.abs(a - centre) - Math.abs(b - centre) || a - b).slice(0, near)
    return nearest.reduce((sum, value) => sum + value, 0) / near
  })
}

const number = fc.float({ min: -100, max: 100, noNaN: true })
const pair = fc.tuple(number, number)

describe('Bulyan', () => {
  /*
   * Seven clients, one of them Byzantine: theta = 5 are chosen, the mean is of 3. Krum looks at 7 - 1 - 2 = 4 nearest, then at
   * 3, 2, 1 and 1. Of 0, 10, 11, 13, 16, 20 and 1000, scores (squared distances to the four nearest):
   *   13: 4 + 9 + 9 + 49 = 71; 11: 1 + 4 + 25 + 81 = 111; 10: 1 + 9 + 36 + 100 = 146; 16: 9 + 25 + 36 + 16 = 86. So 13 first.
   *   Without it, three nearest: 10: 1 + 36 + 100 = 137; 11: 1 + 25 + 81 = 107; 16: 25 + 36 + 16 = 77. So 16.
   *   Two nearest: 10: 1 + 100; 11: 1 + 81; 20: 81 + 100; 0: 100 + 121. So 11. One nearest of 0, 10, 20, 1000: 10 and 0 and 20 at
   *   100: a tie, which the lot decides, here the order of the list: 0. Then of 10, 20, 1000: 10 and 20 at 100: 10.
   */
  const seven = [[0], [10], [11], [13], [16], [20], [1000]]

  it('chooses by Krum, one after the other, and averages around the median', () => {
    expect(chosen(seven.map((value) => Float32Array.from(value)), 5, 1, [0, 1, 2, 3, 4, 5, 6])).toEqual([0, 1, 2, 3, 4])
    // 0, 10, 11, 13, 16: the three nearest to 11 are 10, 11 and 13.
    expect(fold(seven)[0]).toBeCloseTo(34 / 3, 5)
  })

  it('takes the values nearest to the median, and of two as near the smaller', () => {
    expect(meanAroundMedian(Float64Array.of(0, 4, 5, 6, 100), 3)).toBe(5)
    expect(meanAroundMedian(Float64Array.of(0, 4, 5, 6, 100), 2)).toBe(4.5)
    expect(meanAroundMedian(Float64Array.of(5, 5.5, 6, 99, 100), 3)).toBe(5.5)
    expect(meanAroundMedian(Float64Array.of(3), 1)).toBe(3)
  })

  it('is what choosing and sorting by hand give, for one to many clients at every scale', () => {
    const scale = fc.integer({ min: -6, max: 6 }).map((power) => 10 ** power)
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 25 }), fc.integer({ min: 0, max: 3 }), scale, (raw, byzantine, by) => {
        const points = raw.map((point) => point.map((value) => Math.fround(value * by)))
        const expected = slowly(points, byzantine)
        fold(points, byzantine).forEach((value, i) => expect(value).toBe(Math.fround(expected[i])))
      }),
      { numRuns: 200 },
    )
  })

  it('gives back the point where all are equal, and the only update', () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 }), (point, count, byzantine) => {
        const values = fold(Array.from({ length: count }, () => point), byzantine)
        values.forEach((value, i) => expect(value).toBeCloseTo(point[i], 4))
      }),
    )
  })

  it('bounds every coordinate where Krum bounds only the distance: one large lie among many small truths', () => {
    // Of each other the honest are about 5 apart in 100 coordinates; the liar sits at their middle, and lies by 4 in the first.
    const honest = Array.from({ length: 6 }, (_, k) => Array.from({ length: 100 }, (_value, i) => (i === 0 ? 0 : ((i * (k + 3)) % 7) / 7)))
    const middle = honest[0].map((_, i) => honest.reduce((sum, point) => sum + point[i] / 6, 0))
    const liar = middle.map((value, i) => (i === 0 ? 1.2 : value))
    const all = [...honest, liar]
    expect(foldInto(part(honest[0].map(() => 0)), all, krum({ byzantine: 1 })).values[0]).toBeCloseTo(1.2, 5)
    expect(fold(all)[0]).toBe(0)
  })

  it('is led away by one of seven no further than the honest are apart, in each coordinate', () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 6, maxLength: 6 }), fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), number), fc.nat(6), (good, bad, place) => {
        const values = fold(good.toSpliced(place, 0, bad))
        for (const axis of [0, 1]) {
          const [least, most] = [Math.min(...good.map((point) => point[axis])), Math.max(...good.map((point) => point[axis]))]
          expect(values[axis]).toBeGreaterThanOrEqual(2 * least - most - 1e-3)
          expect(values[axis]).toBeLessThanOrEqual(2 * most - least + 1e-3)
        }
      }),
    )
  })

  it('leaves out what is not finite, and keeps the part where nothing else came', () => {
    expect(fold([[1, 1], [Number.NaN, 0], [1, 1], [1, 1], [Infinity, 3]])).toEqual([1, 1])
    const state = part([7, 7])
    expect(foldInto(state, [[Number.NaN, 0]], bulyan())).toBe(state)
  })
})
