import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accuracy } from '../../src/metrics/accuracy.js'
import { auc, groupedAuc } from '../../src/metrics/auc.js'
import { calibration } from '../../src/metrics/calibration.js'
import { sigmoid, softplus } from '../../src/metrics/logits.js'
import { logLoss, logLossMulticlass } from '../../src/metrics/log-loss.js'
import { macroMean } from '../../src/metrics/macro-mean.js'
import { metrics, worth } from '../../src/metrics/metric.js'
import { mtlGains } from '../../src/metrics/mtl-gain.js'
import { scoresOf } from '../../src/metrics/scores.js'
import { meanSquaredError, rootMeanSquaredError } from '../../src/metrics/squared-error.js'
import { streams } from '../../src/random/streams.js'

/** The definition: every pair of a positive and a negative row. */
const slowAuc = (scores: readonly number[], labels: readonly number[]): number | null => {
  let [won, pairs] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    for (let j = 0; j < labels.length; j++) {
      if (labels[i] !== 1 || labels[j] !== 0) continue
      pairs++
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0
    }
  }
  return pairs === 0 ? null : won / pairs
}

describe('auc', () => {
  test('counts pairs: 3 wins, 1 tie and 2 losses of 6', () => {
    const scores = [0.9, 0.4, 0.4, 0.1, 0.5]
    const labels = [1, 1, 0, 0, 0]
    // 0.9 beats 0.4, 0.1, 0.5; 0.4 ties with 0.4, beats 0.1, loses to 0.5: 4.5 of 6
    expect(auc(scores, labels)).toBe(4.5 / 6)
  })

  test('equals its O(n^2) definition, ties and unlabelled rows included', () => {
    const score = fc.oneof(fc.integer({ min: 0, max: 5 }).map((n) => n / 5), fc.float({ noNaN: true }))
    const row = fc.tuple(score, fc.constantFrom(0, 1, Number.NaN))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const [scores, labels] = [rows.map(([s]) => s), rows.map(([, y]) => y)]
        const seen = auc(Float64Array.from(scores), Float32Array.from(labels))
        const expected = slowAuc(scores, labels)
        if (expected === null) expect(seen).toBeNull()
        else expect(seen).toBeCloseTo(expected, 12)
      }),
    )
  })

  test('does not change under a strictly increasing map, and flips under a decreasing one', () => {
    const row = fc.tuple(fc.integer({ min: -20, max: 20 }), fc.constantFrom(0, 1))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const [scores, labels] = [rows.map(([s]) => s), rows.map(([, y]) => y)]
        const value = auc(scores, labels)
        expect(auc(scores.map((s) => Math.exp(s / 7)), labels)).toBe(value)
        const flipped = auc(scores.map((s) => -s), labels)
        if (value !== null) expect(flipped).toBeCloseTo(1 - value, 12)
      }),
    )
  })

  test('one class has none; a model that answers NaN ranks last', () => {
    expect(auc([0.1, 0.2], [1, 1])).toBeNull()
    expect(auc([], [])).toBeNull()
    expect(auc([-0, 0], [1, 0])).toBe(0.5)
  })

  test('100,000 rows of Float32 scores agree with the ranks of a plain sort', () => {
    const draw = streams('auc')('rows')
    const n = 100_000
    const labels = Float32Array.from({ length: n }, () => (draw() < 0.02 ? 1 : 0))
    const scores = Float32Array.from({ length: n }, (_, i) => Math.round((draw() + labels[i] * 0.2) * 1000) / 1000)
    const counts = new Map<number, [number, number]>()
    for (let i = 0; i < n; i++) {
      const at = counts.get(scores[i]) ?? [0, 0]
      at[labels[i]]++
      counts.set(scores[i], at)
    }
    let [below, won, positives, negatives] = [0, 0, 0, 0]
    for (const [, [zeros, ones]] of [...counts].sort(([a], [b]) => a - b)) {
      won += ones * (below + zeros / 2)
      below += zeros
      positives += ones
      negatives += zeros
    }
    expect(auc(scores, labels)).toBe(won / (positives * negatives))
  })
})

describe('grouped auc', () => {
  test('weighs users by rows and leaves out those with one class', () => {
    const user = [1, 1, 1, 2, 2, 3, 3]
    const labels = [1, 0, 0, 1, 0, 1, 1]
    const scores = [0.9, 0.1, 0.2, 0.3, 0.7, 0.5, 0.6]
    expect(groupedAuc(scores, labels, user)).toBeCloseTo(3 / 5, 12)
    expect(groupedAuc([0.5], [1], [1])).toBeNull()
  })

  test('of one user is the auc, however users are called', () => {
    expect(groupedAuc([3, 1, 2], [1, 0, 1], [7, 7, 7])).toBe(auc([3, 1, 2], [1, 0, 1]))
  })
})

/** The logit of a probability. */
const logit = (p: number): number => Math.log(p / (1 - p))

describe('log-loss', () => {
  test('is the mean of natural logarithms, of logits', () => {
    expect(logLoss([0.25, 0.25].map(logit), [1, 0])).toBeCloseTo((Math.log(4) + Math.log(4 / 3)) / 2, 12)
    expect(logLoss([0, 3], [1, Number.NaN])).toBeCloseTo(Math.log(2), 12)
    expect(logLoss([0], [Number.NaN])).toBeNull()
  })

  test('of a certain mistake is its logit, and of what is nearly certain loses no digit', () => {
    expect(logLoss([-1000], [1])).toBe(1000)
    expect(logLoss([1000], [1])).toBe(0)
    expect(logLoss([-40], [0])! / Math.exp(-40)).toBeCloseTo(1, 12)
  })

  test('of several classes looks at the label only, and does not overflow', () => {
    const [a, b] = [[0.2, 0.3, 0.5].map(Math.log), [0.6, 0.4, 1e-9].map(Math.log)]
    const expected = (Math.log(2) + Math.log(1 + 1e-9) - Math.log(1e-9)) / 2
    expect(logLossMulticlass([...a, ...b], [2, 2], 3)).toBeCloseTo(expected, 9)
    expect(logLossMulticlass([900, -900], [1], 2)).toBe(1800)
    expect(logLossMulticlass([40, 0], [0], 2)! / Math.exp(-40)).toBeCloseTo(1, 12)
  })
})

test('probabilities of logits are right to the last digits on both sides', () => {
  for (const z of [-700, -40, -18, -5, -1e-9, 0, 0.3, 5, 30]) {
    expect(sigmoid(z) * (1 + Math.exp(-z))).toBeCloseTo(1, 14)
    expect(sigmoid(z) + sigmoid(-z)).toBeCloseTo(1, 15)
    expect(softplus(z) - softplus(-z)).toBeCloseTo(z, 12)
  }
  expect([sigmoid(-1e6), sigmoid(1e6), softplus(1e6)]).toEqual([0, 1, 1e6])
})

test('a metric of scores that are not finite is undefined, whatever the label; rows without one do not matter', () => {
  for (const broken of [Number.NaN, Infinity, -Infinity]) {
    for (const place of [0, 1]) {
      const scores = [0.5, -0.5].with(place, broken)
      expect(auc(scores, [1, 0])).toBeNull()
      expect(groupedAuc([...scores, 1, 0], [1, 0, 1, 0], [1, 1, 2, 2])).toBeNull()
      expect(logLoss(scores, [1, 0])).toBeNull()
      expect(calibration(scores, [1, 0])).toBeNull()
      expect(meanSquaredError(scores, [1, 0])).toBeNull()
      expect(rootMeanSquaredError(scores, [1, 0])).toBeNull()
      expect(accuracy(scores, [0], 2)).toBeNull()
      expect(logLossMulticlass(scores, [0], 2)).toBeNull()
    }
    expect(auc([1, 0, broken], [1, 0, Number.NaN])).toBe(1)
    expect(accuracy([1, 0, broken, 0], [0, Number.NaN], 2)).toBe(1)
  }
})

test('accuracy takes the lowest class of a tie', () => {
  expect(accuracy([0.2, 0.8, 0.5, 0.5, 0.5, 0.5, 0.9, 0.1], [1, 0, 1, Number.NaN], 2)).toBe(2 / 3)
  expect(accuracy([], [], 2)).toBeNull()
})

test('squared error is the mean over rows that have the label, and its root', () => {
  expect(meanSquaredError([1, 5, 9], [3, 4, Number.NaN])).toBe((4 + 1) / 2)
  expect(rootMeanSquaredError([1, 5, 9], [3, 4, Number.NaN])).toBe(Math.sqrt(2.5))
  expect(meanSquaredError([1], [Number.NaN])).toBeNull()
  expect(rootMeanSquaredError([], [])).toBeNull()
})

test('each kind of task has its metrics, over the rows of its own sample space', () => {
  const table = {
    rows: 3, categorical: new Int32Array(0), numeric: new Float32Array(0),
    labels: Float32Array.of(1, 2.5, 0, 0, Number.NaN, 1, 1, -1, Number.NaN),
  }
  const tasks = [
    { name: 'ctr', kind: 'binary' }, { name: 'watched', kind: 'regression' },
    { name: 'stars', kind: 'multiclass', classes: 2 },
  ] as const
  const logits = [Float32Array.of(logit(0.75), 0, 0), Float32Array.of(2, 100, 0), Float32Array.of(60, 0, 0, 0, 0, 0)]
  const found = scoresOf(table, tasks, logits)
  expect(found.map(({ task, metric }) => `${task} ${metric}`)).toEqual([
    'ctr auc', 'ctr log-loss', 'watched mse', 'watched rmse', 'stars accuracy', 'stars log-loss',
  ])
  expect(found.map(({ value }) => value)).toEqual([
    0.75, expect.closeTo((Math.log(4 / 3) + 2 * Math.log(2)) / 3, 7), (0.25 + 1) / 2, Math.sqrt(0.625),
    0.5, expect.closeTo(Math.log(2) / 2, 6),
  ])
  for (const { metric } of found) expect(metrics[metric].better).toMatch(/higher|lower/)
  const lost = scoresOf(table, tasks, logits.map((own) => own.fill(Number.NaN)))
  expect(lost).toEqual(found.map((score) => ({ ...score, value: null })))
})

test('calibration is predicted per observed', () => {
  expect(calibration([0, 0, logit(0.25), logit(0.75)], [1, 0, 0, Number.NaN])).toBeCloseTo(1.25, 12)
  expect(calibration([0.5], [0])).toBeNull()
})

test('of two calibrations the one nearer 1 is better, from either side; gains are in distance', () => {
  const { better } = metrics.calibration
  const order = [0.2, 3, 1.1, 1, 0.6].sort((a, b) => worth(better, b) - worth(better, a))
  expect(order).toEqual([1, 1.1, 0.6, 0.2, 3])
  expect(mtlGains([{ together: 1.1, alone: 0.5, better }])[0]).toBeCloseTo(0.4, 12)
  expect(mtlGains([{ together: 0.1, alone: 0.5, better }])[0]).toBeCloseTo(-0.4, 12)
  expect([worth('higher', 2), worth('lower', 2)]).toEqual([2, -2])
})

test('the macro mean skips scenarios without a value', () => {
  expect(macroMean([0.5, null, 0.75])).toBe(0.625)
  expect(macroMean([null])).toBeNull()
})
