import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calibrationError as ofLogits } from '../../src/metrics/calibration-error.js'

const logit = (p: number): number => Math.log(p) - Math.log1p(-p)

/** By probabilities; 0 and 1 are as near as a logit comes. */
const calibrationError = (probabilities: readonly number[], labels: readonly number[]): number | null =>
  ofLogits(probabilities.map((p) => (Number.isNaN(p) ? p : Math.max(-700, Math.min(700, logit(p))))), labels)

/** The definition, bin by bin. */
const slow = (probabilities: readonly number[], labels: readonly number[]): number => {
  const rows = labels.flatMap((label, i) => (Number.isNaN(label) ? [] : [{ label, p: probabilities[i] }]))
  let error = 0
  for (let m = 1; m <= 15; m++) {
    const own = rows.filter(({ p }) => (p * 15 > m - 1 || (m === 1 && p === 0)) && p * 15 <= m)
    if (own.length === 0) continue
    const mean = (of: (row: { label: number; p: number }) => number): number =>
      own.reduce((sum, row) => sum + of(row), 0) / own.length
    error += (own.length / rows.length) * Math.abs(mean(({ label }) => label) - mean(({ p }) => p))
  }
  return error
}

describe('expected calibration error', () => {
  test('is the distance of rates, bin by bin, weighted by rows', () => {
    // Bin 2 (1/15, 2/15]: predicted .1, observed 1/2. Bin 15: predicted .97, observed 1.
    expect(calibrationError([0.1, 0.1, 0.95, 0.99], [1, 0, 1, 1])).toBeCloseTo((0.4 + 0.03) / 2, 12)
    expect(calibrationError([0, 0, 1], [0, 0, 1])).toBeCloseTo(0, 12)
    expect(calibrationError([1, 0], [0, 1])).toBeCloseTo(1, 12)
  })

  test('does not let bins make up for each other, as calibration does', () => {
    expect(calibrationError([0.25, 0.75], [1, 0])).toBe(0.75)
    expect(calibrationError([0.5, 0.5], [1, 0])).toBe(0)
  })

  test('has its bounds in the bin below', () => {
    for (let m = 1; m <= 15; m++) {
      // Side by side in bin m, their gaps cancel; half a bin further up, they would not.
      expect(calibrationError([m / 15 - 1e-9, (m - 0.5) / 15], [0, 1]), String(m))
        .toBeCloseTo(Math.abs(1 - (2 * m - 0.5) / 15) / 2, 8)
    }
  })

  test('is undefined without labels, and of a model that diverged', () => {
    expect(calibrationError([0.5], [NaN])).toBeNull()
    expect(calibrationError([], [])).toBeNull()
    expect(calibrationError([NaN, 0.5], [1, 0])).toBeNull()
    expect(calibrationError([NaN, 0.5], [NaN, 0])).toBe(0.5)
  })

  test('equals a look at every bin, and does not mind the order of rows', () => {
    const row = fc.tuple(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.21, 1)),
      fc.constantFrom(0, 1, NaN))
    fc.assert(fc.property(fc.array(row), (some) => {
      const of = (list: typeof some): [number[], number[]] => [list.map(([p]) => p), list.map(([, label]) => label)]
      const error = calibrationError(...of(some))
      if (some.every(([, label]) => Number.isNaN(label))) expect(error).toBeNull()
      else {
        expect(error).toBeCloseTo(slow(...of(some)), 12)
        expect(calibrationError(...of(some.toReversed()))).toBeCloseTo(error!, 12)
      }
    }))
  })
})
