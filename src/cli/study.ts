import { join, resolve as absolute } from 'node:path'
import type { EngineName } from '../engine/open.js'
import { exitCodes } from '../errors.js'
import { loadStudy } from '../runs/load.js'
import type { StudyPlan } from '../runs/study/study.js'
import { folderName, onlyConditions, onlyVariants } from '../runs/study/cell.js'
import { metricOf } from '../runs/study/plan.js'
import { codeOf, flyStudy, type FlownStudy, type Progress } from '../runs/study/fly-study.js'
import { realDisk } from '../runs/disk.js'
import { asksOf } from '../runs/study/asks.js'
import { writeStudyRecord } from '../runs/study/record.js'
import type { At } from '../runs/comparison/gather.js'
import { comparisonOf } from '../runs/comparison/tabulate.js'
import { formatted, type Format } from './compare.js'
import { plural } from '../report/format.js'
import { failures } from './failures.js'
import { onInterrupt } from './interrupt.js'
import type { Terminal } from './run.js'
import { says } from './says.js'

export interface StudyFlags {
  readonly full?: boolean
  readonly seeds?: number
  readonly only?: readonly string[]
  readonly under?: readonly string[]
  readonly baseline?: readonly string[]
  readonly metric?: string
  readonly within?: string
  readonly at?: At
  readonly byRows?: boolean
  readonly data?: string
  readonly out?: string
  readonly engine?: EngineName
  readonly workers?: number
  readonly flights?: number
  readonly fresh?: boolean
  readonly parquet?: boolean
  readonly format?: Format
  readonly summary?: boolean
  readonly quiet?: boolean
}

const line = ({ number, of, phase, cell, had }: Progress): string => {
  const what = `${cell.condition} · ${cell.variant} · seed ${cell.seed}`
  const place = `${String(number).padStart(String(of).length)}/${of}`
  return `${place} ${phase === 'tuning' ? 'tuning · ' : ''}${what}${had ? ' (had)' : ''}\n`
}

/** What tuning chose, a line per condition and variant. */
const choices = ({ chosen }: FlownStudy): string =>
  chosen.length === 0
    ? ''
    : `Chosen on validation\n${chosen
        .map(({ condition, variant, set, atEnd }) =>
          `  ${condition} · ${variant}: ${set.join(', ')}${atEnd ? ' (at the end of what was tried: widen the grid)' : ''}`)
        .join('\n')}\n\n`

/** The table of a study, or why there is none. */
const tabulate = (plan: StudyPlan, { folders }: FlownStudy, flags: StudyFlags, { out }: Terminal, tell: (text: string) => void): void => {
  const [variant, ...others] = Object.keys(plan.variants)
  if (others.length === 0) {
    tell(`All runs are of one variant (${variant}): there is nothing to compare. Fly others into the same folder, or read the runs.\n`)
    return
  }
  const { baselines, gain } = plan
  const { metric = metricOf(plan), at = plan.at, within = plan.within, byRows = plan.byRows, summary } = flags
  const { rows, about } = comparisonOf(folders, { baseline: baselines, metric, at, within, byRows, gain, summary })
  const format = flags.format ?? 'text'
  if (format === 'text' || format === 'markdown') out.write(`${plan.question}\n\n`)
  out.write(formatted(rows, about, format))
}

/** `windtunnel study SCRIPT`: flies what is missing of a study, then prints its table. Returns the exit code. */
export const study = async (script: string, flags: StudyFlags, streams: Terminal): Promise<number> => {
  const { cwd, err } = streams
  const full = flags.full === true
  const { plan: planned, script: from } = await loadStudy(script, cwd, { full, data: flags.data })
  const varied = flags.only === undefined ? planned : onlyVariants(planned, flags.only)
  const chosen = flags.under === undefined ? varied : onlyConditions(varied, flags.under)
  const plan = { ...chosen, seeds: flags.seeds ?? planned.seeds, baselines: flags.baseline ?? chosen.baselines }
  const folder = flags.out ?? join('runs', `${folderName(plan.name)}${full ? '-full' : ''}`)
  const { out: _, fresh: __, quiet: ___, ...again } = flags
  writeStudyRecord(absolute(cwd, folder), { script: from, flags: again, asks: asksOf(plan, flags) }, realDisk)
  // The table alone goes to standard output, so that it can be written to a file.
  const tell = (text: string): void => void (flags.quiet ? undefined : err.write(text))
  const interrupt = onInterrupt((text) => err.write(`\n${text}\n`))
  try {
    const flown = await flyStudy(plan, {
      out: absolute(cwd, folder),
      cwd,
      engine: flags.engine,
      workers: flags.workers,
      flights: flags.flights,
      source: { file: script, size: { full, data: flags.data } },
      fresh: flags.fresh, tables: flags.parquet,
      script: from,
      signal: interrupt.signal,
      onRun: (about) => tell(line(about)),
    })
    if (flown.status === 'interrupted') {
      const had = `${plural(flown.folders.length, 'run')} in ${folder}`
      tell(`Interrupted with ${had}. The same command goes on from there, or npx windtunnel resume ${folder}.\n`)
      return exitCodes.interrupted
    }
    tell(`${choices(flown)}${plural(flown.folders.length, 'run')} in ${folder}\n\n`)
    err.write(failures(flown.failed, folder))
    try {
      tabulate(plan, flown, flags, streams, tell)
    } catch (error) {
      // What is missing in the table failed, which was said.
      if (flown.failed.length === 0) throw error
      err.write(`windtunnel: no table: ${says(error).text}\n`)
    }
    return codeOf(flown)
  } finally {
    interrupt.release()
  }
}
