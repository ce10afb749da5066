import { join } from 'node:path'

import { NondeterminismError, StorageError } from '../../errors.js'
import type { FlightEvent } from '../../record/event.js'
import type { MetricRow } from '../../record/rows.js'
import { checkWorld, flightOf } from '../again.js'
import { realDisk, type Disk } from '../disk.js'
import { blockFiles, rowFiles, rowLines } from '../files.js'
import { JobLog, jobsFile, makerOfLog } from '../jobs/job-log.js'
import { makerOf, makersDiffer } from '../jobs/maker.js'
import { manifestFile, type Manifest } from '../manifest.js'
import { thisProcessor } from '../processor.js'
import { readEnd, readLines, readRows } from '../rows.js'
import { demandSeal, examine, formatStrays } from '../seal.js'
import { type Callbacks, conduct, type Run } from '../simulate.js'
import { demandSameBeginning, demandSameEnd, notCompared } from './compare-manifest.js'
import { compareRows, EventComparison, formatDifference, formatRowDifference } from './compare.js'
import { replayFailed } from './failed.js'
import { compareNumbers } from './numbers.js'
import { reasonsToDiffer } from './reasons-to-differ.js'
import type { Replayed, ReplayOptions } from './replayed.js'

/**
 * Events of the earlier run that can be compared. One that was broken off ends with messages that it left in the air,
 * all at the instant at which it stopped.
 */
export const comparable = (lines: readonly string[], whole: boolean): readonly string[] => {
  const instant = /^\{"at":(\d+)/
  const end = instant.exec(lines.at(-1) ?? '')?.[1]
  return whole ? lines : lines.slice(0, lines.findLastIndex((line) => instant.exec(line)?.[1] !== end) + 1)
}

/** Whether an event is told to who watches a replay: nothing of rounds that the run did not close. */
const isOf = (event: FlightEvent, closed: number): boolean => {
  if (event.kind === 'round-close') return event.row.round <= closed
  return event.kind === 'evaluated' ? event.round <= closed : true
}

const bytesOf = (path: string, disk: Disk): Uint8Array | undefined => {
  if (!disk.exists(path)) return undefined
  try {
    return disk.readBytes(path)
  } catch (cause) {
    throw new StorageError(`${path} cannot be read (${(cause as { code?: string }).code ?? 'it is too large'}). Fly the run again.`, { cause })
  }
}

/** Compares every file of a run, and its manifest, with what the flight leaves; the first difference is thrown. */
const compareFiles = (folder: string, manifest: Manifest, run: Run, exactly: boolean, disk: Disk): void => {
  const lines = rowLines(run)
  for (const name of exactly ? (['ledger', 'trainings', 'rounds', 'metrics'] as const) : (['ledger', 'trainings'] as const)) {
    const { lines: kept, rest } = readEnd(folder, rowFiles[name], disk)
    const difference = compareRows(rowFiles[name], rest === '' ? kept : [...kept, rest], lines[name])
    if (difference) throw new NondeterminismError(formatRowDifference(difference))
  }
  for (const file of Object.values(rowFiles)) {
    const { lines: kept, rest } = readEnd(folder, file, disk)
    if (rest !== '') throw new NondeterminismError(`${file}:${kept.length + 1} is not what was flown: its line has no end.`)
  }
  for (const [file, content] of exactly ? Object.entries(blockFiles(run)) : []) {
    const kept = bytesOf(join(folder, file), disk)
    const same = kept !== undefined && Buffer.compare(kept, content) === 0
    if (!same) throw new NondeterminismError(`${file} is ${kept ? 'not what was flown' : 'missing'}.`)
  }
  const written: ReadonlySet<string> = new Set([...Object.values(rowFiles), ...Object.keys(blockFiles(run))])
  const claimed = Object.keys(manifest.files ?? {}).find((file) => !written.has(file))
  if (claimed !== undefined) throw new NondeterminismError(`${manifestFile}: files names ${claimed}, which the flight does not write.`)
  demandSameEnd(manifest, run.manifest, exactly)
}

/** The jobs that a run kept, to be read in place of training; refused where they are of another machine or version. */
const keptJobs = (folder: string, { engine }: Manifest, versions: Manifest['versions'], disk: Disk): JobLog => {
  const there = makerOfLog(folder, disk)
  if (there === undefined) {
    throw new StorageError(`${folder} has no ${jobsFile} to read jobs from. Replay without --jobs, which trains, or fly it with run --keep-jobs.`)
  }
  const here = makerOf({ engine, processor: thisProcessor(), versions })
  const why = makersDiffer(there, here)
  if (why !== undefined) throw new StorageError(`${join(folder, jobsFile)} is of no use here: ${why}. Replay without --jobs, which trains.`)
  return JobLog.open(folder, here, disk, { frozen: true })
}

/**
 * Flies a run again from its manifest and compares: events line by line as they are made, stopping at the first that
 * differs, then every row of every file, and what the manifest says; what it says of the beginning of the flight before
 * that begins. One that failed by itself must fail so again. Writes nothing. Refuses a script, data, traces or a
 * model to start from that changed. A difference is a `NondeterminismError` that names the first; a file that says the same and whose hash
 * differs is a `StorageError`.
 */
export const replay = async (
  folder: string,
  options: ReplayOptions = {},
  watch: Callbacks = {},
): Promise<Replayed> => {
  const cwd = options.cwd ?? process.cwd()
  const disk: Disk = watch.disk ?? realDisk
  const examined = examine(folder, disk)
  const { manifest, unsealed } = examined
  if (manifest.failure !== undefined) return replayFailed(folder, examined, options, watch)
  const whole = manifest.status === 'complete'
  const { lines: flown, rest } = readEnd(folder, rowFiles.events, disk)
  const expected = comparable(whole && rest !== '' ? [...flown, rest] : flown, whole)
  const closed = whole ? Infinity : readLines(folder, rowFiles.rounds, disk).length
  const again = await flightOf(manifest, cwd)
  const comparison = new EventComparison(expected, whole)
  const stop = new AbortController()
  options.signal?.addEventListener('abort', () => stop.abort())
  let jobs: JobLog | undefined
  const run = await conduct(
    again.specification,
    {
      ...again.options,
      workers: options.workers,
      cwd,
      signal: stop.signal,
    },
    {
      ...watch,
      // A run that was broken off is flown on until its last event has come again, which may take it into a round further.
      onEvent: (event) => (isOf(event, closed) ? watch.onEvent?.(event) : undefined),
      onGround({ world, described }) {
        checkWorld(manifest, world)
        demandSameBeginning(manifest, described)
        return options.jobs === true ? (jobs = keptJobs(folder, manifest, described.versions, disk)) : undefined
      },
      onLines(lines) {
        comparison.take(lines)
        if (comparison.difference || (!whole && comparison.complete)) stop.abort()
        watch.onLines?.(lines)
      },
    },
  )
  if (!options.signal?.aborted) comparison.end()
  const reasons = reasonsToDiffer(manifest, { processor: thisProcessor(), versions: run.manifest.versions })
  const about = { manifest, digest: run.digest, events: comparison.same, notCompared: notCompared(manifest, 'not at all') }
  if (comparison.difference) {
    const { readsNumbers = [] } = run.manifest
    if (readsNumbers.length === 0 || reasons.length === 0) throw new NondeterminismError(formatDifference(comparison.difference))
    const steered = `numbers steer the events of this run (${readsNumbers.join(', ')}), and may differ here in their last bits: ` +
      `nothing can be said of what comes after. ${formatDifference(comparison.difference)}`
    return { ...about, numbers: 'not compared', entire: false, notes: [...reasons, steered] }
  }
  const beside = formatStrays(examined)
  const doubts = [
    ...(unsealed === undefined ? [] : [`nobody vouches for the files: ${unsealed}`]), ...(beside === undefined ? [] : [beside]),
    ...(jobs === undefined ? [] : [`${jobs.recalled} jobs were read from ${jobsFile} and ${jobs.done} were done: what was read was not trained again`]),
  ]
  if (!whole || options.signal?.aborted) {
    if (!options.signal?.aborted) demandSeal(folder, examined)
    const notes = whole ? doubts : [...doubts, `the run is ${manifest.status}: its events were compared as far as it got`]
    return { ...about, numbers: 'not compared', entire: false, notes }
  }
  const { digests = run.digests } = manifest
  const metrics = readRows<MetricRow>(folder, rowFiles.metrics, disk)
  const numbers = compareNumbers({ digests, metrics }, run, reasons)
  compareFiles(folder, manifest, run, numbers === 'same', disk)
  demandSeal(folder, examined)
  const left = notCompared(manifest, numbers === 'same' ? 'exactly' : 'but for numbers')
  return { ...about, numbers, entire: numbers === 'same' && doubts.length === 0, notes: [...doubts, ...reasons], notCompared: left }
}
