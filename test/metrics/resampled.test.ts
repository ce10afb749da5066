import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { auc, groupedAuc } from '../../src/metrics/auc.js'
import { finalScoresOf } from '../../src/metrics/final-scores.js'
import type { Numbers } from '../../src/metrics/finite.js'
import { logLoss } from '../../src/metrics/log-loss.js'
import { sigmoid } from '../../src/metrics/logits.js'
import { mtlGains, relativeMtlGain } from '../../src/metrics/mtl-gain.js'
import { resampled } from '../../src/metrics/resampled.js'
import { meanSquaredError } from '../../src/metrics/squared-error.js'
import { normal, streams } from '../../src/random/streams.js'
import { bootstrap, bootstrapVariance } from '../../src/statistics/bootstrap.js'

/** The definition: rows written out as often as their users count; a user drawn twice is two users. */
const writtenOut = (scores: Numbers, labels: Numbers, user: Numbers, counts: readonly number[]) => {
  const rows: [number, number, number][] = []
  for (let i = 0; i < labels.length; i++) {
    for (let copy = 0; copy < counts[user[i]]; copy++) rows.push([scores[i], labels[i], user[i] + copy * 1000])
  }
  return [rows.map(([s]) => s), rows.map(([, y]) => y), rows.map(([, , u]) => u)] as const
}

const definitions: Record<string, (s: Numbers, y: Numbers, u: Numbers) => number | null> = {
  auc,
  'log-loss': logLoss,
  'group-auc': groupedAuc,
  mse: meanSquaredError,
}

describe('a metric of resampled users', () => {
  const row = fc.tuple(
    fc.oneof({ weight: 40, arbitrary: fc.constantFrom(-2, -0.3, 0.5, 0.7) }, fc.constantFrom(Number.NaN, Infinity)),
    fc.constantFrom(0, 1, Number.NaN), fc.integer({ min: 0, max: 3 }))
  const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 })

  it.each(Object.keys(resampled))('%s is the metric of the rows written out', (metric) => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), counts, (rows, drawn) => {
        const [s, y, u] = [rows.map(([a]) => a), rows.map(([, b]) => b), rows.map(([, , c]) => c)]
        const seen = resampled[metric](s, y, u)(drawn)
        const expected = definitions[metric](...writtenOut(s, y, u, drawn))
        if (expected === null) expect(seen).toBeNull()
        else expect(seen).toBeCloseTo(expected, 12)
      }),
    )
  })

  it('the AUC’s bootstrap variance is DeLong’s, where every row is a user', () => {
    const draw = streams('delong')('rows')
    const labels = Array.from({ length: 300 }, (_, i) => Number(i % 3 === 0))
    const scores = labels.map((y) => y * 0.8 + normal(draw))
    const above = scores.filter((_, i) => labels[i] === 1)
    const below = scores.filter((_, i) => labels[i] === 0)
    // DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988: variances of the placements of both classes.
    const spread = (values: readonly number[]): number => {
      const centre = values.reduce((a, b) => a + b) / values.length
      return values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1) / values.length
    }
    const delong =
      spread(above.map((x) => below.filter((y) => y < x).length / below.length)) +
      spread(below.map((y) => above.filter((x) => x > y).length / above.length))
    const value = resampled.auc(scores, labels, labels.map((_, i) => i))
    const seen = bootstrapVariance(300, bootstrap(300, 2000, streams('delong')('users'), value))!
    expect(seen.variance / delong).toBeGreaterThan(0.9)
    expect(seen.variance / delong).toBeLessThan(1.1)
  })
})

test('what is measured at the end: AUC per user where users are known, calibration and its error, PR-AUC', () => {
  const labels = Float32Array.from([1, 0, 0, 1, 1, NaN])
  const table = { rows: 6, labels, user: Int32Array.from([1, 1, 1, 2, 2, 1]) }
  const scores = [Float32Array.from([0, -1, 1, 0, 0, 2])]
  // User 1: one win of two; user 2 has one class. Predicted 2.5 positives, observed 3.
  expect(finalScoresOf(table, [{ name: 'ctr', kind: 'binary' }], scores)).toEqual([
    { task: 'ctr', metric: 'group-auc', value: 0.5 },
    { task: 'ctr', metric: 'calibration', value: expect.closeTo((3 * 0.5 + sigmoid(-1) + sigmoid(1)) / 3, 12) },
    // At 1 nothing; at 0 three of four rows, all positives.
    { task: 'ctr', metric: 'average-precision', value: 3 / 4 },
    // Three rows of .5 are all positive, the others are not.
    { task: 'ctr', metric: 'calibration-error', value: expect.closeTo((1.5 + sigmoid(-1) + sigmoid(1)) / 5, 12) },
  ])
  const unknown = finalScoresOf({ rows: 6, labels }, [{ name: 'ctr', kind: 'binary' }], scores)
  expect(unknown.map(({ metric }) => metric)).toEqual(['calibration', 'average-precision', 'calibration-error'])
})

test('MTL gain turns losses around, and the relative one is a mean over tasks', () => {
  const tasks = [
    { together: 0.66, alone: 0.6, better: 'higher' },
    { together: 0.11, alone: 0.1, better: 'lower' },
  ] as const
  expect(mtlGains(tasks)[0]).toBeCloseTo(0.06, 12)
  expect(mtlGains(tasks)[1]).toBeCloseTo(-0.01, 12)
  expect(relativeMtlGain(tasks)).toBeCloseTo(0, 12)
})
