import { describe, expect, it } from 'vitest'

import { type ConditionRow, demandMeasured, holds, parseCondition, valueOfCondition } from '../../src/metrics/condition.js'

const row = (round: number, scenario: string, task: string, value: number | null, metric = 'auc', split: 'validation' | 'test' = 'validation'): ConditionRow =>
  ({ round, scenario, task, split, metric, value })

const rows = [
  row(1, 'NL', 'ctr', 0.5), row(1, 'NL', 'cvr', 0.6), row(1, 'US', 'ctr', 0.7), row(1, 'US', 'cvr', 0.8),
  row(2, 'NL', 'ctr', 0.6), row(2, 'NL', 'cvr', 0.7), row(2, 'US', 'ctr', 0.8), row(2, 'US', 'cvr', null),
  row(2, 'NL', 'ctr', 0.9, 'auc', 'test'),
]

describe('a condition', () => {
  it.each([
    ['auc < .65', { split: 'validation', metric: 'auc', sign: '<', value: 0.65 }],
    ['test auc of NL/ctr@5 > 0.7', { split: 'test', metric: 'auc', of: ['NL', 'ctr'], round: 5, sign: '>', value: 0.7 }],
    ['auc@3<.5', { metric: 'auc', round: 3, value: 0.5 }],
    ['ndcg@20 > .1', { metric: 'ndcg@20', value: 0.1 }],
    ['ndcg@20@4 > .1', { metric: 'ndcg@20', round: 4 }],
    ['log-loss of store 1 > 1e-1', { metric: 'log-loss', of: ['store 1'], value: 0.1 }],
  ])('%s', (text, meant) => {
    const condition = parseCondition(text)
    expect(condition).toMatchObject({ text, ...meant })
    expect('round' in condition).toBe('round' in meant)
    expect('of' in condition).toBe('of' in meant)
  })

  it.each([
    ['auc', '"auc" is no condition. Write "auc < .65"'],
    ['auc <= .5', '"auc <= .5": a score is never just "<=". Write < or >.'],
    ['acu < .5', '"acu < .5": there is no metric acu of every round. Did you mean "auc"? Known: ndcg@20'],
    ['calibration > 1', 'there is no metric calibration of every round'],
  ])('%s is refused', (text, why) => {
    expect(() => parseCondition(text)).toThrow(why)
  })

  it.each([
    ['auc < .9', 0.7], ['auc@1 < .9', 0.65], ['auc of NL < .9', 0.65], ['auc of ctr < .9', 0.7], ['auc of US/ctr@1 < .9', 0.7],
    ['test auc < .95', 0.9], ['auc of US/cvr < .9', undefined],
  ])('%s is of %d', (text, value) => {
    const condition = parseCondition(text)
    demandMeasured(condition, rows)
    if (value === undefined) expect(valueOfCondition(condition, rows)).toBeUndefined()
    else expect(valueOfCondition(condition, rows)).toBeCloseTo(value, 12)
    expect(holds(condition, rows)).toBe(value !== undefined)
    expect(holds({ ...condition, sign: '>' }, rows)).toBe(false)
  })

  it.each([
    ['log-loss > 1', 'log-loss was not measured. Measured was auc.'],
    ['auc@7 > 1', 'validation was not scored after round 7. It was after 1, 2.'],
    ['auc of Nl/ctr > 1', 'there is no scenario "Nl". Did you mean "NL"? There is NL, US.'],
    ['auc of NL/ctrs > 1', 'there is no task "ctrs". Did you mean "ctr"?'],
    ['auc of DE > 1', 'there is no scenario or task "DE"'],
    ['auc of NL/ctr/x > 1', 'name a scenario, a task, or SCENARIO/TASK'],
  ])('%s is refused of rows that have no such score', (text, why) => {
    expect(() => demandMeasured(parseCondition(text), rows)).toThrow(why)
  })

  it('says which split was scored', () => {
    expect(() => demandMeasured(parseCondition('test auc > 1'), rows.slice(0, 4))).toThrow('test was not scored. Scored was validation: put that before the metric.')
  })

  it('is not so of a score that is exactly the value, with either sign', () => {
    const exact = [row(1, 'NL', 'ctr', 0.65)]
    for (const text of ['auc < .65', 'auc > .65']) expect(holds(parseCondition(text), exact)).toBe(false)
    expect(holds(parseCondition('auc < .6501'), exact)).toBe(true)
  })

  it('takes a model that diverged for as bad as can be', () => {
    const lost = [row(1, 'NL', 'ctr', null, 'log-loss'), row(1, 'NL', 'ctr', null)]
    expect(holds(parseCondition('auc < .1'), lost)).toBe(true)
    expect(holds(parseCondition('log-loss > 9'), lost)).toBe(true)
    expect(holds(parseCondition('auc > 0'), lost)).toBe(false)
  })
})
