import { join } from 'node:path'

import { parseLevel } from '../../flight/level.js'
import { judgingMetric } from '../../metrics/judging.js'
import { metrics } from '../../metrics/metric.js'
import type { MetricRow } from '../../record/rows.js'
import { mean } from '../../statistics/moments.js'
import { parseCostMetric } from '../comparison/cost-metric.js'
import { gather, type GatheredRun } from '../comparison/gather.js'
import { untilMetric } from '../comparison/until.js'
import { realDisk } from '../disk.js'
import { rowFiles } from '../files.js'
import { readRows } from '../rows.js'
import { cellsOf, pairsOf, pointOf, type Cell } from '../study/cell.js'
import type { Failed } from '../study/failed.js'
import { scoreIn } from '../study/search.js'
import { isIn, type Shard } from '../study/shard.js'
import type { Point, StudyPlan } from '../study/study.js'

/** What came of one run of a sweep. */
export interface RunResult extends Cell {
  /** Missing: not flown, since the sweep was interrupted. */
  readonly status: 'complete' | 'failed' | 'missing'
  readonly why?: string
  /** Mean score on validation at the selected round; undefined where there is none, or a model diverged. */
  readonly validation?: number
  /** Of the sweep's metric, the mean over scenarios and tasks that have one; undefined where none has, or a model diverged. */
  readonly test?: number
  /** What it took to reach the level, or how far it is counted; undefined where no run of its condition got there. */
  readonly until?: number
  readonly reached?: boolean
}

/** What came of one point. */
export interface PointResult {
  readonly condition: string
  readonly variant: string
  readonly point: Point
  readonly runs: readonly RunResult[]
}

/** What came of a sweep. */
export interface SweepResults {
  /** On validation, and what is shown beside it. */
  readonly judged: string | undefined
  readonly metric: string
  readonly level: string | undefined
  readonly points: readonly PointResult[]
  /** Of the level, for notes about who reached it. */
  readonly leveled: readonly GatheredRun[]
}

const judgedBy = (folder: string | undefined): string | undefined =>
  folder === undefined ? undefined : judgingMetric(readRows<MetricRow>(folder, rowFiles.metrics, realDisk))

/** As `metrics.ndjson` has it: what is judged by is a loss where less is better. */
const asMeasured = (score: number, judged: string | undefined): number | undefined =>
  Number.isFinite(score) ? (judged !== undefined && metrics[judged].better === 'lower' ? -score : score) : undefined

/** One number of a run: the mean over scenarios and tasks that have one, none where a model diverged; of a cost the first line, which is in all. */
const valueOf = ({ scores: [first, ...others] }: GatheredRun, whole: boolean): number | undefined => {
  const own = whole ? [first] : [first, ...others]
  if (own.some(({ diverged }) => diverged)) return undefined
  const values = own.flatMap(({ value }) => (value === null ? [] : [value]))
  return values.length > 0 ? mean(values) : undefined
}

const gathered = (folders: readonly string[], name: string): GatheredRun[] => {
  const metric = parseLevel(name) ?? parseCostMetric(name) ?? name
  return folders.length === 0 ? [] : gather(folders, { metric, at: 'selected' }, realDisk)
}

/** Reads what came of the runs of a sweep, or of a part of it, in the order of the plan. */
export const resultsOf = (
  plan: StudyPlan, out: string, { folders, failed }: { readonly folders: readonly string[]; readonly failed: readonly Failed[] }, shard: Shard | undefined,
): SweepResults => {
  const judged = judgedBy(folders[0])
  const metric = plan.metric ?? judged ?? 'auc'
  const level = plan.until && untilMetric(plan.until)
  const whole = parseCostMetric(metric) !== undefined
  const tests = new Map(gathered(folders, metric).map((run) => [run.folder, valueOf(run, whole)]))
  const leveled = level === undefined ? [] : gathered(folders, level)
  const levels = new Map(leveled.map((run) => [run.folder, run]))
  const whys = new Map(failed.map(({ folder, why }) => [folder, why]))
  const resultOf = (cell: Cell): RunResult => {
    const folder = join(out, cell.folder)
    const why = whys.get(cell.folder)
    if (why !== undefined) return { ...cell, status: 'failed', why }
    if (!tests.has(folder)) return { ...cell, status: 'missing' }
    const run = levels.get(folder)
    const [validation, test, until] = [asMeasured(scoreIn(folder), judged), tests.get(folder), run?.scores[0].value ?? undefined]
    return {
      ...cell, status: 'complete',
      ...(validation !== undefined && { validation }), ...(test !== undefined && { test }), ...(until !== undefined && { until }),
      ...(run?.reached !== undefined && { reached: run.reached }),
    }
  }
  const runs = cellsOf(plan).filter((_, place) => isIn(shard, place)).map(resultOf)
  const keyOf = (condition: string, variant: string): string => JSON.stringify([condition, variant])
  const byPoint = new Map<string, RunResult[]>()
  for (const run of runs) {
    const key = keyOf(run.condition, run.variant)
    byPoint.set(key, [...(byPoint.get(key) ?? []), run])
  }
  const points = pairsOf(plan).map(([condition, variant]) => ({
    condition, variant, point: pointOf(plan, condition, variant) ?? {}, runs: byPoint.get(keyOf(condition, variant)) ?? [],
  }))
  return { judged, metric, level, points: points.filter((point) => point.runs.length > 0), leveled }
}
