import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { conflictAverse, conflictWeights } from '../../../../src/federation/strategies/coordination/conflict-averse.js'

const c = 0.4
const flat = (...values: number[]): Float64Array => Float64Array.from(values)
const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0)
const length = (a: ArrayLike<number>): number => Math.sqrt(inner(a, a))
const meanOf = (deltas: readonly Float64Array[]): number[] =>
  [...deltas[0]].map((_, i) => deltas.reduce((sum, d) => sum + d[i], 0) / deltas.length)
const close = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 6): void => {
  expect(a.length).toBe(b.length)
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i], digits)
}

/** The dual's value straight from the deltas: <G w, D0> + r |G w|, with the paper's small constants. */
const dual = (deltas: readonly Float64Array[], w: ArrayLike<number>): number => {
  const turned = [...deltas[0]].map((_, i) => deltas.reduce((sum, d, k) => sum + w[k] * d[i], 0))
  const mean = meanOf(deltas)
  const radius = c * Math.sqrt(inner(mean, mean) + 1e-8) + 1e-8
  return inner(turned, mean) + radius * Math.sqrt(inner(turned, turned) + 1e-8)
}

const weightsOf = (deltas: readonly Float64Array[]): Float64Array => {
  const mean = meanOf(deltas)
  const products = deltas.map((a) => Float64Array.from(deltas, (b) => inner(a, b)))
  return conflictWeights(products, c * Math.sqrt(inner(mean, mean) + 1e-8) + 1e-8)
}

/** Two to four deltas of two to five numbers, of any scale. */
const problem = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 2, max: 5 }), fc.integer({ min: -3, max: 2 }))
  .chain(([count, size, magnitude]) =>
    fc.array(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size }),
      { minLength: count, maxLength: count },
    ).map((rows) => rows.map((row) => Float64Array.from(row, (x) => x * 10 ** magnitude))))

/** Every point of the simplex on a grid of `steps`. */
const grid = function* (count: number, steps: number, rest = steps): Generator<number[]> {
  if (count === 1) yield [rest / steps]
  else for (let i = 0; i <= rest; i++) for (const tail of grid(count - 1, steps, rest - i)) yield [i / steps, ...tail]
}

describe('conflict-averse aggregation, checked by hand', () => {
  const unit = (1 + c) / (1 + c * c)

  it('the factor of equal deltas at c = 0.4 is 1.4 / 1.16 = 1.2069', () => {
    expect(unit).toBeCloseTo(1.2069, 4)
  })

  it('K identical clients: U = 1.2069 D', () => {
    const d = [0.3, -1.2, 2]
    for (const count of [2, 3, 5]) {
      close(conflictAverse(Array.from({ length: count }, () => flat(...d)), { c }), d.map((x) => x * unit))
    }
  })

  it('one client: U = 1.2069 D', () => {
    close(conflictAverse([flat(3, 4)], { c }), [3 * unit, 4 * unit])
  })

  it('orthogonal deltas of one length: uniform weights, U = 1.2069 D0', () => {
    const deltas = [flat(2, 0, 0), flat(0, 2, 0), flat(0, 0, 2)]
    close(weightsOf(deltas), [1 / 3, 1 / 3, 1 / 3])
    close(conflictAverse(deltas, { c }), [2 / 3, 2 / 3, 2 / 3].map((x) => x * unit))
  })

  it('two opposite deltas: U vanishes', () => {
    const u = conflictAverse([flat(1, -2, 0.5), flat(-1, 2, -0.5)], { c })
    expect(length(u)).toBeLessThan(1e-4)
  })

  it('deltas (1, 0) and (0, 3): all the weight on the shorter, so U leans to it', () => {
    // D0 = (.5, 1.5), r = .4 sqrt 2.5 = .632456. At w = (w, 1-w) the dual is .5 w + 4.5 (1-w) + r sqrt(w^2 + 9 (1-w)^2),
    // whose slope at w = 1 is -4 + r < 0: w = (1, 0). U = ((.5 + r) / 1.16, 1.5 / 1.16) = (.976255, 1.293103).
    close(weightsOf([flat(1, 0), flat(0, 3)]), [1, 0])
    close(conflictAverse([flat(1, 0), flat(0, 3)], { c }), [0.976255, 1.293103], 5)
  })

  it('nothing moved: nothing comes out', () => {
    close(conflictAverse([flat(0, 0), flat(0, 0)], { c }), [0, 0])
  })

  it('c = 0 is the mean', () => {
    close(conflictAverse([flat(1, 5), flat(-3, 1)], { c: 0 }), [-1, 3], 7)
  })
})

describe('conflict-averse aggregation, always', () => {
  it('has weights on the simplex that no point of a dense grid beats', () => {
    fc.assert(fc.property(problem, (deltas) => {
      const w = weightsOf(deltas)
      expect([...w].reduce((a, b) => a + b)).toBeCloseTo(1, 10)
      for (const value of w) expect(value).toBeGreaterThanOrEqual(0)
      const reached = dual(deltas, w)
      const slack = 1e-9 * Math.max(...deltas.map((d) => inner(d, d))) + 1e-12
      for (const point of grid(deltas.length, deltas.length === 4 ? 24 : 120)) {
        expect(reached).toBeLessThanOrEqual(dual(deltas, point) + slack)
      }
    }), { numRuns: 60 })
  })

  it('stays within r of the mean, before it is scaled', () => {
    fc.assert(fc.property(problem, (deltas) => {
      const mean = meanOf(deltas)
      const u = conflictAverse(deltas, { c })
      const away = [...u].map((value, i) => value * (1 + c * c) - mean[i])
      const radius = c * Math.sqrt(inner(mean, mean) + 1e-8) + 1e-8
      expect(length(away)).toBeLessThanOrEqual(radius * (1 + 1e-9))
    }))
  })

  it('serves the worst-served delta no worse than the mean does', () => {
    fc.assert(fc.property(problem, (deltas) => {
      const mean = meanOf(deltas)
      const worst = (direction: ArrayLike<number>): number => Math.min(...deltas.map((d) => inner(direction, d)))
      const u = conflictAverse(deltas, { c }).map((value) => value * (1 + c * c))
      const size = Math.max(...deltas.map((d) => inner(d, d)))
      // Deltas as small as the constants that keep quotients defined are not told apart from nothing.
      fc.pre(size > 1e-4)
      expect(worst(u)).toBeGreaterThanOrEqual(worst(mean) - 1e-4 * size)
    }))
  })

  it('does not depend on the order of the clients', () => {
    fc.assert(fc.property(problem, (deltas) => {
      const size = Math.max(...deltas.map(length))
      const [there, back] = [conflictAverse(deltas, { c }), conflictAverse(deltas.toReversed(), { c })]
      there.forEach((value, i) => expect(Math.abs(value - back[i])).toBeLessThanOrEqual(1e-4 * size + 1e-9))
    }))
  })
})

describe('the weights of conflict-averse aggregation', () => {
  /**
   * The duality gap at w: with slopes s of the dual, w' s - s_k is 0 or less for all k at the minimum, and nowhere else.
   * In units of |D_k| (|D0| + r), what a rate of descent of D_k can be.
   */
  const gap = (deltas: readonly Float64Array[], w: ArrayLike<number>): number => {
    const mean = meanOf(deltas)
    const radius = c * Math.sqrt(inner(mean, mean) + 1e-8) + 1e-8
    const turned = mean.map((_, i) => deltas.reduce((sum, d, k) => sum + w[k] * d[i], 0))
    const root = Math.sqrt(inner(turned, turned) + 1e-8)
    const slopes = deltas.map((d) => inner(d, mean) + (radius * (inner(d, turned) + 1e-8)) / root)
    const reached = inner(slopes, w)
    return Math.max(...deltas.map((d, k) => (reached - slopes[k]) / ((length(d) + 1e-4) * (length(mean) + radius))))
  }

  /** Deltas of 6 numbers, the shortest down to 1e-4 of the longest, scaled by 1e-6 to 10^largest. */
  const unequal = (most: number, twists: readonly string[], largest = 6): fc.Arbitrary<Float64Array[]> =>
    fc.record({
      directions: fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 })
        .filter((v) => v.some((x) => x !== 0)), { minLength: 1, maxLength: most }),
      shrunk: fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: most, maxLength: most }),
      scale: fc.integer({ min: -6, max: largest }),
      twist: fc.constantFrom(...twists),
    }).map(({ directions, shrunk, scale, twist }) => {
      const all = directions.map((v, t) => v.map((x) => (x / length(v)) * 10 ** (scale - shrunk[t])))
      const factor = { equal: 1, opposed: -0.5, zero: 0 }[twist]
      return all.map((v, t) => Float64Array.from(t === 1 && factor !== undefined ? all[0].map((x) => x * factor) : v))
    })

  it('by hand, deltas of lengths 1, .1 and .01: what is beyond the mean is for the shortest', () => {
    const deltas = [flat(1, 0, 0), flat(0, 0.1, 0), flat(0, 0, 0.01)]
    close(weightsOf(deltas), [0, 0, 1], 9)
    const mean = meanOf(deltas)
    const wanted = [mean[0], mean[1], mean[2] + c * length(mean)].map((x) => x / (1 + c * c))
    close(conflictAverse(deltas, { c }), wanted, 5)
  })

  it.each([6, 24])('have a duality gap below 1e-9 for up to %i clients, at any scale and lengths', (most) => {
    fc.assert(fc.property(unequal(most, ['none', 'equal', 'zero']), (deltas) => {
      expect(gap(deltas, weightsOf(deltas))).toBeLessThan(1e-9)
    }), { numRuns: 300 })
  })

  it('have one below 1e-6 where deltas of lengths up to 1 cancel; longer ones cancel beyond the 1e-4 in the root', () => {
    fc.assert(fc.property(unequal(6, ['opposed'], 0), (deltas) => {
      expect(gap(deltas, weightsOf(deltas))).toBeLessThan(1e-6)
    }), { numRuns: 300 })
  })
})
