import { NondeterminismError } from '../../errors.js'
import type { MetricRow } from '../../record/rows.js'
import { checkWorld, flightOf } from '../again.js'
import { realDisk, type Disk } from '../disk.js'
import { rowFiles } from '../files.js'
import { type JobLog, jobsFile } from '../jobs/job-log.js'
import { thisProcessor } from '../processor.js'
import { readEnd, readRows } from '../rows.js'
import { demandSeal, type Examined, examine, formatStrays } from '../seal.js'
import { type Callbacks, conduct } from '../simulate.js'
import { replayBrokenOff } from './broken-off.js'
import { compareFiles } from './compare-files.js'
import { demandSameBeginning, notCompared } from './compare-manifest.js'
import { EventComparison, formatDifference } from './compare.js'
import { replayFailed } from './failed.js'
import { keptJobs } from './fly-again.js'
import { compareNumbers } from './numbers.js'
import { demandOfScript, fromScript } from './of-script.js'
import { reasonsToDiffer } from './reasons-to-differ.js'
import type { Replayed, ReplayOptions } from './replayed.js'

/**
 * Flies a run again from its manifest and compares: events line by line as they are made, stopping at the first that
 * differs, then every row of every file, and what the manifest says; what it says of the beginning of the flight before
 * that begins, and whether its script gives what was flown. One that failed by itself must fail so again. Writes nothing. Refuses a script, data, traces or a
 * model to start from that changed. A difference is a `NondeterminismError` that names the first; a file that says the same and whose hash
 * differs is a `StorageError`.
 */
export const replay = async (
  folder: string,
  options: ReplayOptions = {},
  watch: Callbacks = {},
): Promise<Replayed> => {
  const examined = examine(folder, watch.disk ?? realDisk)
  const { manifest } = examined
  const ofScript = await demandOfScript(manifest, options.cwd ?? process.cwd())
  const again = manifest.failure !== undefined ? replayFailed : manifest.status === 'complete' ? replayWhole : replayBrokenOff
  const replayed = await again(folder, examined, options, watch)
  if (!ofScript) return replayed
  return { ...replayed, notCompared: replayed.notCompared.filter((name) => !(fromScript as readonly string[]).includes(name)) }
}

/** Of a run that is complete. */
const replayWhole = async (folder: string, examined: Examined, options: ReplayOptions, watch: Callbacks): Promise<Replayed> => {
  const cwd = options.cwd ?? process.cwd()
  const disk: Disk = watch.disk ?? realDisk
  const { manifest, unsealed } = examined
  const { lines: flown, rest } = readEnd(folder, rowFiles.events, disk)
  const again = await flightOf(manifest, cwd)
  const comparison = new EventComparison(rest === '' ? flown : [...flown, rest])
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
      onGround({ world, described }) {
        checkWorld(manifest, world)
        demandSameBeginning(manifest, described)
        return options.jobs === true ? (jobs = keptJobs(folder, manifest, described.versions, disk)) : undefined
      },
      onLines(lines) {
        comparison.take(lines)
        if (comparison.difference) stop.abort()
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
  if (options.signal?.aborted) return { ...about, numbers: 'not compared', entire: false, notes: doubts }
  const { digests = run.digests } = manifest
  const metrics = readRows<MetricRow>(folder, rowFiles.metrics, disk)
  const numbers = compareNumbers({ digests, metrics }, run, reasons)
  compareFiles(folder, manifest, run, numbers === 'same', disk)
  demandSeal(folder, examined)
  const left = notCompared(manifest, numbers === 'same' ? 'exactly' : 'but for numbers')
  return { ...about, numbers, entire: numbers === 'same' && doubts.length === 0, notes: [...doubts, ...reasons], notCompared: left }
}
