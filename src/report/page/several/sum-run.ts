import { billOf } from '../../../costs/bill.js'
import { isUseful } from '../../../costs/charge.js'
import type { RoundSummary } from '../../../flight/round-summaries.js'
import { diverged } from '../../../metrics/judging.js'
import { macroMean } from '../../../metrics/macro-mean.js'
import { metrics as known } from '../../../metrics/metric.js'
import type { LedgerRow, MetricRow, TrainingRow } from '../../../record/rows.js'
import type { Disk } from '../../../runs/disk.js'
import { rowFiles } from '../../../runs/files.js'
import { manifestFile, type Manifest } from '../../../runs/manifest.js'
import { pricesFrom } from '../../../runs/priced.js'
import { readRows } from '../../../runs/rows.js'
import { demandSound } from '../../../runs/seal.js'

/** A score at the close of a round, and what was spent by then. */
export interface CurvePoint {
  readonly round: number
  /** Virtual microseconds. */
  readonly time: number
  /** That left lines of clients and servers. */
  readonly bytes: number
  /** Over scenarios; null where a model diverged, or nothing is defined. */
  readonly mean: number | null
  readonly worst: number | null
}

/** Scores of a task on test at the selected round. */
export interface TaskScores {
  /** Of all scenarios that have one, each counting alike; null where a model diverged, or nothing is defined. */
  readonly mean: number | null
  readonly worst: number | null
  /** Between the best scenario and the worst. */
  readonly spread: number | null
  readonly scenarios: ReadonlyMap<string, number | null>
}

/** What a run spent, and what of it came to nothing. */
export interface Spending {
  readonly bytes: number
  readonly wastedBytes: number
  /** Virtual microseconds; wasted: in rounds that were aborted. */
  readonly time: number
  readonly wastedTime: number
  readonly examples: number
  readonly wastedExamples: number
  readonly joules: number
  readonly wastedJoules: number
}

/** What of a run is kept to be put beside others: sums, and none of its rows. */
export interface Summed {
  readonly curves: ReadonlyMap<string, readonly CurvePoint[]>
  readonly scores: ReadonlyMap<string, TaskScores>
  readonly spent: Spending
}

/** What is looked at in every run. */
export interface Looked {
  readonly metric: string
  /** On which curves are drawn. */
  readonly split: MetricRow['split']
}

/** The mean and the worst of a task's rows, as compare counts them: none where a model diverged. */
const summary = (rows: readonly MetricRow[], lost: boolean, metric: string): TaskScores => {
  const values = lost ? [] : rows.flatMap(({ value }) => (value === null ? [] : [value]))
  const [low, high] = values.length === 0 ? [null, null] : [Math.min(...values), Math.max(...values)]
  return {
    mean: macroMean(values), worst: known[metric]?.better === 'lower' ? high : low,
    spread: low === null || high === null ? null : high - low,
    scenarios: new Map(rows.map(({ scenario, value }) => [scenario, value])),
  }
}

/** Rows by something of theirs, in the order in which it came up. */
const groupsOf = <K>(rows: readonly MetricRow[], keyOf: (row: MetricRow) => K): ReadonlyMap<K, MetricRow[]> => {
  const found = new Map<K, MetricRow[]>()
  for (const row of rows) {
    const own = found.get(keyOf(row))
    if (own === undefined) found.set(keyOf(row), [row])
    else own.push(row)
  }
  return found
}

const curvesOf = (rows: readonly MetricRow[], rounds: readonly RoundSummary[], { metric, split }: Looked): ReadonlyMap<string, CurvePoint[]> => {
  const spent = new Map([[0, { time: 0, bytes: 0 }]])
  let bytes = 0
  for (const { round, closed, up, down, inside } of rounds) spent.set(round, { time: closed, bytes: (bytes += up + down + inside) })
  const curves = new Map<string, CurvePoint[]>()
  for (const [task, ofTask] of groupsOf(rows.filter((row) => row.split === split), ({ task: of }) => of)) {
    curves.set(task, [...groupsOf(ofTask, ({ round }) => round)].flatMap(([round, own]) => {
      const measured = own.filter((row) => row.metric === metric)
      const at = spent.get(round)
      if (measured.length === 0 || at === undefined) return []
      const { mean, worst } = summary(measured, own.some(diverged), metric)
      return [{ round, ...at, mean, worst }]
    }))
  }
  return curves
}

const scoresOf = (rows: readonly MetricRow[], selected: number, { metric }: Looked): ReadonlyMap<string, TaskScores> => {
  const own = rows.filter(({ split, round }) => split === 'test' && round === selected)
  return new Map([...groupsOf(own, ({ task }) => task)].flatMap(([task, all]) => {
    const measured = all.filter((row) => row.metric === metric)
    return measured.length === 0 ? [] : [[task, summary(measured, all.some(diverged), metric)] as const]
  }))
}

const spendingOf = (manifest: Manifest, rounds: readonly RoundSummary[], ledger: readonly LedgerRow[], trainings: readonly TrainingRow[]): Spending => {
  const sum = { bytes: 0, wastedBytes: 0, examples: 0, wastedExamples: 0 }
  for (const { travelled, fate } of ledger) {
    sum.bytes += travelled
    if (!isUseful(fate)) sum.wastedBytes += travelled
  }
  for (const { examples, outcome } of trainings) {
    sum.examples += examples
    if (outcome !== 'used') sum.wastedExamples += examples
  }
  const time = manifest.virtualTime ?? 0
  const aborted = rounds.reduce((all, { outcome, opened, closed }) => (outcome === 'aborted' ? all + closed - opened : all), 0)
  const { joules, wastedJoules } = billOf({ ledger, trainings, virtualTime: manifest.virtualTime }, pricesFrom(manifest))
  return { ...sum, time, wastedTime: Math.min(time, aborted), joules, wastedJoules }
}

/** Reads what is kept of a complete run. Refuses files that are not as the run wrote them. */
export const sumRun = (folder: string, manifest: Manifest, looked: Looked, disk: Disk): Summed => {
  for (const file of [manifestFile, rowFiles.metrics, rowFiles.rounds, rowFiles.ledger, rowFiles.trainings]) demandSound(folder, file, manifest, disk)
  const rows = <Row>(file: string): Row[] => readRows<Row>(folder, file, disk)
  const measured = rows<MetricRow>(rowFiles.metrics)
  const rounds = rows<RoundSummary>(rowFiles.rounds)
  return {
    curves: curvesOf(measured, rounds, looked),
    scores: scoresOf(measured, manifest.selectedRound ?? measured.reduce((last, { round }) => Math.max(last, round), 0), looked),
    spent: spendingOf(manifest, rounds, rows<LedgerRow>(rowFiles.ledger), rows<TrainingRow>(rowFiles.trainings)),
  }
}
