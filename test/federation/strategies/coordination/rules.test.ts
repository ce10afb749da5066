import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { coordinate, type Coordination } from '../../../../src/federation/strategies/coordination/coordinate.js'
import { fedFv } from '../../../../src/federation/strategies/coordination/fedfv.js'
import { pcGrad } from '../../../../src/federation/strategies/coordination/pcgrad.js'

const flat = (...values: number[]): Float64Array => Float64Array.from(values)
const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
  expect(a.length).toBe(b.length)
  for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i], 9)
}

describe('PCGrad', () => {
  it('takes from each what conflicts with the other: (2, 0) and (-1, 1)', () => {
    // (2, 0) . (-1, 1) = -2. (2, 0) + (2/2) (-1, 1) = (1, 1); (-1, 1) + (2/4) (2, 0) = (0, 1). Mean (.5, 1).
    close(pcGrad([flat(2, 0), flat(-1, 1)], [[1], [0]]), [0.5, 1])
  })

  it('projects off the originals, one after the other, in the given order', () => {
    const deltas = [flat(1, 0), flat(-1, 1), flat(-1, -2)]
    // Delta 0 after 1: (1, 0) + (1/2) (-1, 1) = (.5, .5); then 2: product -1.5, + (1.5/5) (-1, -2) = (.2, -.1).
    // Delta 0 after 2: (1, 0) + (1/5) (-1, -2) = (.8, -.4); then 1: product -1.2, + .6 (-1, 1) = (.2, .2).
    // Delta 1: off 0 gives (0, 1); off 2: product -2, + (2/5) (-1, -2) = (-.4, .2); its other order:
    // off 2 first: (-1, 1).(-1, -2) = -1, + (1/5) (-1, -2) = (-1.2, .6); off 0: (0, .6).
    // Delta 2: off 0 gives (0, -2), off 1: product -2, + (-1, 1) = (-1, -1).
    close(pcGrad(deltas, [[1, 2], [0, 2], [0, 1]]), [(0.2 - 0.4 - 1) / 3, (-0.1 + 0.2 - 1) / 3])
    close(pcGrad(deltas, [[2, 1], [2, 0], [0, 1]]), [(0.2 + 0 - 1) / 3, (0.2 + 0.6 - 1) / 3])
  })

  it('is the mean where nothing conflicts', () => {
    close(pcGrad([flat(1, 2), flat(3, 0)], [[1], [0]]), [2, 1])
  })
})

describe('FedFV', () => {
  it('lets the client of the largest loss keep its delta, and restores the length of the mean', () => {
    // Loss order 1, 0. Nobody is kept whole: (2, 0) -> (1, 1), (-1, 1) -> (0, 1); mean (.5, 1), of length sqrt 1.25.
    // The plain mean is (.5, .5), of length sqrt .5; the factor is sqrt .4.
    const s = Math.sqrt(0.4)
    close(fedFv([flat(2, 0), flat(-1, 1)], [0.9, 0.1], [0, 1], { keep: 0 }), [0.5 * s, s])
    // keep = .5: delta 0 has the larger loss and stays (2, 0). Mean (1, .5), of length sqrt 1.25.
    close(fedFv([flat(2, 0), flat(-1, 1)], [0.9, 0.1], [0, 1], { keep: 0.5 }), [s, 0.5 * s])
  })

  it('projects in ascending order of loss', () => {
    const deltas = [flat(1, 0), flat(-1, 1), flat(-1, -2)]
    const rows = [[0.2, -0.1], [-0.4, 0.2], [-1, -1]]
    const mean = [0, 1].map((i) => rows.reduce((sum, row) => sum + row[i], 0) / 3)
    const scale = Math.hypot(-1 / 3, -1 / 3) / Math.hypot(...mean)
    close(fedFv(deltas, [1, 2, 3], [0, 1, 2], { keep: 0 }), mean.map((x) => x * scale))
  })

  it('gives way to absent clients of earlier rounds that it conflicts with', () => {
    // Two equal deltas (1, 1); an absent client moved along (-2, 0): product -2, (1, 1) + (2/4) (-2, 0) = (0, 1),
    // stretched to the mean's length sqrt 2.
    close(fedFv([flat(1, 1), flat(1, 1)], [1, 1], [0, 1], { keep: 0 }, [[flat(-2, 0)]]), [0, Math.SQRT2])
    close(fedFv([flat(1, 1), flat(1, 1)], [1, 1], [0, 1], { keep: 0 }, [[flat(2, 0)]]), [1, 1])
  })
})

describe('every rule', () => {
  const rules: Coordination[] = [
    { kind: 'conflict-averse', c: 0.4 }, { kind: 'pcgrad' }, { kind: 'fedfv', keep: 0.1 }, { kind: 'mean' },
  ]
  const vectors = fc.integer({ min: 1, max: 5 }).chain((count) =>
    fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
      { minLength: count, maxLength: count }))

  it.each(rules)('$kind changes no delta, and gives back finite numbers', (rule) => {
    fc.assert(fc.property(vectors, (rows) => {
      const deltas = rows.map((row) => Float64Array.from(row))
      const u = coordinate(deltas, rule, {
        losses: () => rows.map((_, k) => k),
        lots: () => rows.map((_, k) => k),
        orders: () => rows.map(() => rows.map((_, j) => j)),
      })
      expect([...u].every(Number.isFinite)).toBe(true)
      expect(deltas.map((d) => [...d])).toEqual(rows)
    }))
  })

  it.each(rules)('$kind of equal deltas D lies along D', (rule) => {
    const deltas = [flat(1, -2, 3), flat(1, -2, 3), flat(1, -2, 3)]
    const about = { losses: () => [3, 1, 2], lots: () => [0, 1, 2], orders: () => [[0, 1, 2], [2, 0], [1]] }
    const u = coordinate(deltas, rule, about)
    close([u[1] / u[0], u[2] / u[0]], [-2, 3])
    expect(u[0]).toBeCloseTo(rule.kind === 'conflict-averse' ? 1.4 / 1.16 : 1, 6)
  })
})
