import { expect, it } from 'vitest'

import { begun, ended, firstSweepStatus, sweepLine, sweepLines, type SweepStatus } from '../../src/cli/sweep-status.js'
import type { Cell } from '../../src/runs/study/cell.js'

const cell = (variant: string, seed: string, condition = 'calm'): Cell => ({ condition, variant, seed, folder: `${condition}/${variant}/${seed}` })
const begin = (status: SweepStatus, of: Cell, had = false, score?: number): void => begun(status, { number: 1, of: 1, phase: 'runs', cell: of, had }, score)
const end = (status: SweepStatus, of: Cell, score: number): void => ended(status, { number: 1, phase: 'runs', cell: of, outcome: { status: 'complete' } }, score)
const fail = (status: SweepStatus, of: Cell, why: string): void => ended(status, { number: 1, phase: 'runs', cell: of, outcome: { status: 'failed', code: 1, why } }, undefined)

const cells = ['mu=0.01', 'mu=0.1', 'mu=1'].flatMap((variant) => ['1', '2'].map((seed) => cell(variant, seed)))

it('the live table says what is done, running and failed, what is left, and which point is best so far', () => {
  const status = firstSweepStatus(cells)
  begin(status, cells[0], true, 0.7)
  for (const of of cells.slice(1, 5)) begin(status, of)
  end(status, cells[1], 0.71)
  end(status, cells[2], 0.7222)
  fail(status, cells[3], 'the line is cut\n    at somewhere')
  expect(sweepLines(status, 'mine', 30, { width: 100, height: 20 })).toEqual([
    'mine ━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 3/6 done · 1 running · 1 failed · real 30 s, about 20 s left',
    '            done  running  failed  validation',
    '  mu=0.01    2/2                   0.7050',
    '  mu=0.1     1/2                1  0.7222 best',
    '  mu=1       0/2        1',
    '  failed: calm · mu=0.1 · seed 2: the line is cut',
  ])
  // Less room: what is flown, then the best, in their order; lines are cut.
  expect(sweepLines(status, 'mine', 30, { width: 60, height: 5 })).toEqual([
    'mine 3/6 done · 1 running · 1 failed · real 30 s, about 20 …',
    '            done  running  failed  validation',
    '  mu=1       0/2        1',
    '  ... and 2 more',
    '  failed: calm · mu=0.1 · seed 2: the line is cut',
  ])
  const four = firstSweepStatus([...cells, cell('mu=10', '1')])
  begin(four, cells[0], true, 0.7)
  begin(four, cells[2], true, 0.8)
  begin(four, cell('mu=10', '1'))
  expect(sweepLines(four, 'mine', 0, { width: 60, height: 5 }).slice(2)).toEqual(['  mu=0.1     1/2                   0.8000 best', '  mu=10      0/1        1', '  ... and 2 more'])
})

it('points of several conditions are called by both', () => {
  const both = [cell('a', '1', 'calm'), cell('a', '1', 'stormy')]
  expect(sweepLines(firstSweepStatus(both), 'mine', 0, { width: 80, height: 20 }).slice(2)).toEqual(['  calm · a     0/1', '  stormy · a   0/1'])
})

it('elsewhere there is a line for each run that is over', () => {
  const status = firstSweepStatus(cells)
  begin(status, cells[0], true, 0.7)
  expect(sweepLine(status, cells[0], { had: true }, 0.7)).toBe('1/6 calm · mu=0.01 · seed 1 · validation 0.7000 (had)\n')
  begin(status, cells[1])
  end(status, cells[1], 0.71)
  expect(sweepLine(status, cells[1], { status: 'complete' }, 0.71)).toBe('2/6 calm · mu=0.01 · seed 2 · validation 0.7100\n')
  begin(status, cells[2])
  fail(status, cells[2], 'the line is cut')
  expect(sweepLine(status, cells[2], { status: 'failed', code: 1, why: 'the line is cut\n at' }, undefined)).toBe('3/6 calm · mu=0.1 · seed 1 failed: the line is cut\n')
})
