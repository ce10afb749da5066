import { describe, expect, it } from 'vitest'
import { normal, streams } from '../../src/random/streams.js'
import { bootstrap, bootstrapVariance, drawCounts } from '../../src/statistics/bootstrap.js'
import { addComponents, effectOf, minimumDetectableEffect } from '../../src/statistics/effect.js'

describe('the effect of paired differences', () => {
  it('is Student’s paired test, worked by hand', () => {
    // mean 2, sample variance 2.5, standard error sqrt(.5), t = 2 sqrt 2 on 4 degrees of freedom, t(.975, 4) = 2.7764
    const { estimate, standardError, df, interval, p } = effectOf([0, 1, 2, 3, 4])
    expect([estimate, df]).toEqual([2, 4])
    expect(standardError).toBeCloseTo(Math.SQRT1_2, 12)
    expect(interval[0]).toBeCloseTo(2 - 2.7764 * Math.SQRT1_2, 4)
    expect(interval[1]).toBeCloseTo(2 + 2.7764 * Math.SQRT1_2, 4)
    const u = Math.SQRT2 * 2 / Math.sqrt(4 + 8)
    expect(p).toBeCloseTo(2 * (0.5 - 0.75 * (u - u ** 3 / 3)), 12)
  })

  it('adds the sampling of a common test set, with no more degrees of freedom than the seeds give', () => {
    const fixed = { variance: 1.5, df: 100 }
    const { standardError, df } = effectOf([0, 1, 2, 3, 4], 0.95, fixed)
    expect(standardError).toBeCloseTo(Math.SQRT2, 12)
    expect(df).toBe(4)
    expect(addComponents([{ variance: 0, df: 3 }, { variance: 0, df: 9 }])).toEqual({ variance: 0, df: 3 })
  })

  it.each([0.1, 0.3, 0.5, 1, 3])('covers the truth with three seeds beside many users, whose share is %f of the seeds’', (users) => {
    const trials = 3000
    let covered = 0
    for (let trial = 0; trial < trials; trial++) {
      const stream = streams(`three seeds ${users}`)(trial)
      // The sampling of users is common to all seeds, and known; that of seeds is what three of them show.
      const common = users * normal(stream)
      const { interval } = effectOf([0, 1, 2].map(() => common + normal(stream) * Math.sqrt(3)), 0.95, { variance: users ** 2, df: 2771 })
      if (interval[0] <= 0 && interval[1] >= 0) covered++
    }
    // Three standard deviations of a binomial share of .95 in 3,000 are .012.
    expect(covered / trials).toBeGreaterThan(0.938)
  })

  it('of one seed has no interval, unless users give one', () => {
    expect(effectOf([0.25])).toEqual({ estimate: 0.25, standardError: NaN, df: NaN, interval: [NaN, NaN], p: NaN })
    expect(minimumDetectableEffect(effectOf([0.25]))).toBeNaN()
    expect(effectOf([0.25], 0.95, { variance: 0.01, df: 1e6 }).interval[0]).toBeCloseTo(0.25 - 0.196, 4)
  })

  it('of differences that are all the same is not known to spread, and so not tested', () => {
    expect(effectOf([0.5, 0.5, 0.5])).toEqual({ estimate: 0.5, standardError: 0, df: 2, interval: [NaN, NaN], p: NaN })
    expect(minimumDetectableEffect(effectOf([0.5, 0.5]))).toBeNaN()
    expect(effectOf([0, 0])).toMatchObject({ p: 1, interval: [0, 0] })
  })

  it('covers the truth as often as it says, and calls noise an effect as seldom', () => {
    let [covered, significant] = [0, 0]
    const trials = 4000
    for (let trial = 0; trial < trials; trial++) {
      const stream = streams('coverage')(trial)
      const { interval, p } = effectOf(Array.from({ length: 5 }, () => normal(stream)))
      if (interval[0] <= 0 && interval[1] >= 0) covered++
      if (p <= 0.05) significant++
    }
    // Three standard deviations of a binomial share of .05 in 4,000 are .0103.
    expect(Math.abs(significant / trials - 0.05)).toBeLessThan(0.0103)
    expect(covered + significant).toBe(trials)
  })

  it('finds a planted effect of the minimum detectable size about four times in five', () => {
    const n = 10
    const truth = minimumDetectableEffect({ standardError: 1 / Math.sqrt(n), df: n - 1 })
    let found = 0
    for (let trial = 0; trial < 2000; trial++) {
      const stream = streams('power')(trial)
      if (effectOf(Array.from({ length: n }, () => truth + normal(stream))).p <= 0.05) found++
    }
    expect(found / 2000).toBeGreaterThan(0.76)
    expect(found / 2000).toBeLessThan(0.86)
  })
})

describe('the bootstrap', () => {
  it('draws as many units as there are', () => {
    const stream = streams('draws')(1)
    for (let i = 0; i < 20; i++) expect(drawCounts(new Int32Array(7), stream).reduce((a, b) => a + b)).toBe(7)
  })

  it('gives a mean the variance that algebra gives it: (n - 1) / n of s^2 / n', () => {
    const values = Array.from({ length: 40 }, (_, i) => (i * 7) % 11)
    const average = values.reduce((a, b) => a + b) / 40
    const expected = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / 40 / 40
    const means = bootstrap(40, 4000, streams('mean')(1), (counts) =>
      values.reduce((sum, v, i) => sum + v * counts[i], 0) / 40)
    const seen = bootstrapVariance(40, means)!
    expect(seen.variance / expected).toBeGreaterThan(0.9)
    expect(seen.variance / expected).toBeLessThan(1.1)
    expect(seen.df).toBe(39)
  })

  it('leaves out samples in which the statistic is undefined', () => {
    expect(bootstrapVariance(1, [1, 2])).toBeUndefined()
    expect(bootstrapVariance(5, [null, NaN, 1])).toBeUndefined()
    expect(bootstrapVariance(5, [null, 1, 3])).toEqual({ variance: 2, df: 4 })
  })
})
