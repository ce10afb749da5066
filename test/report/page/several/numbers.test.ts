import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forestChart, forestRows } from '../../../../src/report/page/several/forest-chart.js'
import { type FrontPoint, frontOf } from '../../../../src/report/page/several/front-chart.js'
import { shadeOf } from '../../../../src/report/page/several/heat.js'
import { shortNames } from '../../../../src/report/page/several/looks.js'
import { cellsOf, measuresOf } from '../../../../src/report/page/several/matrix.js'
import { barsOf } from '../../../../src/report/page/several/cost.js'
import { spendings } from '../../../../src/report/page/several/spent.js'
import { kindOf, warningKinds } from '../../../../src/report/page/several/trust.js'
import { compare } from '../../../../src/runs/comparison/compare.js'
import { manifest } from '../../../runs/flights.js'
import { factsOf, runOf } from './facts.js'

describe('a forest', () => {
  const scored = ['1', '2', '3', '4'].flatMap((seed, i) => ['base', 'better', 'same'].map((variant) => ({
    folder: `${variant} ${seed}`, condition: 'calm', variant, seed, round: 1,
    scores: ['a', 'b'].map((scenario, s) => ({ scenario, task: 'ctr', value: 0.5 + 0.01 * i + 0.1 * s + (variant === 'better' ? 0.1 + 0.002 * i : 0) })),
  })))
  const rows = compare(scored, { baselines: ['base'] })

  it('has the points, intervals, p and detectable effects of compare', () => {
    const forest = forestRows(rows, 0.95)
    expect(forest).toHaveLength(rows.length)
    forest.forEach((row, i) => {
      const { effect, adjusted, detectable } = rows[i]
      expect([row.estimate, row.low, row.high, row.adjusted, row.detectable]).toEqual([effect.estimate, ...effect.interval, adjusted, detectable])
      expect(row.isSignificant).toBe(adjusted <= 0.05)
    })
    expect(forest.some(({ isSignificant }) => isSignificant)).toBe(true)
  })

  it('draws them, and 0', () => {
    const { option } = forestChart(forestRows(rows, 0.95), { caption: '', title: '' })
    const { xAxis, yAxis, series } = option as { xAxis: { min: number; max: number }; yAxis: { data: string[] }[]; series: { data: { value: (number | '-')[] }[] }[] }
    const [, drawn] = series
    drawn.data.forEach(({ value: [estimate, row, low, high] }, i) => {
      expect(row).toBe(i)
      expect(estimate).toBeCloseTo(rows[i].effect.estimate, 4)
      if (low !== '-') expect(low).toBeCloseTo(rows[i].effect.interval[0], 4)
      if (high !== '-') expect(high).toBeCloseTo(rows[i].effect.interval[1], 4)
    })
    expect([xAxis.min < 0, xAxis.max > 0]).toEqual([true, true])
    expect(yAxis[0].data[0]).toBe('better · mean')
  })
})

describe('a front', () => {
  const at = (value: number) => ({ x: 0, mean: value, low: value, high: value, seeds: 1 })

  it.each([false, true])('holds the variants that no other beats (less is better: %s)', (lower) => {
    const few = fc.integer({ min: 0, max: 5 })
    fc.assert(fc.property(fc.array(fc.tuple(few, few), { maxLength: 12 }), (pairs) => {
      const points = pairs.map(([cost, quality], i): FrontPoint => ({ name: String(i), short: String(i), colour: '', cost: at(cost), quality: at(quality) }))
      const beats = (a: FrontPoint, b: FrontPoint): boolean => {
        const [better, worse] = lower ? [b, a] : [a, b]
        return a.cost.mean <= b.cost.mean && better.quality.mean >= worse.quality.mean && (a.cost.mean < b.cost.mean || a.quality.mean !== b.quality.mean)
      }
      const slow = points.filter((one) => !points.some((other) => beats(other, one)))
      expect(new Set(frontOf(points, lower))).toEqual(new Set(slow))
    }))
  })
})

describe('a matrix', () => {
  const runs = [['calm', 0.7, 100], ['stormy', 0.6, 250]].flatMap(([condition, score, bytes]) => ['1', '2'].map((seed) =>
    runOf({ condition: condition as string, variant: 'fedavg', seed, scores: { a: (score as number) - 0.1, b: (score as number) + (seed === '1' ? 0.1 : 0.12) }, spent: { bytes: bytes as number, wastedBytes: (bytes as number) / 10 } })))
  const facts = factsOf(runs, { calm: 'calm' })
  const cells = (tab: string, nth = 0) => cellsOf(facts, facts.conditions, measuresOf(facts).find((one) => one.tab === tab)!.all[nth])[0].cells

  it('has means over seeds, and what they are beside the calm condition', () => {
    expect(cells('quality')).toEqual([{ value: expect.closeTo(0.705, 12), text: '0.7050' }, { value: expect.closeTo(0.605, 12), text: '0.6050', beside: '-0.1000' }])
    expect(cells('bytes').map((cell) => cell?.beside)).toEqual([undefined, 'x2.50'])
    expect(cells('waste')[1]).toEqual({ value: 0.1, text: '10.0 %', beside: '+0.0' })
    expect(cells('fairness')[1]).toMatchObject({ text: '0.5000', beside: '-0.1000' })
    expect(cells('fairness', 1)[0]).toMatchObject({ value: expect.closeTo(0.21, 12) })
  })

  it('has no number where a run has none, as it would be a mean of fewer', () => {
    const lost = factsOf([...runs.slice(0, 3), { ...runs[3], summed: { ...runs[3].summed!, scores: new Map([['ctr', { mean: null, worst: null, spread: null, scenarios: new Map() }]]) } }])
    expect(cellsOf(lost, lost.conditions, measuresOf(lost)[0].all[0])[0].cells.map((cell) => cell?.text)).toEqual(['0.7050', undefined])
  })

  it('is the darker, the higher', () => {
    expect([0, 0.05, 0.1, 0.55, 1].map((value) => shadeOf(value, [0, 1]))).toEqual([0, 0, 1, 5, 9])
    expect(shadeOf(3, [3, 3])).toBe(0)
  })

  it('agrees with the bars of what was spent', () => {
    expect(barsOf(facts, spendings[0]).map(({ all, wasted }) => [all, wasted])).toEqual([[100, 10], [250, 25]])
  })
})

describe('names in pictures', () => {
  it('are short, and each another', () => {
    expect([...shortNames(['local.optimizer.rate=0.001', 'local.optimizer.rate=0.01']).values()]).toEqual(['…rate=0.001', '…rate=0.01'])
    expect([...shortNames(['a', 'ab']).values()]).toEqual(['a', 'ab'])
    fc.assert(fc.property(fc.uniqueArray(fc.string({ maxLength: 60 }), { maxLength: 8 }), (names) => {
      const short = [...shortNames(names, 12).values()]
      expect(new Set(short).size).toBe(names.length)
      expect(short.every((name) => name.length <= 12)).toBe(true)
    }))
  })
})

describe('warnings', () => {
  it('are counted by kind, whatever their numbers', () => {
    const of = (warnings: string[]) => ({ manifest: { ...manifest, warnings } })
    const kinds = warningKinds([of(['the fault lose-1 never fired (a)', 'x']), of(['the fault lose-2 never fired (b)', 'the fault lose-c438b5f8 never fired (c)'])])
    expect(kinds).toEqual([
      { kind: 'the fault lose-N never fired (...)', runs: 2, times: 3, example: 'the fault lose-1 never fired (a)' }, { kind: 'x', runs: 1, times: 1, example: 'x' },
    ])
    expect(kindOf('12.5 updates, 3e-4')).toBe('N updates, N')
  })
})
