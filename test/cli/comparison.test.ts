import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { asCsv } from '../../src/cli/comparison/csv.js'
import { probability, signed } from '../../src/report/comparison/columns.js'
import { asLatex } from '../../src/cli/comparison/latex.js'
import { asMarkdown } from '../../src/cli/comparison/markdown.js'
import { asText } from '../../src/cli/comparison/text.js'
import type { MetricRow } from '../../src/record/rows.js'
import type { Comparison } from '../../src/runs/comparison/compare.js'
import { roundSummaries } from '../../src/flight/round-summaries.js'
import { flight, manifest, metrics } from '../runs/flights.js'
import { say } from './console.js'

const short = (value: number): number => Number(value.toPrecision(12))

const row = (about: Partial<Comparison>, estimate: number, reach: number): Comparison => ({
  condition: 'divergence 0.5', scope: 'scenario', scenario: 'NL_1', task: 'ctr', variant: 'fedbn', baseline: 'fedavg',
  seeds: 12, users: undefined, score: short(0.7 + estimate), against: 0.7,
  effect: {
    estimate, standardError: reach / 2, df: 11, interval: [short(estimate - reach), short(estimate + reach)], p: 0.0004,
  },
  adjusted: 0.0123, detectable: 0.03, signedRank: 0.01,
  ...about,
})

const rows: readonly Comparison[] = [
  row({ scope: 'mean', scenario: 'mean', users: 321 }, 0.0125, 0.005),
  row({ adjusted: 0.2 }, -0.003, 0.01),
  row({ variant: 'R&D, "new"', adjusted: 1 }, 0, 0.01),
]
const about = { what: 'test AUC after the round best on validation', level: 0.95 } as const

describe('formats', () => {
  it('text', () => {
    expect(asText(rows, about)).toBe(`\
divergence 0.5: test AUC after the round best on validation, against fedavg (ctr, mean: 0.7000)
┌──────┬──────────┬────────────┬────────┬────────────┬────────────────────┬───────┬──────────┬────────────┬───────┬───────┐
│ task │ scenario │ variant    │  score │ difference │      95 % interval │     p │ p (Holm) │ detectable │ seeds │ users │
├──────┼──────────┼────────────┼────────┼────────────┼────────────────────┼───────┼──────────┼────────────┼───────┼───────┤
│ ctr  │ mean     │ fedbn      │ 0.7125 │  +0.0125 * │ [+0.0075, +0.0175] │ <.001 │     .012 │     0.0300 │    12 │   321 │
│      │ NL_1     │ fedbn      │ 0.6970 │    -0.0030 │ [-0.0130, +0.0070] │ <.001 │     .200 │     0.0300 │    12 │     - │
│      │          │ R&D, "new" │ 0.7000 │    +0.0000 │ [-0.0100, +0.0100] │ <.001 │        1 │     0.0300 │    12 │     - │
└──────┴──────────┴────────────┴────────┴────────────┴────────────────────┴───────┴──────────┴────────────┴───────┴───────┘

Differences are paired by seed; intervals are Student’s over seeds, plus the sampling of users (bootstrap)
  where all seeds share one test set.
p (Holm) is corrected within the families of 1 and 2 comparisons; * marks .050 or less.
detectable: the true difference found with a probability of .8 after a Bonferroni correction for the family.
`)
  })

  it('say that nothing is compared where nothing is, and that one seed has no spread', () => {
    expect(asText([], about)).toMatch(/^\s*Nothing is compared: no two variants flew under the same condition with the same seed\./)
    for (const text of [asText([], about), asMarkdown([], about), asLatex([], about)]) {
      expect(text).toContain('Nothing is compared')
      expect(text).not.toMatch(/Holm|paired by seed/)
    }
    const [one] = rows
    const alone = { ...one, seeds: 1, effect: { ...one.effect, p: NaN } }
    expect(asText([alone], about)).toContain('Nothing here has a spread, as nothing has of one seed')
    expect(asText([alone], about)).not.toMatch(/families of|detectable: /)
  })

  it('Markdown', () => {
    expect(asMarkdown(rows, about).split('\n').slice(0, 7)).toEqual([
      'divergence 0.5: test AUC after the round best on validation, against fedavg (ctr, mean: 0.7000)',
      '',
      '| task | scenario | variant | score | difference | 95 % interval | p | p (Holm) | detectable | seeds | users |',
      '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| ctr | mean | fedbn | 0.7125 | **+0.0125** | [+0.0075, +0.0175] | &lt;.001 | .012 | 0.0300 | 12 | 321 |',
      '|  | NL_1 | fedbn | 0.6970 | -0.0030 | [-0.0130, +0.0070] | &lt;.001 | .200 | 0.0300 | 12 | - |',
      '|  |  | R&D, "new" | 0.7000 | +0.0000 | [-0.0100, +0.0100] | &lt;.001 | 1 | 0.0300 | 12 | - |',
    ])
  })

  it('CSV, in full and quoted where it must be', () => {
    const [head, first, , third] = asCsv(rows).split('\n')
    expect(head).toBe(
      'condition,baseline,task,scope,scenario,variant,seeds,users,score,baseline_score,difference,standard_error,df,' +
        'low,high,p,p_holm,detectable,p_signed_rank',
    )
    expect(first).toBe(
      'divergence 0.5,fedavg,ctr,mean,mean,fedbn,12,321,0.7125,0.7,0.0125,0.0025,11,' +
        '0.0075,0.0175,0.0004,0.0123,0.03,0.01',
    )
    expect(third).toContain(',"R&D, ""new""",12,,0.7,0.7,0,')
  })

  it('LaTeX with booktabs', () => {
    const text = asLatex(rows, about)
    expect(text).toContain('% \\usepackage{booktabs}\n')
    expect(text.slice(text.indexOf('\\begin'))).toBe(`\
\\begin{table}
  \\centering
  \\caption{divergence 0.5: test AUC after the round best on validation, against fedavg (ctr, mean: 0.7000).}
  \\begin{tabular}{lllrrrrrrrr}
    \\toprule
    task & scenario & variant & score & difference & 95 \\% interval & p & p (Holm) & detectable & seeds & users \\\\
    \\midrule
    ctr & mean & fedbn & 0.7125 & \\textbf{$+$0.0125} & [$+$0.0075, $+$0.0175] & $<$.001 & .012 & 0.0300 & 12 & 321 \\\\
     & NL\\_1 & fedbn & 0.6970 & $-$0.0030 & [$-$0.0130, $+$0.0070] & $<$.001 & .200 & 0.0300 & 12 & - \\\\
     &  & R\\&D, "new" & 0.7000 & $+$0.0000 & [$-$0.0100, $+$0.0100] & $<$.001 & 1 & 0.0300 & 12 & - \\\\
    \\bottomrule
  \\end{tabular}
\\end{table}
`)
  })

  it('numbers that are not there are dashes', () => {
    expect([signed(NaN), probability(NaN), probability(0.9999), probability(0.05)]).toEqual(['-', '-', '1', '.050'])
    expect(signed(-0.00004)).toBe('-0.0000')
  })
})

describe('compare', () => {
  const flown = (of: readonly MetricRow[] = metrics): string => {
    const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-compare-'))
    const put = (folder: string, variant: string, seed: string, shift: number): void => {
      mkdirSync(join(cwd, folder), { recursive: true })
      const study = { name: 's', condition: 'calm', variant }
      const whole = { ...manifest, status: 'complete', selectedRound: 1, seed, study }
      writeFileSync(join(cwd, folder, 'manifest.json'), JSON.stringify(whole))
      writeFileSync(join(cwd, folder, 'rounds.ndjson'), roundSummaries(flight).map((row) => `${JSON.stringify(row)}\n`).join(''))
      const shifted = of.map((m) => ({ ...m, value: m.value === null ? null : m.value + shift }))
      writeFileSync(join(cwd, folder, 'metrics.ndjson'), shifted.map((m) => `${JSON.stringify(m)}\n`).join(''))
    }
    for (const seed of ['1', '2']) {
      put(`calm/base/seed-${seed}`, 'base', seed, Number(seed) / 100)
      put(`calm/new/seed-${seed}`, 'new', seed, Number(seed) / 50)
    }
    put('tuning/x', 'base', '1', 0)
    return cwd
  }

  it('reads folders and those above them, and leaves tuning out', async () => {
    const cwd = flown()
    const { code, out } = await say(['compare', '.', '--format', 'csv', '--summary'], cwd)
    expect(code).toBe(0)
    const lines = out.trim().split('\n').map((line) => line.split(','))
    expect(lines.map((cells) => [cells[1], cells[4], cells[5], cells[6]])).toEqual([
      ['baseline', 'scenario', 'variant', 'seeds'],
      ['base', 'mean', 'new', '2'],
      ['base', 'worst', 'new', '2'],
    ])
    // Differences .01 and .02.
    expect(Number(lines[1][10])).toBeCloseTo(0.015, 12)
    const other = await say(['compare', 'calm', '--baseline', 'new', '--format', 'json'], cwd)
    expect((JSON.parse(other.out) as Comparison[])[0].effect.estimate).toBeCloseTo(-0.015, 12)
  })

  it('says which round it compares, and that it is the last where nothing was validated', async () => {
    const validation: MetricRow[] = metrics.map((m) => ({ ...m, split: 'validation' }))
    const cwd = flown([...metrics, ...validation, ...validation.map((m) => ({ ...m, round: m.round + 1 }))])
    expect((await say(['compare', 'calm'], cwd)).out).toContain('calm: test AUC after the round best on validation, against')
    expect((await say(['compare', 'calm', '--at', 'own'], cwd)).err).toContain('has no test score after round')
    const unseen = flown()
    expect((await say(['compare', 'calm'], unseen)).out)
      .toContain('calm: test AUC after the last round (nothing was validated), against')
    expect((await say(['compare', 'calm', '--at', 'mean'], unseen)).out)
      .toContain('calm: test AUC after every scored round, in the mean, against')
  })

  it('says what is wrong with what it is given', async () => {
    const cwd = flown()
    expect(await say(['compare', 'nowhere'], cwd)).toMatchObject({
      code: 7, err: 'windtunnel: nowhere does not exist. Give folders of runs, or one above them.\n',
    })
    expect((await say(['compare', 'calm/base/seed-1'], cwd)).err).toContain('One run cannot be compared')
    expect((await say(['compare', 'calm', '--metric', 'rmse'], cwd)).err).toContain('has no rmse on test after round 1')
    expect((await say(['compare', 'calm', '--baseline', 'old'], cwd)).err).toContain('No run is of the baseline "old"')
    expect((await say(['compare', 'calm', '--format', 'cvs'], cwd)).err).toContain('Did you mean "csv"?')
    mkdirSync(join(cwd, 'empty'))
    expect((await say(['compare', 'empty'], cwd)).err).toContain('empty holds no run')
  })
})
