import { describe, expect, it } from 'vitest'
import { formatAuc, formatBytes, formatTime } from '../../src/report/format.js'
import { summarise } from '../../src/cli/summary.js'
import { bytesTable, faultTable, report, scoreTable, trainingTable } from '../../src/cli/tables.js'
import { warningsOf } from '../../src/runs/warnings.js'
import type { Run } from '../../src/runs/simulate.js'
import { flight, manifest } from '../runs/flights.js'

const run = {
  ...flight,
  resolved: { name: 'tiny', seed: '7', engine: 'onnx', workers: 2, warnings: [] },
  manifest,
  warnings: ['mind the gap', ...warningsOf(flight)],
  folder: 'runs/tiny-7',
  spent: { realSeconds: 1.25, cpuSeconds: 2.5 },
  compared: { isolation: 'client-a, b' },
} as unknown as Run

describe('tables', () => {
  it('shows test scores at the selected and the last round, with means of what is defined', () => {
    expect(scoreTable(run)).toBe(
      [
        '┌──────────┬──────┬─────────┬─────────────────┐',
        '│ scenario │ task │ AUC (1) │         AUC (2) │',
        '├──────────┼──────┼─────────┼─────────────────┤',
        '│ a        │ ctr  │  0.6250 │          0.6000 │',
        '│ b        │ ctr  │  0.7500 │               - │',
        '│ mean     │ ctr  │  0.6875 │ 0.6000 (1 of 2) │',
        '└──────────┴──────┴─────────┴─────────────────┘',
      ].join('\n'),
    )
  })

  it('shows an AUC over few rows of one label with its interval, and not to four digits', () => {
    // By hand: a = (.8 * 5 + 1) / 7 = 5/7, q1 = 5/9, q2 = 25/42; variance (10/49 + 4 (5/9 - 25/49) + 94 (25/42 - 25/49)) / 475.
    const variance = (10 / 49 + 4 * (5 / 9 - 25 / 49) + 94 * (25 / 42 - 25 / 49)) / 475
    expect(formatAuc(0.8, { positives: 5, negatives: 95 })).toBe(`0.80 ± ${(1.96 * Math.sqrt(variance)).toFixed(2)}`)
    expect(formatAuc(1, { positives: 3, negatives: 400 })).toMatch(/^1\.00 ± 0\.[1-9]/)
    expect(formatAuc(0.80123, { positives: 50, negatives: 950 })).toBe('0.8012')
    expect(formatAuc(null, { positives: 0, negatives: 9 })).toBe('-')
    const labels = { ctr: { positives: 2, negatives: 3 } }
    const few = { ...run, manifest: { ...manifest, labels: { a: labels, b: labels } } }
    expect(scoreTable(few)).toMatch(/│ a +│ ctr +│ 0\.63 ± 0\.\d\d │ +0\.60 ± 0\.\d\d │/)
  })

  it('shows where every byte went', () => {
    expect(bytesTable(run)).toBe(
      [
        '┌───────────────┬─────────┬───────────┬────────┬─────────┬─────────────┐',
        '│ direction     │ message │ fate      │ copies │ encoded │ on the wire │',
        '├───────────────┼─────────┼───────────┼────────┼─────────┼─────────────┤',
        '│ up            │ update  │ lost      │      1 │   100 B │        40 B │',
        '│               │ update  │ used      │      2 │   200 B │       200 B │',
        '│ down          │ model   │ fruitless │      1 │   100 B │       100 B │',
        '│               │ model   │ used      │      1 │   100 B │       100 B │',
        '│ among servers │ close   │ control   │      1 │     8 B │         8 B │',
        '└───────────────┴─────────┴───────────┴────────┴─────────┴─────────────┘',
      ].join('\n'),
    )
    expect(trainingTable(run)).toContain('│ interrupted │     1 │       10 │')
  })

  it('keeps the fault table within its width', () => {
    for (const width of [60, 100]) {
      const lines = faultTable(run, width).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBe(width)
    }
  })

  it('ends with totals, warnings for faults that never fired, and the way back', () => {
    const text = report(run, 100, 'npx windtunnel replay runs/tiny-7')
    expect(text).toContain('1 round closed, 1 aborted · virtual time 1:00')
    expect(text).toContain('trained in vain: 106 examples')
    expect(text).toContain('warning: mind the gap\n')
    const warning = 'warning: the fault slow-1 never fired (slow client-a by 8):'
    expect(text).toContain(`${warning} the result says nothing about it\n`)
    expect(report(run, 60, '')).toContain(`${warning}\n  the result says nothing about it\n`)
    expect(text).toContain('check isolation: client-a, b\n')
    expect(text).toContain('replay npx windtunnel replay runs/tiny-7')
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it('summarises the same as plain data', () => {
    const summary = JSON.parse(JSON.stringify(summarise(run))) as Record<string, unknown>
    expect(summary).toMatchObject({
      name: 'tiny',
      digest: 'd1',
      run: 'runs/tiny-7',
      rounds: { count: 2, closed: 1, aborted: 1, selected: 1 },
      test: { selected: { round: 1, auc: 0.6875 }, last: { round: 2, auc: 0.6, logLoss: null } },
      bytes: { up: 240, down: 200, inside: 8 },
      compared: { isolation: 'client-a, b' },
    })
    expect(summary.warnings).toEqual(run.warnings)
  })
})

describe('formats', () => {
  it('chooses units that a person reads', () => {
    expect([0, 1023, 1024, 1536].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 KiB'])
    expect(formatBytes(3 * 1024 ** 3)).toBe('3.0 GiB')
    expect([0, 40e3, 12.34e6, 307e6, 3723e6].map(formatTime)).toEqual(['0 ms', '40 ms', '12.3 s', '5:07', '1:02:03'])
  })
})
