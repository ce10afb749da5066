import { dirname, join } from 'node:path'

import { SpecificationError } from '../../../errors.js'
import { metrics as known } from '../../../metrics/metric.js'
import type { MetricRow } from '../../../record/rows.js'
import type { Comparison } from '../../../runs/comparison/compare.js'
import { type Labels, labelsOf } from '../../../runs/comparison/label.js'
import { type About, comparisonOf } from '../../../runs/comparison/tabulate.js'
import { realDisk } from '../../../runs/disk.js'
import { rowFiles } from '../../../runs/files.js'
import { type Manifest, readManifest } from '../../../runs/manifest.js'
import { readRows } from '../../../runs/rows.js'
import { type Failed, readFailed } from '../../../runs/study/failed.js'
import { isStudyFolder, readStudyRecord, type StudyRecord } from '../../../runs/study/record.js'
import { curveSplit, leading } from '../curves.js'
import { type Looked, type Summed, sumRun } from './sum-run.js'

/** One of several runs; what it came to is there if it is complete. */
export interface RunSum extends Labels {
  readonly folder: string
  readonly manifest: Manifest
  readonly summed?: Summed
}

/** A study that runs are of, by its folder. */
export interface StudyFacts {
  readonly folder: string
  readonly record: StudyRecord
}

/** A comparison of variants with baselines. */
export interface Compared {
  readonly rows: readonly Comparison[]
  readonly about: About
  readonly baselines: readonly string[]
}

/** Several runs as a report looks at them. */
export interface SeveralFacts {
  /** Every run that was given, complete or not. */
  readonly runs: readonly RunSum[]
  readonly studies: readonly StudyFacts[]
  readonly conditions: readonly string[]
  /** Baselines first. */
  readonly variants: readonly string[]
  readonly tasks: readonly string[]
  readonly looked: Looked
  /** What compare says of the complete ones, or why it says nothing. */
  readonly compared: Compared | { readonly why: string }
  /** The same of scores, where the study asks for something else, such as the time to a level. */
  readonly alsoCompared: Compared | undefined
  /** Runs of its studies that failed before they came to a folder. */
  readonly unflown: readonly Failed[]
  /** The condition in which no fault struck, if there is just one. */
  readonly calm: string | undefined
}

/** The complete runs, with what they came to. */
export const completeOf = ({ runs }: Pick<SeveralFacts, 'runs'>): (RunSum & Required<Pick<RunSum, 'summed'>>)[] =>
  runs.flatMap((run) => (run.summed === undefined ? [] : [{ ...run, summed: run.summed }]))

/** A study's runs lie in CONDITION/VARIANT/seed-N below its folder. */
const studiesOf = (runs: readonly Pick<RunSum, 'folder' | 'manifest'>[]): StudyFacts[] => {
  const above = runs.flatMap(({ folder, manifest }) => (manifest.study === undefined ? [] : [dirname(dirname(dirname(folder)))]))
  return [...new Set(above)].filter((folder) => isStudyFolder(folder, realDisk)).map((folder) => ({ folder, record: readStudyRecord(folder, realDisk) }))
}

/** The metric that curves and matrices are of: the study's, where it is measured round by round, else the one that says most. */
const lookedAt = (rows: readonly MetricRow[], asked: string | undefined): Looked => {
  const measured = asked !== undefined && Object.hasOwn(known, asked) && known[asked].final !== true && rows.some(({ metric }) => metric === asked)
  return { metric: measured ? asked : leading(rows), split: curveSplit(rows) }
}

/** Labels as compare gives them; of runs that it leaves out, as it would if they were complete. */
const labelled = (all: readonly { readonly folder: string; readonly manifest: Manifest }[]): RunSum[] => {
  const complete = all.filter(({ manifest }) => manifest.status === 'complete')
  const among = labelsOf(all.map(({ manifest }) => manifest))
  const own = new Map(labelsOf(complete.map(({ manifest }) => manifest)).map((labels, i) => [complete[i].folder, labels]))
  return all.map(({ folder, manifest }, i) => {
    const { condition, variant } = own.get(folder) ?? among[i]
    return { folder, manifest, condition, variant }
  })
}

const compared = (runs: readonly RunSum[], asks: StudyRecord['asks'], { metric }: Looked): SeveralFacts['compared'] => {
  const complete = runs.filter(({ manifest }) => manifest.status === 'complete')
  const variants = new Set(complete.map(({ variant }) => variant))
  if (variants.size === 0) return { why: 'No run is complete.' }
  if (variants.size === 1) return { why: `All complete runs are of one variant (${[...variants][0]}): there is nothing to compare.` }
  const named = (asks?.baselines ?? []).filter((name) => variants.has(name))
  const baselines = named.length > 0 ? named : [complete[0].variant]
  try {
    const { at, within, byRows, gain } = asks ?? {}
    return { ...comparisonOf(complete.map(({ folder }) => folder), { baseline: baselines, metric: asks?.metric ?? metric, at, within, byRows, gain }), baselines }
  } catch (error) {
    if (error instanceof SpecificationError) return { why: error.message }
    throw error
  }
}

const unflownOf = (studies: readonly StudyFacts[], runs: readonly RunSum[]): readonly Failed[] => {
  const there = new Set(runs.map(({ folder }) => folder))
  return studies.flatMap(({ folder }) => readFailed(folder, realDisk).filter((cell) => !there.has(join(folder, cell.folder))))
}

const strikes = ({ manifest: { faults = [] } }: RunSum): boolean => faults.some(({ fired }) => fired > 0)

/** The condition without any fault; where there is none, the one in which none struck. */
const calmOf = (runs: readonly RunSum[], conditions: readonly string[]): string | undefined => {
  if (conditions.length < 2) return undefined
  const where = (fits: (run: RunSum) => boolean): string[] => conditions.filter((name) => runs.every((run) => run.condition !== name || fits(run)))
  const free = where(({ manifest }) => manifest.faults?.length === 0)
  const quiet = free.length === 0 ? where((run) => run.manifest.faults !== undefined && !strikes(run)) : free
  return quiet.length === 1 ? quiet[0] : undefined
}

/**
 * Reads several runs, one after the other, of which sums are kept. Runs that are not complete are named and come to nothing. Throws
 * a `StorageError` for a folder that is of no run, and for files that are not as the run wrote them.
 */
export const readSeveral = (folders: readonly string[]): SeveralFacts => {
  const all = labelled(folders.map((folder) => ({ folder, manifest: readManifest(folder, realDisk) })))
  const studies = studiesOf(all)
  const asks = studies.length === 1 ? studies[0].record.asks : undefined
  const first = all.find(({ manifest }) => manifest.status === 'complete')
  const looked = lookedAt(first === undefined ? [] : readRows<MetricRow>(first.folder, rowFiles.metrics, realDisk), asks?.metric)
  const runs = all.map((run): RunSum =>
    run.manifest.status === 'complete' ? { ...run, summed: sumRun(run.folder, run.manifest, looked, realDisk) } : run)
  const conditions = [...new Set(runs.map(({ condition }) => condition))]
  const calm = calmOf(runs, conditions)
  const comparison = compared(runs, asks, looked)
  const baselines = 'baselines' in comparison ? comparison.baselines : []
  const scores = asks?.metric === undefined || asks.metric === looked.metric ? undefined : compared(runs, { ...asks, metric: undefined, gain: undefined }, looked)
  return {
    runs, studies, looked, calm, unflown: unflownOf(studies, runs), compared: comparison,
    alsoCompared: scores !== undefined && 'rows' in scores ? scores : undefined,
    conditions: conditions.toSorted((a, b) => Number(b === calm) - Number(a === calm)),
    variants: [...new Set([...baselines, ...runs.map(({ variant }) => variant)])],
    tasks: [...new Set(completeOf({ runs }).flatMap(({ summed }) => [...summed.scores.keys(), ...summed.curves.keys()]))],
  }
}
