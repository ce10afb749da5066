import { describe, expect, it } from 'vitest'
import { parseLevel } from '../../../src/flight/level.js'
import { gather, type At } from '../../../src/runs/comparison/gather.js'
import type { MetricRow } from '../../../src/record/rows.js'
import { manifestFile, type Manifest } from '../../../src/runs/manifest.js'
import { roundSummaries } from '../../../src/flight/round-summaries.js'
import { flight, manifest, metrics } from '../flights.js'
import { MemoryDisk } from '../memory-disk.js'

const wanted = { metric: 'auc', at: 'selected' } as const

const disk = (runs: Readonly<Record<string, Partial<Manifest>>>, rows: readonly MetricRow[] = metrics): MemoryDisk => {
  const made = new MemoryDisk()
  for (const [folder, about] of Object.entries(runs)) {
    made.makeFolder(folder)
    const whole = { ...manifest, status: 'complete', selectedRound: 1, ...about }
    made.replace(`${folder}/${manifestFile}`, JSON.stringify(whole))
    made.replace(`${folder}/metrics.ndjson`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    made.replace(`${folder}/rounds.ndjson`, roundSummaries(flight).map((row) => `${JSON.stringify(row)}\n`).join(''))
  }
  return made
}

const specified = (strategy: object, world: object = { kind: 'storefronts', divergence: 0.5 }): Partial<Manifest> => ({
  specification: { name: 'x', strategy, world, local: { epochs: 1 }, faults: [] },
})

describe('gathering runs', () => {
  it('takes the round best on validation, or the last', () => {
    const one = disk({ a: {} })
    expect(gather(['a'], wanted, one)[0]).toMatchObject({
      round: 1, seed: '7', folder: 'a',
      scores: [{ scenario: 'a', task: 'ctr', value: 0.625 }, { scenario: 'b', task: 'ctr', value: 0.75 }],
    })
    expect(gather(['a'], { metric: 'auc', at: 'last' }, one)[0]).toMatchObject({
      round: 2, scores: [{ scenario: 'a', value: 0.6 }, { scenario: 'b', value: null }],
    })
  })

  it('takes each scenario at the round that was best on its own validation', () => {
    const curve = (scenario: string, split: 'test' | 'validation', values: readonly number[]): MetricRow[] =>
      values.map((value, i) => ({ round: i + 1, virtualTime: 0, scenario, task: 'ctr', split, metric: 'auc', value }))
    const rows = [
      ...curve('a', 'validation', [0.6, 0.7, 0.7]), ...curve('b', 'validation', [0.9, 0.5, 0.4]),
      ...curve('a', 'test', [0.1, 0.2, 0.3]), ...curve('b', 'test', [0.4, 0.5, 0.7]),
    ]
    const valuesAt = (at: At, of = rows): unknown[] =>
      gather(['a'], { metric: 'auc', at }, disk({ a: {} }, of))[0].scores.map(({ value }) => Number(value?.toFixed(9)))
    expect(valuesAt('own')).toEqual([0.2, 0.4])
    expect(valuesAt('mean')).toEqual([0.2, 0.533333333])
    expect(valuesAt('mean', rows.filter(({ split }) => split === 'test'))).toEqual([0.2, 0.533333333])
    expect(valuesAt('own', rows.filter(({ split }) => split === 'test'))).toEqual([0.3, 0.7])
  })

  it('takes the time to a level of one scenario or task, censored where it is not reached, and refuses one that there is not', () => {
    const level = (text: string) => gather(['a'], { metric: parseLevel(text)!, at: 'selected' }, disk({ a: {} }))[0]
    // Round 1 closes at 30 s, round 2 at 60 s.
    expect(level('time to test auc of b .7')).toMatchObject({ reached: true, scores: [{ value: 30 }] })
    expect(level('time to test auc of a/ctr .7')).toMatchObject({ reached: false, horizon: 60, scores: [{ value: null }] })
    expect(() => level('time to test auc of c .7')).toThrow('a: "virtual seconds to test AUC of c 0.7": ')
    expect(() => level('time to test auc of a/crt .7')).toThrow('there is no task "crt". Did you mean "ctr"? There is ctr.')
  })

  it('wants test scored whenever validation is for a mean over rounds, or for each scenario’s own', () => {
    const row = (round: number, split: 'test' | 'validation'): MetricRow =>
      ({ round, virtualTime: 0, scenario: 'a', task: 'ctr', split, metric: 'auc', value: 0.5 })
    const rows = [row(1, 'validation'), row(2, 'validation'), row(2, 'test')]
    expect(() => gather(['a'], { metric: 'auc', at: 'mean' }, disk({ a: {} }, rows)))
      .toThrow(/a has no test score after round 1.*evaluate\.on/)
  })

  it('takes a mean over rounds as diverged, or undefined, where any of them was', () => {
    const row = (round: number, scenario: string, metric: string, value: number | null): MetricRow =>
      ({ round, virtualTime: 0, scenario, task: 'ctr', split: 'test', metric, value })
    const rows = [
      row(1, 'a', 'auc', 0.5), row(1, 'a', 'log-loss', 0.4), row(2, 'a', 'auc', null), row(2, 'a', 'log-loss', null),
      row(1, 'b', 'auc', 0.5), row(2, 'b', 'auc', 0.7),
    ]
    expect(gather(['a'], { metric: 'auc', at: 'mean' }, disk({ a: {} }, rows))[0].scores).toEqual([
      { scenario: 'a', task: 'ctr', value: null, diverged: true }, { scenario: 'b', task: 'ctr', value: 0.6 },
    ])
  })

  it('knows where a model diverged from where all rows are of one class', () => {
    const row = (scenario: string, metric: string, value: number | null): MetricRow =>
      ({ round: 1, virtualTime: 0, scenario, task: 'ctr', split: 'test', metric, value })
    const rows = [
      row('a', 'auc', null), row('a', 'log-loss', null), row('b', 'auc', null), row('b', 'log-loss', 0.4), row('c', 'auc', 0.7),
    ]
    expect(gather(['a'], wanted, disk({ a: {} }, rows))[0].scores).toEqual([
      { scenario: 'a', task: 'ctr', value: null, diverged: true },
      { scenario: 'b', task: 'ctr', value: null }, { scenario: 'c', task: 'ctr', value: 0.7 },
    ])
  })

  it('takes a calibration by how far it is from 1', () => {
    const rows = [0.5, 1.25, null].map((value, i): MetricRow =>
      ({ round: 1, virtualTime: 0, scenario: String(i), task: 'ctr', split: 'test', metric: 'calibration', value }))
    const [{ scores }] = gather(['a'], { metric: 'calibration', at: 'selected' }, disk({ a: {} }, rows))
    expect(scores.map(({ value }) => value)).toEqual([0.5, 0.25, null])
  })

  it('calls runs as their study does', () => {
    const study = { name: 's', condition: 'divergence 0', variant: 'fedbn' }
    const [run] = gather(['a'], wanted, disk({ a: { study } }))
    expect(run).toMatchObject({ condition: 'divergence 0', variant: 'fedbn' })
  })

  it('calls other runs after what sets them apart', () => {
    const runs = gather(
      ['a', 'b', 'c', 'd'],
      wanted,
      disk({
        a: specified({ kind: 'fedavg' }),
        b: specified({ kind: 'fedprox', mu: 0.1 }),
        c: specified({ kind: 'fedprox', mu: 1 }),
        d: specified({ kind: 'fedavg' }, { kind: 'storefronts', divergence: 1 }),
      }),
    )
    expect(runs.map(({ variant }) => variant)).toEqual(['fedavg', 'fedprox, mu=0.1', 'fedprox, mu=1', 'fedavg'])
    expect(runs.map(({ condition }) => condition)).toEqual([
      'divergence=0.5', 'divergence=0.5', 'divergence=0.5', 'divergence=1',
    ])
  })

  it('calls runs of one strategy in different weathers after their faults: what did the weather cost?', () => {
    const weather = (faults: readonly object[]): Partial<Manifest> => ({
      specification: { name: 'x', strategy: { kind: 'fedavg' }, world: { kind: 'storefronts' }, faults },
    })
    const lossy = { kind: 'lose', probability: 0.1 }
    const named = (...all: readonly (readonly object[])[]): string[] => {
      const folders = all.map((_, i) => `run-${i}`)
      const runs = gather(folders, wanted, disk(Object.fromEntries(all.map((faults, i) => [folders[i], weather(faults)]))))
      expect(new Set(runs.map(({ condition }) => condition))).toEqual(new Set(['fedavg']))
      return runs.map(({ variant }) => variant)
    }
    expect(named([], [lossy], [lossy, { kind: 'slow', by: 2 }])).toEqual(['no faults', 'lose', 'lose + slow'])
    expect(named([lossy], [{ ...lossy, probability: 0.2 }])).toEqual(['0.probability=0.1', '0.probability=0.2'])
  })

  it('refuses what cannot be compared, by its folder', () => {
    expect(() => gather(['a'], wanted, disk({ a: { status: 'interrupted' } }))).toThrow(
      'a holds a run that is interrupted: it is not complete. npx windtunnel resume a flies it to its end.',
    )
    expect(() => gather(['a'], wanted, disk({ a: { status: 'failed' } }))).toThrow(
      'a holds a run that failed: it is not complete. Leave it out; npx windtunnel shrink a looks for the simplest that fails so.',
    )
    expect(() => gather(['a'], { ...wanted, metric: 'log-loss' }, disk({ a: {} }))).toThrow(
      'a has no log-loss on test after round 1. It has: auc.',
    )
    expect(() => gather(['a', 'b'], wanted, disk({ a: {}, b: {} }))).toThrow(
      'b and a are both tiny of made with seed 7: leave one out',
    )
    expect(() => gather(['nowhere'], wanted, disk({ a: {} }))).toThrow('nowhere does not exist')
  })
})
