import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { averagePrecision } from '../../src/metrics/average-precision.js'

/** The definition, threshold by threshold: every row is looked at again for each. */
const slow = (scores: readonly number[], labels: readonly number[]): number | null => {
  const rows = labels.flatMap((label, i) => (Number.isNaN(label) ? [] : [{ label, score: scores[i] }]))
  const positives = rows.filter(({ label }) => label === 1).length
  if (positives === 0 || rows.some(({ score }) => Number.isNaN(score))) return null
  const thresholds = [...new Set(rows.map(({ score }) => score))].sort((a, b) => (a > b ? -1 : 1))
  let [sum, recall] = [0, 0]
  for (const threshold of thresholds) {
    const taken = rows.filter(({ score }) => score >= threshold)
    const hits = taken.filter(({ label }) => label === 1).length
    sum += (hits / positives - recall) * (hits / taken.length)
    recall = hits / positives
  }
  return sum
}

const rows = fc.array(fc.tuple(
  fc.constantFrom(0, 0.25, 0.5, 0.75, 1, NaN), fc.constantFrom(0, 1, NaN),
))

describe('average precision', () => {
  test('is that of scikit-learn’s documentation', () => {
    expect(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBeCloseTo(5 / 6, 12)
  })

  test('takes tied rows in together, whatever their order', () => {
    // At .5: 2 of 3 rows are positive, recall 2/3; at .1: 3 of 4, recall 1.
    expect(averagePrecision([0.5, 0.5, 0.5, 0.1], [1, 0, 1, 1])).toBeCloseTo(4 / 9 + 1 / 4, 12)
    expect(averagePrecision([0.5, 0.5, 0.5, 0.1], [0, 1, 1, 1])).toBeCloseTo(4 / 9 + 1 / 4, 12)
    expect(averagePrecision([7, 7, 7, 7, 7], [1, 0, 0, 1, 0])).toBeCloseTo(2 / 5, 12)
  })

  test('is undefined without a positive, and 1 without a negative', () => {
    expect(averagePrecision([0.5, 0.2], [0, 0])).toBeNull()
    expect(averagePrecision([], [])).toBeNull()
    expect(averagePrecision([0.5, 0.7], [NaN, 0])).toBeNull()
    expect(averagePrecision([0.5, 0.2], [1, 1])).toBe(1)
    expect(averagePrecision([0.9, NaN, 0.2], [1, NaN, 0])).toBe(1)
    expect(averagePrecision([0.9, NaN, 0.2], [1, 0, 0])).toBeNull()
  })

  test('equals a look at every threshold, with ties, missing labels and scores', () => {
    fc.assert(fc.property(rows, (some) => {
      const [scores, labels] = [some.map(([score]) => score), some.map(([, label]) => label)]
      const [fast, expected] = [averagePrecision(scores, labels), slow(scores, labels)]
      if (expected === null) expect(fast).toBeNull()
      else expect(fast).toBeCloseTo(expected, 12)
    }))
  })

  test('depends on the order of scores alone: no scale, no shuffling of rows changes it', () => {
    const own = fc.array(fc.tuple(fc.integer({ min: -8, max: 8 }), fc.constantFrom(0, 1)), { minLength: 1 })
    fc.assert(fc.property(own, fc.nat(), (some, turn) => {
      const of = (list: typeof some, scale = (x: number): number => x): number | null =>
        averagePrecision(list.map(([score]) => scale(score)), list.map(([, label]) => label))
      const turned = some.map((_, i) => some[(i + turn) % some.length])
      expect(of(turned)).toBe(of(some))
      expect(of(some, (x) => 1e6 * x ** 3 - 1e9)).toBe(of(some))
    }))
  })
})
