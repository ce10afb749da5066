import { expect, it } from 'vitest'

import { medianOf, signTest } from './table.js'

it('the median is that of all searches: of those that found nothing it is known that they took longer', () => {
  expect(medianOf([3])).toBe(3)
  expect(medianOf([4, 1, 3])).toBe(3)
  expect(medianOf([4, 1, 3, 2])).toBe(2.5)
  expect(medianOf([1, Infinity, 2])).toBe(2)
  expect(medianOf([1, Infinity, 2, Infinity])).toBe(Infinity)
  expect(medianOf([1, Infinity])).toBe(Infinity)
})

it('the sign test is the binomial of the pairs that differ', () => {
  expect(signTest([1, 2, 3], [1, 2, 3])).toEqual({ better: 0, worse: 0, p: 1 })
  expect(signTest([1, 1, 1, 1, 1], [2, 2, 2, 2, 2])).toEqual({ better: 5, worse: 0, p: 2 / 32 })
  // 1 of 8: 2 (1 + 8) / 256.
  expect(signTest([1, 1, 1, 1, 1, 1, 1, 9, 5], [2, 2, 2, 2, 2, 2, 2, 3, 5])).toEqual({ better: 7, worse: 1, p: 18 / 256 })
  expect(signTest([1, Infinity, Infinity], [Infinity, 2, Infinity])).toEqual({ better: 1, worse: 1, p: 1 })
})
