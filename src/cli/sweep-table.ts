import { levelTitle, parseLevel } from '../flight/level.js'
import { metrics } from '../metrics/metric.js'
import { parseCostMetric } from '../runs/comparison/cost-metric.js'
import type { StudyPlan } from '../runs/study/study.js'
import type { PointResult, RunResult, SweepResults } from '../runs/sweep/results.js'
import { mean, sampleVariance } from '../statistics/moments.js'
import { reachedNotes } from '../runs/comparison/tabulate.js'
import { firstLine } from './failures.js'
import { cut, formatScore } from '../report/format.js'
import { csv, sheets, type SheetFormat } from './sheet.js'

/** A value of an axis in a table. */
export const shownValue = (value: unknown): string => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value))

const defined = (runs: readonly RunResult[], of: (run: RunResult) => number | undefined): number[] =>
  runs.flatMap((run) => of(run) ?? [])

const meanOf = (values: readonly number[]): number | undefined => (values.length > 0 ? mean(values) : undefined)

/** Scores line up; times and sizes have as many digits as say something. */
const formatAmount = (value: number | undefined): string => (value === undefined ? '-' : String(Number(value.toPrecision(4))))

const isScore = (metric: string): boolean => parseLevel(metric) === undefined && parseCostMetric(metric) === undefined

const titleOf = (metric: string): string => {
  const level = parseLevel(metric)
  if (level !== undefined) return levelTitle(level)
  return isScore(metric) ? `test ${metrics[metric]?.title ?? metric}` : metric
}

/** Of points under one condition, the one with the best mean on validation among those that have a score. */
const bestIn = ({ points, judged }: SweepResults): ReadonlySet<PointResult> => {
  const lower = judged !== undefined && metrics[judged].better === 'lower'
  const best = new Map<string, { readonly point: PointResult; readonly score: number }>()
  for (const point of points) {
    const own = meanOf(defined(point.runs, ({ validation }) => validation))
    if (own === undefined) continue
    const score = lower ? -own : own
    const before = best.get(point.condition)
    if (before === undefined || score > before.score) best.set(point.condition, { point, score })
  }
  return new Set([...best.values()].map(({ point }) => point))
}

/** `3`, or `2 of 3` where some are not there. */
const countOf = ({ runs }: PointResult): string => {
  const complete = runs.filter(({ status }) => status === 'complete').length
  return complete === runs.length ? String(complete) : `${complete} of ${runs.length}`
}

/** Why runs of a point are not there: how many failed, and the first reason. */
const whyOf = ({ runs }: PointResult): string => {
  const failed = runs.filter(({ status }) => status === 'failed')
  return failed.length === 0 ? '' : `${failed.length} failed: ${cut(firstLine(failed[0].why ?? ''), 80)}`
}

/** A table with a row for each point, for people. */
const asSheet = (plan: StudyPlan, axes: readonly string[], results: SweepResults, format: 'text' | 'markdown'): string => {
  const { points, judged, metric, level } = results
  const best = bestIn(results)
  const failing = points.some((point) => whyOf(point) !== '')
  const measured = isScore(metric) ? formatScore : formatAmount
  const rows = points.map((point) => {
    const tests = defined(point.runs, ({ test }) => test)
    const validation = formatScore(meanOf(defined(point.runs, (run) => run.validation)))
    const flown = point.runs.filter(({ status }) => status === 'complete')
    return [
      ...axes.map((axis) => cut(shownValue(point.point[axis]), 40)),
      countOf(point),
      `${validation}${best.has(point) && points.length > 1 ? ' best' : ''}`,
      measured(meanOf(tests)),
      tests.length > 1 ? measured(Math.sqrt(sampleVariance(tests))) : '-',
      ...(level === undefined ? [] : [formatAmount(meanOf(defined(flown, ({ until }) => until))), `${flown.filter(({ reached }) => reached).length} of ${flown.length}`]),
      ...(failing ? [whyOf(point)] : []),
    ]
  })
  const head = [
    ...axes, 'runs', `validation ${judged === undefined ? '' : (metrics[judged]?.title ?? judged)}`.trim(), titleOf(metric), 'sd',
    ...(level === undefined ? [] : [titleOf(level), 'reached']), ...(failing ? ['failed'] : []),
  ]
  const align = head.map((name, i) => (i < axes.length || name === 'failed' ? 'left' as const : 'right' as const))
  const conditions = new Set(points.map(({ condition }) => condition)).size
  const notes = [
    `Means over runs, at the round best on validation; sd is over seeds.${points.length > 1 ? ` best: on validation${conditions > 1 ? ', under each condition' : ''}.` : ''}`,
    // Where all got there, the table says so.
    ...reachedNotes(results.leveled.filter(({ horizon }) => horizon !== Infinity)),
  ]
  return sheets([{ title: plan.question, head, align, rows }], notes, format)
}

/** A row for each run: every number in full. */
const asCsv = (axes: readonly string[], { points, metric, level }: SweepResults): string => csv(
  [...axes, 'condition', 'variant', 'seed', 'status', 'validation', metric, ...(level === undefined ? [] : [level, 'reached']), 'folder', 'why'],
  points.flatMap(({ point, runs }) => runs.map((run) => [
    ...axes.map((axis) => shownValue(point[axis])), run.condition, run.variant, run.seed, run.status, run.validation, run.test,
    ...(level === undefined ? [] : [run.until, run.reached === undefined ? undefined : String(run.reached)]),
    run.folder, run.why && firstLine(run.why),
  ])),
)

/** What came of a sweep, in a format. */
export const sweepTable = (plan: StudyPlan, axes: readonly string[], results: SweepResults, format: SheetFormat): string => {
  if (format === 'csv') return asCsv(axes, results)
  if (format !== 'json') return asSheet(plan, axes, results, format)
  const { judged, metric, level, points } = results
  return `${JSON.stringify({ name: plan.name, question: plan.question, judged, metric, level, axes, points })}\n`
}
