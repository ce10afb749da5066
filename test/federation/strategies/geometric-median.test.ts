import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { geometricMedian } from '../../../src/federation/strategies/geometric-median.js'
import type { PartState } from '../../../src/federation/strategies/strategy.js'
import { folding, part, round, sent } from './part.js'

type Point = readonly number[]

const about = (points: readonly Point[]) => round(points.map((_, i) => `c${i}`))
const foldInto = (state: PartState, points: readonly Point[], options = {}): PartState =>
  folding(geometricMedian(options))(state, points.map((point, i) => sent(`c${i}`, point)), about(points))
const fold = (points: readonly Point[], options = {}): number[] => [...foldInto(part(points[0].map(() => 0)), points, options).values]

const apart = (a: Point, b: Point): number => Math.hypot(...a.map((value, i) => value - b[i]))
const sum = (point: Point, points: readonly Point[]): number => points.reduce((total, one) => total + apart(point, one), 0)

/** Slow and obvious: from the best of the points, a step along an axis as long as one helps, then steps half as long. */
const searched = (points: readonly Point[]): Point => {
  let best = points.toSorted((a, b) => sum(a, points) - sum(b, points))[0]
  const size = Math.max(...points.map((point) => apart(point, best)))
  const turns = [0.1, 0.9, 1.7, 2.5].flatMap((angle) => [1, -1].map((way) => [way * Math.cos(angle), way * Math.sin(angle)]))
  for (let step = size; step > size * 1e-9; step /= 2) {
    for (let moved = true; moved; ) {
      const next = turns.map(([x, y]) => [best[0] + step * x, best[1] + step * y]).toSorted((a, b) => sum(a, points) - sum(b, points))[0]
      moved = sum(next, points) < sum(best, points)
      if (moved) best = next
    }
  }
  return best
}

const number = fc.float({ min: -100, max: 100, noNaN: true })
const whole = fc.integer({ min: -1000, max: 1000 }).map((value) => value + 0)
const pair = fc.tuple(number, number)

describe('the geometric median', () => {
  it('is the median in one dimension, and where the diagonals cross of four corners', () => {
    expect(fold([[1], [900], [2]])).toEqual([2])
    // From (0, 0) to (3, 3) and from (4, 0) to (0, 2): x = y and x + 2 y = 4.
    const [x, y] = fold([[0, 0], [4, 0], [3, 3], [0, 2]])
    expect(x).toBeCloseTo(4 / 3, 5)
    expect(y).toBeCloseTo(4 / 3, 5)
  })

  it('is Fermat’s point of a triangle, and its corner where that has 120 degrees or more', () => {
    const [x, y] = fold([[0, 0], [1, 0], [0.5, Math.sqrt(3) / 2]])
    expect(x).toBeCloseTo(0.5, 6)
    expect(y).toBeCloseTo(Math.sqrt(3) / 6, 6)
    const [u, v] = fold([[0, 0], [2, 0.2], [-2, 0.2]])
    expect(Math.hypot(u, v)).toBeLessThan(1e-4)
  })

  it('is where most of them are, exactly, however many and wherever the others', () => {
    fc.assert(
      fc.property(pair, fc.array(pair, { maxLength: 40 }), (common, others) => {
        const points = [...others, ...Array.from({ length: others.length + 1 }, () => common)]
        expect(fold(points)).toEqual(common.map((value) => value + 0))
      }),
    )
  })

  it('has a sum of distances as small as a search finds, at every scale', () => {
    const scale = fc.integer({ min: -6, max: 6 }).map((power) => 10 ** power)
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 30 }), scale, (raw, by) => {
        const points = raw.map((point) => point.map((value) => Math.fround(value * by)))
        const [found, best] = [sum(fold(points), points), sum(searched(points), points)]
        const size = Math.max(...points.map((point) => Math.max(...point.map(Math.abs))))
        // Float32, in which the answer is stored; and that a search in ever smaller steps has not quite come there either.
        expect(found - best).toBeLessThanOrEqual(1e-6 * points.length * size + 1e-5 * best)
      }),
      { numRuns: 60 },
    )
  })

  it('goes with the scale exactly: all times 2^20 or 2^-20', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(whole, whole), { minLength: 1, maxLength: 9 }), fc.constantFrom(2 ** 20, 2 ** -20), (points, by) => {
        const scaled = fold(points.map((point) => point.map((value) => value * by)))
        expect(scaled).toEqual(fold(points).map((value) => value * by))
      }),
    )
  })

  it('is carried away by no minority: within 2 (1 - a) / (1 - 2 a) of the honest radius, a their share', () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 4, maxLength: 4 }), fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), number), (good, bad) => {
        const centre = [0, 1].map((axis) => good.reduce((total, point) => total + point[axis] / 4, 0))
        const radius = Math.max(...good.map((point) => apart(point, centre)))
        expect(apart(fold([...good, bad]), centre)).toBeLessThanOrEqual(((2 * 0.8) / 0.6) * radius * 1.001 + 1e-3)
      }),
    )
  })

  it('does not turn with the axes', () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 3, maxLength: 7 }), (points) => {
        const turned = fold(points.map(([x, y]) => [-y, x]))
        const [x, y] = fold(points)
        expect(sum(turned, points.map(([u, v]) => [-v, u]))).toBeCloseTo(sum([x, y], points), 2)
      }),
    )
  })

  it('leaves out what is not finite, and keeps the part where nothing else came', () => {
    expect(fold([[1, 1], [Number.NaN, 0], [1, 1], [Infinity, 3]])).toEqual([1, 1])
    const state = part([7, 7])
    expect(foldInto(state, [[Number.NaN, 0]])).toBe(state)
  })

  it('takes no more steps than it is given', () => {
    const points = [[0, 0], [4, 0], [3, 3], [0, 2]]
    const best = sum(searched(points), points)
    const after = [1, 3, 10, 100].map((iterations) => sum(fold(points, { iterations }), points) - best)
    expect(after[0]).toBeGreaterThan(1e-4)
    // Weiszfeld's steps never lead uphill.
    expect(after).toEqual(after.toSorted((a, b) => b - a))
    expect(after[3]).toBeLessThan(1e-5)
  })

  it('gets away from where it begins, if that is a point that is not the median', () => {
    const points = [[0, 0], [4, 0], [3, 3], [0, 2], [1, 2]]
    expect(sum([1, 2], points) - sum(searched(points), points)).toBeGreaterThan(4e-4)
    expect(sum(fold(points), points) - sum(searched(points), points)).toBeLessThan(1e-6)
  })
})
