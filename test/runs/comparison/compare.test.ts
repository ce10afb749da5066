import { describe, expect, it } from 'vitest'
import { normal, streams } from '../../../src/random/streams.js'
import { compare } from '../../../src/runs/comparison/compare.js'
import type { ScoredRun } from '../../../src/runs/comparison/gather.js'

const run = (variant: string, seed: number, scores: Readonly<Record<string, number | null>>): ScoredRun => ({
  folder: `runs/${variant}-${seed}`, condition: 'calm', variant, seed: String(seed), round: 3,
  scores: Object.entries(scores).map(([key, value]) => {
    const [scenario, task] = key.split('/')
    return { scenario, task, value }
  }),
})

describe('a comparison', () => {
  it('pairs by seed, worked by hand', () => {
    const rows = compare(
      [
        run('base', 1, { 'NL/ctr': 0.5, 'ES/ctr': 0.6 }),
        run('base', 2, { 'NL/ctr': 0.7, 'ES/ctr': 0.6 }),
        run('new', 2, { 'NL/ctr': 0.8, 'ES/ctr': 0.7 }),
        run('new', 1, { 'NL/ctr': 0.5, 'ES/ctr': 0.8 }),
      ],
      { baselines: ['base'] },
    )
    expect(rows.map(({ scope, scenario }) => `${scope} ${scenario}`)).toEqual([
      'mean mean', 'worst worst', 'scenario NL', 'scenario ES',
    ])
    const [average, worst, nl] = rows
    // Means over scenarios: base .55, .65; new .65, .75. Worst: base .5, .6; new .5, .7. NL: base .5, .7; new .5, .8.
    expect(average).toMatchObject({ variant: 'new', baseline: 'base', condition: 'calm', task: 'ctr', seeds: 2 })
    expect(average.score).toBeCloseTo(0.7, 12)
    expect(average.against).toBeCloseTo(0.6, 12)
    expect(average.effect.estimate).toBeCloseTo(0.1, 12)
    expect(worst.effect.estimate).toBeCloseTo(0.05, 12)
    expect(nl.effect.estimate).toBeCloseTo(0.05, 12)
    expect(nl.effect.standardError).toBeCloseTo(0.05, 12)
    expect(nl.effect.df).toBe(1)
    expect(nl.users).toBeUndefined()
  })

  it('weighs scenarios by their rows, where that is wanted', () => {
    const weighed = (variant: string, small: number, large: number): ScoredRun => ({
      ...run(variant, 1, {}),
      scores: [{ scenario: 'NL', task: 'ctr', value: small, rows: 100 }, { scenario: 'ES', task: 'ctr', value: large, rows: 300 }],
    })
    const [mean] = compare([weighed('base', 0.5, 0.7), weighed('new', 0.9, 0.6)], { baselines: ['base'], byRows: true })
    expect(mean.scenario).toBe('mean by rows')
    expect(mean.against).toBeCloseTo(0.65, 12)
    expect(mean.score).toBeCloseTo(0.675, 12)
  })

  it('of a loss takes the highest as the worst', () => {
    const scores = { 'NL/ctr': 0.5, 'ES/ctr': 0.6 }
    const runs = [run('base', 1, scores), run('new', 1, { 'NL/ctr': 0.7, 'ES/ctr': 0.6 })]
    const worst = compare(runs, { baselines: ['base'], lowerIsBetter: true })[1]
    expect([worst.scope, worst.against, worst.score]).toEqual(['worst', 0.6, 0.7])
  })

  it('has the relative gain over all tasks, where that is wanted', () => {
    const runs = [run('alone', 1, { 'NL/ctr': 0.5, 'NL/cvr': 0.8 }), run('both', 1, { 'NL/ctr': 0.6, 'NL/cvr': 0.76 })]
    const [gain, ...rest] = compare(runs, { baselines: ['alone'], gain: true })
    // ctr gains 20 %, cvr loses 5 %.
    expect(gain).toMatchObject({ scope: 'gain', task: 'all', scenario: 'relative gain, %', score: NaN })
    expect(gain.effect.estimate).toBeCloseTo(7.5, 12)
    expect(rest.map(({ scope }) => scope)).toEqual(['scenario', 'scenario'])
    const losses = compare(runs, { baselines: ['alone'], gain: true, lowerIsBetter: true })
    expect(losses[0].effect.estimate).toBeCloseTo(-7.5, 12)
  })

  it('leaves out seeds without a partner and scores that are undefined, and says how many are left', () => {
    const rows = compare(
      [
        run('base', 1, { 'NL/ctr': 0.5 }), run('base', 2, { 'NL/ctr': 0.6 }), run('base', 3, { 'NL/ctr': null }),
        run('new', 1, { 'NL/ctr': 0.6 }), run('new', 3, { 'NL/ctr': 0.6 }), run('new', 4, { 'NL/ctr': 0.9 }),
      ],
      { baselines: ['base'] },
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ seeds: 1, scope: 'scenario' })
    expect(rows[0].effect.p).toBeNaN()
    expect(rows[0].adjusted).toBeNaN()
  })

  it('has no mean and no worst of a run that lost a scenario: the others are not the same scenarios', () => {
    const lost = run('new', 2, { 'NL/ctr': null, 'ES/ctr': 0.9 })
    const rows = compare(
      [
        run('base', 1, { 'NL/ctr': 0.5, 'ES/ctr': 0.7 }), run('base', 2, { 'NL/ctr': 0.5, 'ES/ctr': 0.7 }),
        run('new', 1, { 'NL/ctr': 0.4, 'ES/ctr': 0.6 }),
        { ...lost, scores: lost.scores.map((score) => (score.value === null ? { ...score, diverged: true } : score)) },
      ],
      { baselines: ['base'] },
    )
    const found = rows.map(({ scenario, seeds, effect }) => [scenario, seeds, effect.estimate])
    expect(found).toEqual([
      ['mean', 1, expect.closeTo(-0.1, 12)], ['worst', 1, expect.closeTo(-0.1, 12)], ['NL', 1, expect.closeTo(-0.1, 12)],
      ['ES', 2, expect.closeTo(0.05, 12)],
    ])
  })

  it('compares two baselines with each other once', () => {
    const runs = ['a', 'b', 'c'].map((variant, i) => run(variant, 1, { 'NL/ctr': 0.5 + i / 10 }))
    const rows = compare(runs, { baselines: ['a', 'b'] })
    expect(rows.map(({ variant, baseline }) => `${variant}-${baseline}`)).toEqual(['b-a', 'c-a', 'c-b'])
  })

  it('corrects within two families: summaries and single scenarios', () => {
    const noise = streams('families')('x')
    const about = (level: number): number => level + normal(noise) / 50
    const scores = (shift: number) => ({ 'NL/ctr': about(0.6 + shift), 'ES/ctr': about(0.6 + shift) })
    const runs = [1, 2, 3, 4, 5, 6].flatMap((seed) => [run('base', seed, scores(0)), run('new', seed, scores(0.02))])
    const rows = compare(runs, { baselines: ['base'] })
    for (const family of [rows.slice(0, 2), rows.slice(2)]) {
      const ps = family.map(({ effect }) => effect.p)
      const small = Math.min(...ps)
      expect(family.find(({ effect }) => effect.p === small)!.adjusted).toBeCloseTo(Math.min(1, 2 * small), 12)
    }
    expect(rows[0].detectable).toBeGreaterThan(2 * rows[0].effect.standardError)
  })

  it('adds the sampling of users where it is told', () => {
    const runs = [1, 2, 3].flatMap((seed) => [
      run('base', seed, { 'NL/ctr': 0.5 }), run('new', seed, { 'NL/ctr': 0.5 + seed / 100 }),
    ])
    const [alone] = compare(runs, { baselines: ['base'] })
    const [both] = compare(runs, { baselines: ['base'], usersOf: () => ({ variance: 0.0001, df: 41 }) })
    expect(both.users).toBe(42)
    expect(both.effect.standardError ** 2 - alone.effect.standardError ** 2).toBeCloseTo(0.0001, 12)
  })

  it('says what does not match', () => {
    const [a, b] = [run('a', 1, { 'NL/ctr': 0.5 }), run('b', 2, { 'NL/ctr': 0.5 })]
    expect(() => compare([a, b], { baselines: ['c'] })).toThrow('No run is of the baseline "c". Variants: a, b.')
    expect(() => compare([a], { baselines: ['a'] })).toThrow('All runs are of one variant (a)')
    expect(() => compare([a, b], { baselines: ['a'] })).toThrow('b and a of calm share no seed (2; 1)')
    const strange = run('b', 1, { 'NL/ctr': 0.5, 'ES/ctr': 0.5 })
    expect(() => compare([a, strange], { baselines: ['a'] })).toThrow(
      'runs/b-1 is scored on ES/ctr, NL/ctr, but runs/a-1 on NL/ctr: they are not of one condition.',
    )
  })
})

/** A table of four variants that do not differ from the baseline, or of which `v1` does by `planted`. */
const made = (table: number, planted: number): ScoredRun[] =>
  Array.from({ length: 10 }, (_, s) => s + 1).flatMap((seed) => {
    const draw = streams('made')(table, seed)
    const level = 0.7 + normal(draw) / 20
    return ['base', 'v1', 'v2', 'v3', 'v4'].map((variant) =>
      run(variant, seed, {
        'NL/ctr': level + normal(draw) / 100 + (variant === 'v1' ? planted : 0),
        'ES/ctr': level + normal(draw) / 100 + (variant === 'v1' ? planted : 0),
      }))
  })

const significant = (table: number, planted: number): string[] =>
  compare(made(table, planted), { baselines: ['base'] })
    .filter(({ scope, adjusted }) => scope === 'mean' && adjusted <= 0.05)
    .map(({ variant }) => variant)

describe('what a table claims', () => {
  it('is something false in at most one table of pure noise in twenty', () => {
    const tables = 400
    let wrong = 0
    for (let table = 0; table < tables; table++) if (significant(table, 0).length > 0) wrong++
    // .05 and three standard deviations of a binomial share; Holm over correlated comparisons stays below.
    expect(wrong / tables).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / tables))
  })

  it('would be false more often without the correction', () => {
    let wrong = 0
    for (let table = 0; table < 300; table++) {
      const rows = compare(made(table, 0), { baselines: ['base'] })
      if (rows.some(({ scope, effect }) => scope === 'mean' && effect.p <= 0.05)) wrong++
    }
    expect(wrong / 300).toBeGreaterThan(0.1)
  })

  it('finds an effect that was planted, at its size, and no other', () => {
    let [found, others, covered] = [0, 0, 0]
    for (let table = 0; table < 200; table++) {
      const rows = compare(made(table, 0.02), { baselines: ['base'] }).filter(({ scope }) => scope === 'mean')
      const [low, high] = rows[0].effect.interval
      if (low <= 0.02 && high >= 0.02) covered++
      if (rows[0].adjusted <= 0.05) found++
      if (rows.slice(1).some(({ adjusted }) => adjusted <= 0.05)) others++
    }
    expect(found / 200).toBeGreaterThan(0.9)
    expect(others / 200).toBeLessThan(0.1)
    expect(covered / 200).toBeGreaterThan(0.9)
  })
})
