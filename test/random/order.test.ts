import fc from 'fast-check'
import { expect, it } from 'vitest'

import { type Order, randomOrder } from '../../src/random/order.js'
import { streams } from '../../src/random/streams.js'
import { unevenness } from '../statistics/chi-square.js'

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it('is an order: every number at one place, and found there', () => {
  const sizes = fc.oneof(fc.nat(70), fc.constantFrom(64, 65, 127, 128, 129, 256, 1000, 1023, 1025, 4099))
  fc.assert(
    fc.property(sizes, unit, unit, (n, a, b) => {
      const order = randomOrder(n, a, b)
      const numbers = Array.from({ length: n }, (_, place) => order.at(place))
      expect(numbers.toSorted((x, y) => x - y)).toEqual(Array.from({ length: n }, (_, i) => i))
      numbers.forEach((number, place) => expect(order.placeOf(number)).toBe(place))
    }),
    { numRuns: 60 },
  )
})

/** What is seen of many orders, counted. */
const counted = (n: number, draws: number, cells: number, seen: (order: Order) => number): number[] => {
  const stream = streams('7')('order', n)
  const counts = Array.from({ length: cells }, () => 0)
  for (let i = 0; i < draws; i++) counts[seen(randomOrder(n, stream(), stream()))]++
  return counts
}

it.each([2, 3, 10, 64, 65, 100, 300, 1000])('of %i numbers each comes first, in the middle and last equally often', (n) => {
  for (const place of [0, n >> 1, n - 1]) {
    expect(unevenness(counted(n, 40 * n, n, (order) => order.at(place)))).toBeLessThan(4)
  }
})

it.each([2, 5, 70, 100])('of %i numbers the first two are any two, in any order, equally often', (n) => {
  const pair = ({ at }: Order): number => {
    const [first, second] = [at(0), at(1)]
    return first * (n - 1) + (second > first ? second - 1 : second)
  }
  expect(unevenness(counted(n, 20 * n * (n - 1), n * (n - 1), pair))).toBeLessThan(4)
})
