import { join } from 'node:path'

import type { Cell } from '../runs/study/cell.js'
import type { Ended, Progress } from '../runs/study/fly-study.js'
import { scoreIn } from '../runs/study/search.js'
import { liveBlock, period, type Output } from './progress.js'
import { begun, ended, firstSweepStatus, sweepLine, sweepLines } from './sweep-status.js'

/** Shows a sweep while it is flown. */
export interface SweepProgress {
  begun(about: Progress): void
  ended(about: Ended): void
  /** Clears the live table. */
  close(): void
}

const silent: SweepProgress = { begun: () => {}, ended: () => {}, close: () => {} }

/** A table that is redrawn in place on a terminal, a line for each run that is over elsewhere. */
export const showSweep = (output: Output, name: string, cells: readonly Cell[], out: string, quiet: boolean): SweepProgress => {
  if (quiet) return silent
  const start = performance.now()
  const status = firstSweepStatus(cells)
  const block = liveBlock(output)
  const draw = (): void => block.draw(sweepLines(status, name, (performance.now() - start) / 1e3, { width: block.width(), height: block.height() }))
  const timer = output.isTTY ? setInterval(draw, period) : undefined
  timer?.unref()
  const scoreOf = ({ folder }: Cell): number | undefined => {
    const score = scoreIn(join(out, folder))
    return Number.isFinite(score) ? score : undefined
  }
  return {
    begun(about) {
      const score = about.had ? scoreOf(about.cell) : undefined
      begun(status, about, score)
      if (about.had && !output.isTTY) output.write(sweepLine(status, about.cell, { had: true }, score))
    },
    ended(about) {
      const score = about.outcome.status === 'complete' ? scoreOf(about.cell) : undefined
      ended(status, about, score)
      if (!output.isTTY) output.write(sweepLine(status, about.cell, about.outcome, score))
    },
    close() {
      clearInterval(timer)
      if (output.isTTY) block.erase()
    },
  }
}
