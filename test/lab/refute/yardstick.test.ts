import { describe, expect, it } from 'vitest'

import type { Flight } from '../../../src/flight/flight.js'
import { parseBy, yardstickOf } from '../../../src/lab/refute/yardstick.js'
import type { MetricRow } from '../../../src/record/rows.js'
import { ledger, rounds, trainings } from '../../runs/flights.js'

const row = (round: number, scenario: string, task: string, metric: string, value: number | null, split: MetricRow['split'] = 'test'): MetricRow => ({
  round, virtualTime: round * 30e6, scenario, task, split, metric, value,
})

const flight = (metrics: readonly MetricRow[], more: Partial<Flight> = {}): Flight =>
  ({ rounds, ledger, trainings, metrics, selectedRound: 1, virtualTime: 60e6, ...more }) as Flight

const auc = (round: number, ...values: readonly [number, number, number, number]): MetricRow[] => [
  row(round, 'a', 'ctr', 'auc', values[0]), row(round, 'a', 'cvr', 'auc', values[1]),
  row(round, 'b', 'ctr', 'auc', values[2]), row(round, 'b', 'cvr', 'auc', values[3]),
]

const [one, other] = [
  flight([...auc(1, 0.5, 0.75, 1, 0.25), ...auc(2, 1, 1, 1, 1)]),
  flight([...auc(1, 0.5, 0.5, 0.5, 0.5), ...auc(2, 0, 0, 0, 0)]),
]

describe('a yardstick', () => {
  it('is the mean over scenarios and tasks, or of those that are named, at the selected round or the last', () => {
    expect(yardstickOf('auc').weigh(one, other)).toEqual({ a: 0.625, b: 0.5, advantage: 0.125 })
    expect(yardstickOf('auc', 'last').weigh(one, other)).toEqual({ a: 1, b: 0, advantage: 1 })
    expect(yardstickOf('auc of ctr').weigh(one, other)).toEqual({ a: 0.75, b: 0.5, advantage: 0.25 })
    expect(yardstickOf('test auc of b').weigh(one, other)).toMatchObject({ a: 0.625 })
    expect(yardstickOf('test auc of b/cvr').weigh(one, other)).toEqual({ a: 0.25, b: 0.5, advantage: -0.25 })
  })

  it('is that of the scenario where it is worst, each side having its own', () => {
    const uneven = flight(auc(1, 0.75, 0.25, 0.25, 0.125))
    expect(yardstickOf('worst auc').weigh(one, uneven)).toEqual({ a: 0.625, b: 0.1875, advantage: 0.4375 })
    expect(yardstickOf('worst auc of cvr').weigh(one, uneven)).toEqual({ a: 0.25, b: 0.125, advantage: 0.125 })
    expect(yardstickOf('worst auc of ctr').name).toBe('test AUC of ctr, worst scenario')
  })

  it('knows which way is better', () => {
    const loss = (value: number) => flight([row(1, 'a', 'ctr', 'log-loss', value), row(1, 'b', 'ctr', 'log-loss', value / 2)])
    expect(yardstickOf('log-loss').weigh(loss(0.5), loss(1))).toEqual({ a: 0.375, b: 0.75, advantage: 0.375 })
    expect(yardstickOf('worst log-loss').weigh(loss(0.5), loss(1))).toEqual({ a: 0.5, b: 1, advantage: 0.5 })
    const calibration = (value: number) => flight([row(1, 'a', 'ctr', 'calibration', value)])
    expect(yardstickOf('calibration').weigh(calibration(1.25), calibration(0.5))).toMatchObject({ a: 0.25, b: 0.5, advantage: 0.25 })
  })

  it('is on validation where test was not scored, or where it is asked for', () => {
    const validated = flight([row(1, 'a', 'ctr', 'auc', 0.5, 'validation')])
    expect(yardstickOf('auc').weigh(validated, validated)).toMatchObject({ a: 0.5 })
    const both = flight([row(1, 'a', 'ctr', 'auc', 0.5, 'validation'), row(1, 'a', 'ctr', 'auc', 0.75)])
    expect(yardstickOf('validation auc').weigh(both, both)).toMatchObject({ a: 0.5 })
    expect(yardstickOf('auc').weigh(both, both)).toMatchObject({ a: 0.75 })
  })

  it('is no number where a model diverged, and says so', () => {
    const lost = flight([...auc(1, 1, 1, 1, 1), row(1, 'b', 'ctr', 'log-loss', null)])
    const yardstick = yardstickOf('auc')
    expect(yardstick.weigh(one, lost)).toBeUndefined()
    expect([yardstick.diverged(one), yardstick.diverged(lost)]).toEqual([false, true])
    // Undefined of rows of one class, it says nothing of the model.
    const oneClass = flight([row(1, 'a', 'ctr', 'auc', null), row(1, 'b', 'ctr', 'auc', 0.5)])
    expect(yardstick.diverged(oneClass)).toBe(false)
    expect(yardstick.weigh(oneClass, oneClass)).toMatchObject({ a: 0.5 })
  })

  it('is what it takes to reach a level, one that never does counting as far as it was watched', () => {
    const scored = (...values: readonly number[]) => flight(values.map((value, i) => row(i + 1, 'a', 'ctr', 'auc', value, 'validation')))
    const yardstick = yardstickOf('time to auc .7')
    expect(yardstick).toMatchObject({ unit: 'time', better: 'lower' })
    expect(yardstick.weigh(scored(0.8, 0.9), scored(0.6, 0.7))).toEqual({ a: 30e6, b: 60e6, advantage: 30e6 })
    expect(yardstick.weigh(scored(0.8, 0.9), scored(0.1, 0.2))).toEqual({ a: 30e6, b: 60e6, advantage: 30e6 })
    expect(yardstick.weigh(scored(0.1, 0.1), scored(0.1, 0.2))).toBeUndefined()
    expect(yardstickOf('rounds to auc .7').weigh(scored(0.6, 0.9), scored(0.9, 0.9))).toEqual({ a: 2, b: 1, advantage: -1 })
    expect(() => yardstick.demand(one)).toThrow('there is no auc on validation')
  })

  it('is what a flight costs', () => {
    expect(yardstickOf('virtual time').weigh(flight([], { virtualTime: 5 }), flight([], { virtualTime: 8 }))).toEqual({ a: 5, b: 8, advantage: 3 })
    // By hand: the uploads and downloads of the fixture, what stayed inside not among them.
    expect(yardstickOf('bytes').weigh(one, flight([], { ledger: [] }))).toEqual({ a: 440, b: 0, advantage: -440 })
    expect(yardstickOf('wasted examples').weigh(one, one)).toEqual({ a: 106, b: 106, advantage: 0 })
  })

  it('says what there is not', () => {
    expect(() => yardstickOf('acu')).toThrow('there is no metric acu. Did you mean "auc"?')
    expect(() => yardstickOf('worst')).toThrow('there is no metric worst')
    expect(() => yardstickOf('time to acu .7')).toThrow('Did you mean "auc"?')
    expect(() => yardstickOf('auc of c').demand(one)).toThrow('there is no scenario or task "c"')
    expect(() => yardstickOf('mse').demand(one)).toThrow('mse was not measured. Measured was auc.')
  })

  it('is read with how much it is to differ by', () => {
    const by = (text: string, metric: string) => parseBy(text, yardstickOf(metric))
    expect([by('.01', 'auc'), by('30 s', 'virtual time'), by('3 MB', 'bytes'), by('500', 'bytes'), by('2', 'rounds to auc .7')]).toEqual([0.01, 30e6, 3e6, 500, 2])
    expect(() => by('30', 'virtual time')).toThrow('--by 30: how much virtual time differs by is a time')
    expect(() => by('-1', 'auc')).toThrow('a number from 0 up')
    expect(() => by('3 pounds', 'bytes')).toThrow('a size')
  })
})
