import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawnOrders, drawnShares, exactShares, prefixes, subsets } from '../../../src/lab/blame/shapley.js'

/** Every order of n members. */
const allOrders = (n: number): number[][] =>
  n === 0 ? [[]] : allOrders(n - 1).flatMap((order) => Array.from({ length: n }, (_, at) => order.toSpliced(at, 0, n - 1)))

/** A game of n members by the worth of every coalition. */
const game = fc.integer({ min: 1, max: 5 }).chain((n) =>
  fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2 ** n, maxLength: 2 ** n }).map((worths) => ({
    n, worth: (members: readonly number[]) => worths[members.reduce((mask, i) => mask + 2 ** i, 0)],
  })))

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const everyone = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe('a fair split', () => {
  it('is the mean over every order of what each adds when it joins', () => {
    fc.assert(fc.property(game, ({ n, worth }) => {
      const orders = allOrders(n)
      exactShares(n, worth).forEach((share, i) => {
        const added = orders.map((order) => {
          const before = order.slice(0, order.indexOf(i)).sort((a, b) => a - b)
          return worth([...before, i].sort((a, b) => a - b)) - worth(before)
        })
        expect(share).toBeCloseTo(sum(added) / orders.length, 9)
      })
    }))
  })

  it('adds up to what all are worth, exact or drawn', () => {
    fc.assert(fc.property(game, fc.integer({ min: 1, max: 4 }), ({ n, worth }, pairs) => {
      const whole = worth(everyone(n)) - worth([])
      expect(sum(exactShares(n, worth))).toBeCloseTo(whole, 9)
      expect(sum(drawnShares(drawnOrders(n, pairs, 'x'), worth).shares)).toBeCloseTo(whole, 9)
    }))
  })

  it('that is drawn is the exact one where every order is drawn, and errs by its standard error', () => {
    // Worth of a coalition: the square of its size, and 10 more where 0 and 3 are both in it.
    const worth = (members: readonly number[]): number => members.length ** 2 + (members.includes(0) && members.includes(3) ? 10 : 0)
    const exact = exactShares(5, worth)
    const every = allOrders(5).flatMap((order) => (order[0] < order[4] ? [order, order.toReversed()] : []))
    drawnShares(every, worth).shares.forEach((share, i) => expect(share).toBeCloseTo(exact[i], 9))
    const { shares, errors } = drawnShares(drawnOrders(5, 200, 'seed'), worth)
    for (let i = 0; i < 5; i++) expect(Math.abs(shares[i] - exact[i])).toBeLessThanOrEqual(4 * errors[i] + 1e-9)
    // Reverses cancel where there are only pairs in the worth: nothing is left to err.
    const linear = drawnShares(drawnOrders(4, 3, 'seed'), (members) => sum(members))
    linear.errors.forEach((error) => expect(error).toBeCloseTo(0, 12))
    expect(drawnShares(drawnOrders(4, 1, 'seed'), worth).errors.every(Number.isNaN)).toBe(true)
  })

  it('asks for every coalition once in its list', () => {
    expect(subsets(3)).toEqual([[], [0], [1], [0, 1], [2], [0, 2], [1, 2], [0, 1, 2]])
    expect(prefixes([2, 0, 1])).toEqual([[], [2], [0, 2], [0, 1, 2]])
    expect(drawnOrders(3, 2, 's')).toHaveLength(4)
    expect(drawnOrders(3, 2, 's')).toEqual(drawnOrders(3, 2, 's'))
  })
})
