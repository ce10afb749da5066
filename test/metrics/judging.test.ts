import { describe, expect, it } from 'vitest'
import { diverged, type Measured, validationScore } from '../../src/metrics/judging.js'
import { metrics } from '../../src/metrics/metric.js'
import { scoresOf } from '../../src/metrics/scores.js'

const row = (metric: string, value: number | null, round = 2, split: Measured['split'] = 'validation'): Measured =>
  ({ round, task: 'ctr', split, metric, value })

describe('what a round is worth', () => {
  it('is the mean validation AUC, of scenarios that have one', () => {
    const rows = [
      row('auc', 0.5), row('auc', 0.75), row('auc', null), row('auc', 0.9, 3), row('auc', 1, 2, 'test'), row('log-loss', 9),
    ]
    expect(validationScore(rows, 2)).toBe(0.625)
    expect(validationScore(rows, 4)).toBe(-Infinity)
  })

  it('is the loss, turned around, where there is no AUC', () => {
    expect(validationScore([row('auc', null), row('log-loss', 0.5)], 2)).toBe(-0.5)
    expect(validationScore([row('mse', 4), row('mse', 2)], 2)).toBe(-3)
  })

  it('is nothing once any model diverged: what is left is another mean', () => {
    expect(validationScore([row('auc', 0), row('log-loss', 9)], 2)).toBe(0)
    expect(validationScore([row('auc', 0.9), row('log-loss', 0.1), row('auc', null), row('log-loss', null)], 2)).toBe(-Infinity)
    expect(validationScore([row('auc', 0.9), row('mse', null)], 2)).toBe(-Infinity)
    expect(validationScore([row('ndcg@20', null)], 2)).toBe(-Infinity)
    expect(validationScore([row('auc', 0.9), row('log-loss', null, 2, 'test')], 2)).toBe(0.9)
  })
})

describe('a value that is undefined', () => {
  const tasks = [{ name: 'ctr', kind: 'binary' }] as const
  const measure = (logits: number[], labels: number[]) =>
    scoresOf({ rows: 2, labels: Float32Array.from(labels) }, tasks, [Float32Array.from(logits)])

  it('is a divergence where scores are not finite, and none where the labels are to blame', () => {
    expect(measure([0, 1], [1, 1]).some(diverged)).toBe(false)
    expect(measure([0, Number.NaN], [1, 0]).some(diverged)).toBe(true)
    expect(measure([0, Infinity], [1, 1]).some(diverged)).toBe(true)
    expect(diverged({ metric: 'calibration', value: null })).toBe(false)
  })

  it('is told by every metric that needs nothing of its labels', () => {
    const needy = Object.keys(metrics).filter((metric) => !diverged({ metric, value: null }))
    expect(needy).toEqual(['auc', 'group-auc', 'calibration', 'average-precision'])
  })
})
