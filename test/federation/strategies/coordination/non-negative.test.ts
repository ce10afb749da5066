import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { leastNonNegative, solveOnSupport } from '../../../../src/federation/strategies/coordination/non-negative.js'

const flat = (...values: number[]): Float64Array => Float64Array.from(values)
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0)

/** Cosines of up to 6 vectors of 7 numbers, and a right side. */
const problem = fc.array(
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 })
    .filter((v) => dot(v, v) > 1e-3),
  { minLength: 1, maxLength: 6 },
).chain((vectors) => {
  const units = vectors.map((v) => v.map((x) => x / Math.sqrt(dot(v, v))))
  const m = units.map((u, i) => Float64Array.from(units, (v, j) => (i === j ? 1 : dot(u, v))))
  return fc.tuple(
    fc.constant(m),
    fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: units.length, maxLength: units.length })
      .map((h) => flat(...h)),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: units.length, maxLength: units.length })
      .map((z) => flat(...z)),
  )
})

describe('non-negative least squares', () => {
  it('by hand', () => {
    const m = [flat(1, 0.5), flat(0.5, 1)]
    expect([...leastNonNegative(m, flat(1.5, 1.5), flat(0, 0))]).toEqual([1, 1].map((x) => expect.closeTo(x, 12)))
    // Without bounds (2, -1): the second entry stays 0, and its slope -0.5 would lower it.
    expect([...leastNonNegative(m, flat(1, 0), flat(0.3, 0.7))]).toEqual([1, 0].map((x) => expect.closeTo(x, 12)))
    expect([...leastNonNegative(m, flat(-1, -2), flat(1, 1))]).toEqual([0, 0])
    expect([...solveOnSupport(m, [flat(3, 9)], flat(1, 0))[0]]).toEqual([3, 0].map((x) => expect.closeTo(x, 12)))
  })

  it('ends where no entry may rise or fall, wherever it starts', () => {
    fc.assert(fc.property(problem, ([m, h, start]) => {
      // What depends on each other to the last digits has no unique solution to be exact about.
      const z = leastNonNegative(m, h, start)
      const gross = 1 + z.reduce((sum, x) => sum + x, 0)
      fc.pre(gross < 1e4)
      z.forEach((x, i) => {
        const slope = h[i] - dot(m[i], z)
        expect(x).toBeGreaterThanOrEqual(0)
        expect(slope).toBeLessThan(1e-12 * gross)
        if (x > 0) expect(Math.abs(slope)).toBeLessThan(1e-9 * gross)
      })
    }))
  })
})
