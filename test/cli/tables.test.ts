import { describe, expect, it } from 'vitest'
import { formatBytes, formatTime } from '../../src/cli/format.js'
import { summarise } from '../../src/cli/summary.js'
import { bytesTable, faultTable, report, scoreTable, trainingTable } from '../../src/cli/tables.js'
import { warningsOf } from '../../src/runs/warnings.js'
import type { Run } from '../../src/runs/simulate.js'
import { flight, manifest } from '../runs/flights.js'

const run = {
  ...flight,
  resolved: { name: 'tiny', seed: '7', engine: 'onnx', workers: 2, warnings: [] },
  world: { name: 'made' },
  manifest,
  warnings: ['mind the gap', ...warningsOf(flight)],
  folder: 'runs/tiny-7',
  spent: { realSeconds: 1.25, cpuSeconds: 2.5 },
} as unknown as Run

describe('tables', () => {
  it('shows test scores at the selected and the last round, with means of what is defined', () => {
    expect(scoreTable(run)).toBe(
      [
        '┌──────────┬──────┬─────────┬─────────┐',
        '│ scenario │ task │ AUC (1) │ AUC (2) │',
        '├──────────┼──────┼─────────┼─────────┤',
        '│ a        │ ctr  │  0.6250 │  0.6000 │',
        '│ b        │ ctr  │  0.7500 │       - │',
        '│ mean     │      │  0.6875 │  0.6000 │',
        '└──────────┴──────┴─────────┴─────────┘',
      ].join('\n'),
    )
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
