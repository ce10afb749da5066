import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { coordinateMedian } from '../../../src/federation/strategies/coordinate-median.js'
import { fedAvg } from '../../../src/federation/strategies/fedavg.js'
import { krum, krumScores, lowest } from '../../../src/federation/strategies/krum.js'
import { normClipping } from '../../../src/federation/strategies/norm-clipping.js'
import { cutOf, trimmedMean } from '../../../src/federation/strategies/trimmed-mean.js'
import type { FoldContext, PartState, Update } from '../../../src/federation/strategies/strategy.js'
import { randomOrder } from '../../../src/random/order.js'
import { streams } from '../../../src/random/streams.js'
import { unevenness } from '../../statistics/chi-square.js'
import { folding, part, round, sent } from './part.js'

type Fold = (state: PartState, updates: readonly Update[]) => PartState
const of = (spec: Parameters<typeof folding>[0]): Fold => (state, updates) => folding(spec)(state, updates, round([]))
const foldMedian = of(coordinateMedian())
const foldTrimmed = (beta: number) => of(trimmedMean({ beta }))
const foldKrum = (options: Parameters<typeof krum>[0]) => of(krum(options))
const foldClipped = (bound: number | undefined) => of(normClipping({ bound }))

const rows = (...values: readonly (readonly number[])[]) => values.map((v, i) => sent(`c${i}`, v))
const number = fc.float({ min: -100, max: 100, noNaN: true })
const crowd = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 9 })

describe('the coordinate-wise median', () => {
  it('takes the middle of each coordinate, or the mean of the two middles', () => {
    expect([...foldMedian(part([0, 0]), rows([1, 9], [5, 7], [2, 100])).values]).toEqual([2, 9])
    expect([...foldMedian(part([0]), rows([1], [2], [4], [1000])).values]).toEqual([3])
  })

  it('counts a poisoned number as one more extreme', () => {
    expect([...foldMedian(part([0]), rows([NaN], [2], [4])).values]).toEqual([4])
  })

  it('stays within what the honest majority sent, wherever the others are', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 3, maxLength: 3 }), fc.array(fc.float(), { minLength: 2, maxLength: 2 }), (good, bad) => {
        const [value] = foldMedian(part([0]), rows(...[...good, ...bad].map((v) => [v]))).values
        expect(value).toBeGreaterThanOrEqual(Math.min(...good))
        expect(value).toBeLessThanOrEqual(Math.max(...good))
      }),
    )
  })
})

describe('the trimmed mean', () => {
  it('cuts a fifth of five values at each end: (2 + 3 + 7) / 3', () => {
    expect([...foldTrimmed(0.2)(part([0]), rows([100], [3], [-50], [7], [2])).values]).toEqual([4])
  })

  it('rounds the cut up, so that missing clients do not switch it off, and leaves one value at least', () => {
    expect([1, 2, 3, 4, 5, 10, 11].map((count) => cutOf(count, 0.2))).toEqual([0, 0, 1, 1, 1, 2, 3])
    expect([5, 6, 7].map((count) => cutOf(count, 0.499))).toEqual([2, 2, 3])
    expect(cutOf(10, 0.1)).toBe(1)
    expect(cutOf(7, 0)).toBe(0)
  })

  it('is the plain mean at 0 and the median just below one half', () => {
    fc.assert(
      fc.property(crowd, (values) => {
        const mean = (i: 0 | 1) => values.reduce((sum, v) => sum + v[i], 0) / values.length
        const plain = foldTrimmed(0)(part([0, 0]), rows(...values)).values
        expect(plain[0]).toBeCloseTo(mean(0), 3)
        expect(plain[1]).toBeCloseTo(mean(1), 3)
        const most = foldTrimmed(0.4999)(part([0, 0]), rows(...values)).values
        expect([...most].map((v) => v.toFixed(3))).toEqual([...foldMedian(part([0, 0]), rows(...values)).values].map((v) => v.toFixed(3)))
      }),
    )
  })
})

describe('Krum', () => {
  /*
   * Five clients at 0, 1, 3, 6 and 100, one of them Byzantine: each is judged by its 5 - 1 - 2 = 2 nearest others.
   * Scores: 0: 1 + 9; 1: 1 + 4; 3: 4 + 9; 6: 9 + 25; 100: 94^2 + 97^2.
   */
  const five = rows([0], [1], [3], [6], [100])

  it('scores by the squared distances to the n - f - 2 nearest', () => {
    expect([...krumScores(five.map(({ values }) => values), 1)]).toEqual([10, 5, 13, 34, 8836 + 9409])
  })

  it('takes the update with the lowest score, or the mean of the best', () => {
    expect([...foldKrum({ byzantine: 1, keep: 1 })(part([0]), five).values]).toEqual([1])
    expect([...foldKrum({ byzantine: 1, keep: 2 })(part([0]), five).values]).toEqual([0.5])
    expect([...foldKrum({ byzantine: 1, keep: 4 })(part([0]), five).values]).toEqual([2.5])
  })

  it('never takes one that is not a number, and lets the lot decide a tie', () => {
    expect([...foldKrum({ byzantine: 1, keep: 1 })(part([0]), rows([NaN], [5], [5], [7], [7])).values]).toEqual([5])
    expect(lowest(Float64Array.of(2, 1, 1, 1), 2, [0, 1, 2, 3])).toEqual([1, 2])
    expect(lowest(Float64Array.of(2, 1, 1, 1), 2, [0, 3, 1, 2])).toEqual([2, 3])
  })

  it('takes each of two that are each other’s nearest equally often: three clients, one neighbour', () => {
    const order = (which: number): FoldContext['order'] => (decided) =>
      randomOrder(3, streams('1')(decided, which)(), streams('2')(decided, which)())
    const taken = Array.from({ length: 400 }, (_, which) =>
      folding(krum({ byzantine: 0, keep: 1 }))(part([0]), rows([1], [2], [9]), round(['c0', 'c1', 'c2'], { order: order(which) })).values[0])
    const counts = [1, 2, 9].map((value) => taken.filter((each) => each === value).length)
    expect(counts[2]).toBe(0)
    expect(unevenness(counts.slice(0, 2))).toBeLessThan(3)
  })

  it('gives back the only update', () => {
    expect([...foldKrum({ byzantine: 1, keep: 1 })(part([0]), rows([3])).values]).toEqual([3])
  })

  it('gives one of the updates, and the same whatever the order, where no scores are equal', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 5, maxLength: 8 })
    fc.assert(
      fc.property(numbers, (values) => {
        const updates = values.map((v) => [v])
        const scores = [...krumScores(updates.map((v) => Float32Array.from(v)), 1)]
        fc.pre(new Set(scores).size === scores.length)
        const [value] = foldKrum({ byzantine: 1, keep: 1 })(part([0]), rows(...updates)).values
        const [turned] = foldKrum({ byzantine: 1, keep: 1 })(part([0]), rows(...updates.toReversed())).values
        expect(values).toContain(value)
        expect(turned).toBe(value)
      }),
    )
  })
})

describe('one corrupt client of five', () => {
  const honest = fc.array(fc.tuple(number, number), { minLength: 4, maxLength: 4 })
  const anything = fc.tuple(fc.float(), fc.float())
  const bounded: readonly (readonly [string, Fold])[] = [
    ['coordinate-median', foldMedian],
    ['trimmed-mean', foldTrimmed(0.2)],
    ['krum', foldKrum({ byzantine: 1 })],
  ]

  it.each(bounded)('cannot carry the model away from the honest: %s', (name, fold) => {
    fc.assert(
      fc.property(honest, anything, fc.nat(4), (good, bad, place) => {
        const [x, y] = [0, 1].map((axis) => good.map((v) => v[axis]))
        const all = good.toSpliced(place, 0, bad)
        const folded = fold(part([0, 0]), rows(...all)).values
        /* Krum may choose the corrupt update where it lies among the honest: no further out than its neighbours are apart. */
        const room = name === 'krum' ? Math.hypot(Math.max(...x) - Math.min(...x), Math.max(...y) - Math.min(...y)) * 2 : 0
        for (const [axis, values] of [x, y].entries()) {
          expect(folded[axis]).toBeGreaterThanOrEqual(Math.min(...values) - room - 1e-4)
          expect(folded[axis]).toBeLessThanOrEqual(Math.max(...values) + room + 1e-4)
        }
      }),
    )
  })

  it('carries away the plain mean', () => {
    const folded = of(fedAvg())(part([0, 0]), rows([0, 0], [1, 1], [0, 1], [1, 0], [1e6, -1e6])).values
    expect(Math.abs(folded[0])).toBeGreaterThan(1e5)
  })
})

describe('norm clipping', () => {
  /* Deltas from (1, 1): (3, 4) of norm 5 is halved to 2.5; (0, 2) stays. Equal weights: (1.5, 2) / 2 + (0, 2) / 2. */
  it('shortens what is longer than the bound', () => {
    const { values } = foldClipped(2.5)(part([1, 1]), rows([4, 5], [1, 3]))
    expect([...values]).toEqual([1.75, 3])
  })

  it('takes the median norm of the round when no bound is given', () => {
    const { values } = foldClipped(undefined)(part([0]), rows([1], [2], [300]))
    expect(values[0]).toBeCloseTo((1 + 2 + 2) / 3, 6)
  })

  it('throws away what is not a number, and keeps the model if nothing is left', () => {
    expect([...foldClipped(1)(part([0]), rows([NaN], [0.5])).values]).toEqual([0.5])
    expect([...foldClipped(1)(part([7]), rows([NaN], [Infinity])).values]).toEqual([7])
  })

  it('never moves the model by more than the bound', () => {
    fc.assert(
      fc.property(crowd, fc.double({ min: 0.01, max: 50, noNaN: true }), (values, bound) => {
        const folded = foldClipped(bound)(part([0, 0]), rows(...values)).values
        expect(Math.hypot(...folded)).toBeLessThanOrEqual(bound * (1 + 1e-6))
      }),
    )
  })
})
