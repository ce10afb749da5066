import { mean } from '../statistics/moments.js'
import type { Ended, Progress } from '../runs/study/fly-study.js'
import { firstLine, runName } from './failures.js'
import { cut, formatTime } from '../report/format.js'

/** A point of a sweep, as it stands. */
interface PointStatus {
  readonly name: string
  readonly of: number
  done: number
  running: number
  failed: number
  /** Of its runs that are done, on validation; larger is better. */
  readonly scores: number[]
}

/** What a person sees of a sweep at one moment. */
export interface SweepStatus {
  readonly points: ReadonlyMap<string, PointStatus>
  readonly of: number
  /** Complete before this call. */
  had: number
  done: number
  running: number
  failed: number
  /** The last that failed, and why. */
  lastFailed: string | undefined
}

type Named = Pick<Progress['cell'], 'condition' | 'variant'>
const keyOf = ({ condition, variant }: Named): string => JSON.stringify([condition, variant])

/** A sweep before anything has flown; with one condition, points are called by their variants. */
export const firstSweepStatus = (cells: readonly Progress['cell'][]): SweepStatus => {
  const several = new Set(cells.map(({ condition }) => condition)).size > 1
  const points = new Map<string, PointStatus>()
  for (const cell of cells) {
    const { of = 0 } = points.get(keyOf(cell)) ?? {}
    const name = several ? `${cell.condition} · ${cell.variant}` : cell.variant
    points.set(keyOf(cell), { name, of: of + 1, done: 0, running: 0, failed: 0, scores: [] })
  }
  return { points, of: cells.length, had: 0, done: 0, running: 0, failed: 0, lastFailed: undefined }
}

const pointOf = (status: SweepStatus, cell: Progress['cell']): PointStatus => status.points.get(keyOf(cell))!

/** A run begins, or was there: then with its score. */
export const begun = (status: SweepStatus, { cell, had }: Progress, score: number | undefined): void => {
  const point = pointOf(status, cell)
  if (!had) {
    status.running++
    point.running++
    return
  }
  status.had++
  point.done++
  if (score !== undefined) point.scores.push(score)
}

/** A run has ended: where it is complete, with its score. */
export const ended = (status: SweepStatus, { cell, outcome }: Ended, score: number | undefined): void => {
  const point = pointOf(status, cell)
  status.running--
  point.running--
  if (outcome.status === 'complete') {
    status.done++
    point.done++
    if (score !== undefined) point.scores.push(score)
  } else if (outcome.status === 'failed') {
    status.failed++
    point.failed++
    status.lastFailed = `${runName(cell)}: ${firstLine(outcome.why)}`
  }
}

const scoreOf = ({ scores }: PointStatus): number => (scores.length > 0 ? mean(scores) : -Infinity)

/** The point with the best mean so far. */
export const bestSoFar = ({ points }: SweepStatus): PointStatus | undefined => {
  const [first, ...others] = [...points.values()].filter((point) => scoreOf(point) > -Infinity)
  return first && others.reduce((best, one) => (scoreOf(one) > scoreOf(best) ? one : best), first)
}

const duration = (seconds: number): string => (seconds < 60 ? `${Math.round(seconds)} s` : formatTime(Math.round(seconds) * 1e6))

const bar = (share: number, width: number): string => '━'.repeat(Math.round(share * width)).padEnd(width, '╌')

/** As many points as there is room for: those that are flown now, then the best, in the order of the plan. */
const chosenPoints = (status: SweepStatus, room: number): PointStatus[] => {
  const all = [...status.points.values()]
  if (all.length <= room) return all
  const first = all.toSorted((a, b) => Number(b.running > 0) - Number(a.running > 0) || (scoreOf(b) > scoreOf(a) ? 1 : scoreOf(b) < scoreOf(a) ? -1 : 0))
  const shown = new Set(first.slice(0, Math.max(0, room - 1)))
  return all.filter((point) => shown.has(point))
}

const tableLines = (status: SweepStatus, room: number, width: number): string[] => {
  const shown = chosenPoints(status, room)
  const best = bestSoFar(status)
  const cells = shown.map((point) => [
    point.name, `${point.done}/${point.of}`, point.running > 0 ? String(point.running) : '', point.failed > 0 ? String(point.failed) : '',
    scoreOf(point) > -Infinity ? `${Math.abs(scoreOf(point)).toFixed(4)}${point === best ? ' best' : '     '}` : '',
  ])
  const head = ['', 'done', 'running', 'failed', 'validation ']
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)))
  // Names give way to numbers where there is little room.
  widths[0] = Math.max(8, Math.min(widths[0], width - widths.slice(1).reduce((sum, own) => sum + own + 2, 2)))
  const line = ([name, ...others]: readonly string[]): string =>
    `  ${cut(name, widths[0]).padEnd(widths[0])}${others.map((text, i) => `  ${text.padStart(widths[i + 1])}`).join('')}`.trimEnd()
  const left = status.points.size - shown.length
  return [line(head), ...cells.map(line), ...(left > 0 ? [`  ... and ${left} more`] : [])]
}

/** The live block, no wider and no higher than this. `elapsed` is real time in seconds. */
export const sweepLines = (status: SweepStatus, name: string, elapsed: number, { width, height }: { readonly width: number; readonly height: number }): string[] => {
  const { of, had, done, running, failed, lastFailed } = status
  const [ended_, over] = [done + failed, had + done + failed]
  const left = ended_ > 0 && over < of ? `, about ${duration((elapsed / ended_) * (of - over))} left` : ''
  const counts = [`${had + done}/${of} done`, ...(running > 0 ? [`${running} running`] : []), ...(failed > 0 ? [`${failed} failed`] : []), `real ${duration(elapsed)}${left}`]
  const text = counts.join(' · ')
  const room = Math.min(30, width - name.length - text.length - 2)
  const head = `${name} ${room >= 5 ? `${bar(over / of, room)} ` : ''}${text}`
  const last = lastFailed === undefined ? [] : [`  failed: ${lastFailed}`]
  return [head, ...tableLines(status, height - 2 - last.length, width), ...last].map((line) => cut(line, width))
}

/** One line for a run that is over or was there: for pipes and logs. */
export const sweepLine = (status: SweepStatus, cell: Progress['cell'], how: { readonly had: true } | Ended['outcome'], score: number | undefined): string => {
  const place = `${String(status.had + status.done + status.failed).padStart(String(status.of).length)}/${status.of}`
  const came = 'had' in how ? ' (had)' : how.status === 'failed' ? ` failed: ${firstLine(how.why)}` : how.status === 'interrupted' ? ' interrupted' : ''
  const scored = score === undefined || !Number.isFinite(score) ? '' : ` · validation ${Math.abs(score).toFixed(4)}`
  return `${place} ${runName(cell)}${scored}${came}\n`
}
