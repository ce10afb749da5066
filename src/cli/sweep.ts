import { availableParallelism } from 'node:os'
import { join, resolve as absolute } from 'node:path'

import type { EngineName } from '../engine/open.js'
import { exitCodes, SpecificationError } from '../errors.js'
import { realDisk } from '../runs/disk.js'
import { asksOf } from '../runs/study/asks.js'
import { cellsOf, folderName } from '../runs/study/cell.js'
import { codeOf, flyStudy } from '../runs/study/fly-study.js'
import { isStudyFolder, readStudyRecord, type StudyRecord, writeStudyRecord } from '../runs/study/record.js'
import { isIn, parseShard, type Shard } from '../runs/study/shard.js'
import type { StudyPlan } from '../runs/study/study.js'
import type { SweepFlags as Axes } from '../runs/sweep/flags.js'
import { loadSweep } from '../runs/sweep/load-sweep.js'
import { resultsOf } from '../runs/sweep/results.js'
import { worldOfFolder } from '../runs/world-of-folder.js'
import { failures } from './failures.js'
import { plural } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { quoted } from '../runs/quoted.js'
import type { Terminal } from './run.js'
import type { SheetFormat } from './sheet.js'
import { showSweep } from './sweep-progress.js'
import { sweepTable } from './sweep-table.js'

export interface SweepFlags extends Axes {
  readonly shard?: string
  readonly out?: string
  readonly engine?: EngineName
  readonly workers?: number
  readonly flights?: number
  readonly fresh?: boolean
  readonly parquet?: boolean
  readonly format?: SheetFormat
  readonly quiet?: boolean
}

/** The flags of a record that two shards of one sweep have in common. */
const shared = ({ script, flags }: Pick<StudyRecord, 'script' | 'flags'>): string => JSON.stringify([script, { ...flags, shard: undefined }])

/** Says what is flown into the folder; where several shards of one sweep go into one, that is all of it. */
const note = (folder: string, record: Pick<StudyRecord, 'script' | 'flags' | 'asks'>): void => {
  const { shard, ...all } = record.flags
  const before = isStudyFolder(folder, realDisk) ? readStudyRecord(folder, realDisk) : undefined
  const joined = shard !== undefined && before !== undefined && shared(before) === shared(record) && before.flags.shard !== shard
  writeStudyRecord(folder, { command: 'sweep', ...record, flags: joined ? all : record.flags }, realDisk)
}

/** The axes among all flags: what threads load the plan with. */
const axesOf = ({ grid, point, random, draws, drawSeed, seeds, metric, set, data }: SweepFlags): Axes =>
  ({ grid, point, random, draws, drawSeed, seeds, metric, set, data })

/** Refuses data in place of worlds that differ: their runs would be the same, under two names. */
const demandOneWorld = ({ base, conditions, variants }: StudyPlan, data: string): void => {
  const written = [...Object.values(conditions), ...Object.values(variants)].flatMap((patch) => ('world' in patch ? [patch.world] : []))
  const flown = (written.length > 0 ? written : [base.world]).map((world) => worldOfFolder(data, world))
  const distinct = (worlds: readonly unknown[]): number => new Set(worlds.map((world) => JSON.stringify(world))).size
  if (written.length === 0 || distinct(flown) === distinct(written)) return
  throw new SpecificationError(`--data ${data} takes the place of the worlds that the sweep differs in. Leave out --data, or those axes.`)
}

const partOf = (shard: Shard | undefined): string => (shard === undefined ? '' : ` of part ${shard.number} of ${shard.of}`)

/** `windtunnel sweep FILE`: flies what is missing of a sweep, then prints its table. Returns the exit code. */
export const sweep = async (file: string, flags: SweepFlags, streams: Terminal): Promise<number> => {
  const { cwd, out, err } = streams
  const axes = axesOf(flags)
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard)
  const { plan, axes: paths, repeated, script } = await loadSweep(file, cwd, axes)
  if (flags.data !== undefined) demandOneWorld(plan, absolute(cwd, flags.data))
  const folder = flags.out ?? join('runs', folderName(plan.name))
  const at = absolute(cwd, folder)
  const cells = cellsOf(plan).filter((_, place) => isIn(shard, place))
  const { out: _, fresh: __, quiet: ___, ...again } = flags
  note(at, { script, flags: again, asks: asksOf(plan) })
  const tell = (text: string): void => void (flags.quiet ? undefined : err.write(text))
  if (repeated > 0) tell(`note: ${plural(repeated, 'draw')} came to a point that was there already: ${plural(plan.pairs?.length ?? Object.keys(plan.variants).length, 'point')} are flown\n`)
  const progress = showSweep(err, plan.name, cells, at, flags.quiet === true)
  const interrupt = onInterrupt((text) => {
    // Below a live table that goes on being drawn, it would be drawn over.
    progress.close()
    err.write(`\n${text}\n`)
  })
  try {
    const flown = await flyStudy(plan, {
      out: at, cwd, script, source: { file, size: { full: false, data: undefined }, sweep: axes },
      flights: Math.min(flags.flights ?? availableParallelism(), cells.length),
      ...(flags.engine && { engine: flags.engine }), ...(flags.workers !== undefined && { workers: flags.workers }),
      ...(flags.fresh && { fresh: true }), tables: flags.parquet, ...(flags.data !== undefined && { data: flags.data }), ...(shard && { shard }),
      signal: interrupt.signal, onRun: progress.begun, onEnd: progress.ended,
    })
    progress.close()
    const complete = `${plural(flown.folders.length, 'run')}${partOf(shard)} in ${folder}`
    if (flown.status === 'interrupted') {
      tell(`Interrupted with ${complete}. The same command goes on from there, or npx windtunnel resume ${quoted(folder)}.\n`)
      return exitCodes.interrupted
    }
    tell(`${complete}\n\n`)
    err.write(failures(flown.failed, folder, shard))
    out.write(sweepTable(plan, paths, resultsOf(plan, at, flown, shard), flags.format ?? 'text'))
    return codeOf(flown)
  } finally {
    progress.close()
    interrupt.release()
  }
}
