import { describe, expect, it } from 'vitest'
import { bytesByDirection, bytesByFate, meanMetric } from '../../src/runs/totals.js'
import { roundsByOutcome, trainingsByOutcome } from '../../src/runs/totals.js'
import { ledger, metrics, rounds, trainings } from './flights.js'

describe('totals', () => {
  it('sums bytes by direction, kind and fate', () => {
    expect(bytesByFate(ledger)).toEqual([
      { direction: 'up', kind: 'update', fate: 'lost', copies: 1, bytes: 100, travelled: 40 },
      { direction: 'up', kind: 'update', fate: 'used', copies: 2, bytes: 200, travelled: 200 },
      { direction: 'down', kind: 'model', fate: 'fruitless', copies: 1, bytes: 100, travelled: 100 },
      { direction: 'down', kind: 'model', fate: 'used', copies: 1, bytes: 100, travelled: 100 },
      { direction: 'inside', kind: 'close', fate: 'control', copies: 1, bytes: 8, travelled: 8 },
    ])
    expect(bytesByDirection(ledger)).toEqual({ up: 240, down: 200, inside: 8 })
  })

  it('tells training that was of use from training in vain, the costliest first', () => {
    expect(trainingsByOutcome(trainings)).toEqual([
      { outcome: 'used', trainings: 2, examples: 128, time: 15 },
      { outcome: 'lost', trainings: 1, examples: 96, time: 15 },
      { outcome: 'interrupted', trainings: 1, examples: 10, time: 3 },
    ])
  })

  it('counts rounds and means of metrics, leaving out what is undefined', () => {
    expect(roundsByOutcome(rounds)).toEqual({ closed: 1, aborted: 1 })
    expect(meanMetric(metrics, { round: 1, split: 'test', metric: 'auc' })).toBe(0.6875)
    expect(meanMetric(metrics, { round: 2, split: 'test', metric: 'auc' })).toBe(0.6)
    expect(meanMetric(metrics, { round: 1, split: 'validation', metric: 'auc' })).toBeNull()
  })
})
