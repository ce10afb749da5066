import { describe, expect, it } from 'vitest'
import { bandOf } from '../../../../src/report/page/several/band.js'
import type { CurvePoint } from '../../../../src/report/page/several/sum-run.js'

const point = (round: number, time: number, mean: number | null): CurvePoint => ({ round, time, bytes: 10 * time, mean, worst: mean === null ? null : mean / 2 })

describe('bandOf', () => {
  const fast = [point(0, 0, 0.5), point(1, 10, 0.6), point(2, 20, 0.7)]
  const slow = [point(0, 0, 0.5), point(1, 30, 0.8), point(3, 40, 0.9)]

  it('has means, lowest and highest at the rounds that all seeds have', () => {
    expect(bandOf([fast, slow], 'round', 'mean')).toEqual([
      { x: 0, mean: 0.5, low: 0.5, high: 0.5, seeds: 2 },
      { x: 1, mean: expect.closeTo(0.7, 12), low: 0.6, high: 0.8, seeds: 2 },
    ])
    expect(bandOf([fast, slow], 'round', 'worst')[1]).toMatchObject({ low: 0.3, high: 0.4 })
  })

  it('is along straight lines over time, as long as every seed flew', () => {
    const band = bandOf([fast, slow], 'time', 'mean')
    expect(band.map(({ x }) => x)).toEqual([0, 10, 20])
    expect(band[1]).toMatchObject({ low: 0.6, high: 0.6, mean: expect.closeTo(0.6, 12) })
    expect(band[2]).toMatchObject({ low: expect.closeTo(0.7, 12), high: expect.closeTo(0.7, 12) })
    expect(bandOf([fast, slow], 'bytes', 'mean').at(-1)).toMatchObject({ x: 200 })
  })

  it('leaves out the points of a seed that are undefined, and is empty where seeds share nothing', () => {
    expect(bandOf([fast, [point(0, 0, 0.5), point(1, 10, null), point(2, 20, 0.5)]], 'round', 'mean').map(({ x }) => x)).toEqual([0, 2])
    expect(bandOf([fast, [point(5, 50, 0.5)]], 'round', 'mean')).toEqual([])
    expect(bandOf([fast, [point(5, 50, 0.5)]], 'time', 'mean')).toEqual([])
    expect(bandOf([fast, []], 'round', 'mean')).toEqual([])
  })

  it('keeps the first and the last of many rounds', () => {
    const long = Array.from({ length: 200 }, (_, i) => point(i, i, i / 200))
    const band = bandOf([long, long], 'round', 'mean')
    expect(band.length).toBeLessThan(30)
    expect([band[0].x, band.at(-1)!.x]).toEqual([0, 199])
    expect(band.every(({ x, mean }) => mean === x / 200)).toBe(true)
  })
})
