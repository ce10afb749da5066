import { expect, it } from 'vitest'

import { proportion } from '../../src/statistics/proportion.js'

it.each([
  // Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('the interval of %i of %i is the published one', (hits, of, low, high) => {
  const { interval, share } = proportion(hits, of)
  expect(share).toBe(hits / of)
  expect(interval[0]).toBeCloseTo(low, 4)
  expect(interval[1]).toBeCloseTo(high, 4)
})

it('is the same from the other side, and says nothing of no trials', () => {
  const [a, b] = [proportion(3, 10), proportion(7, 10)]
  expect(a.interval[0]).toBeCloseTo(1 - b.interval[1], 12)
  expect(a.interval[1]).toBeCloseTo(1 - b.interval[0], 12)
  expect(proportion(0, 0)).toMatchObject({ share: NaN, interval: [0, 1] })
  expect(proportion(20, 20).interval[1]).toBe(1)
})
