import { NondeterminismError } from '../../errors.js'
import { failureOf, isOutside, type Failure } from '../../flight/failure.js'
import { checkWorld, flightOf } from '../again.js'
import { realDisk, type Disk } from '../disk.js'
import { companions, every, type RowFile, rowFiles } from '../files.js'
import { manifestFile, readManifest, type Manifest } from '../manifest.js'
import { memoryDisk } from '../memory-disk.js'
import { thisProcessor } from '../processor.js'
import { rawRows } from '../raw-rows.js'
import { readLines } from '../rows.js'
import { demandSeal, type Examined, formatStrays } from '../seal.js'
import { conduct, type Callbacks } from '../simulate.js'
import { demandSameRows } from './compare-files.js'
import { demandSameBeginning, demandSameEnd, notCompared } from './compare-manifest.js'
import { compareFields, formatFieldDifference } from './compare.js'
import { reasonsToDiffer } from './reasons-to-differ.js'
import type { Replayed, ReplayOptions } from './replayed.js'

/** Where the run is written again, for as long as it is compared. */
const elsewhere = '/again'

/** How a flight went that is compared with one that failed. */
interface Again {
  /** How it fails; undefined: it does not. */
  readonly failure: Failure | undefined
  /** Its manifest before it began. */
  readonly described: Manifest
  /** Of one that crashed: by file, what is written as it happens. */
  readonly raw: Readonly<Record<RowFile, readonly string[]>>
}

/** Flies it again, and writes it to the disk that is given. */
const failAgain = async (
  manifest: Manifest, { workers, cwd = process.cwd(), signal }: ReplayOptions, watch: Callbacks, disk: Disk,
): Promise<Again> => {
  const again = await flightOf(manifest, cwd)
  const options = { ...again.options, workers, cwd, signal, out: elsewhere, jobs: 'none' } as const
  const raw: Record<RowFile, string[]> = { ledger: [], metrics: [], rounds: [], trainings: [], events: [] }
  let about = manifest
  let differs: unknown
  // Of all else, what was written says as much.
  const keeps = manifest.failure?.kind === 'crash'
  const watched: Callbacks = {
    ...watch, disk,
    onGround({ world, described }) {
      checkWorld(manifest, world)
      about = described
      try {
        demandSameBeginning(manifest, described)
      } catch (error) {
        throw (differs = error)
      }
      return undefined
    },
    onEvent(event) {
      const told = keeps ? rawRows(event) : undefined
      for (const row of told?.rows ?? []) raw[told!.file].push(JSON.stringify(row))
      watch.onEvent?.(event)
    },
    onLines(lines) {
      if (keeps) for (const line of lines) raw.events.push(line)
      watch.onLines?.(lines)
    },
  }
  try {
    await conduct(again.specification, options, watched)
    return { failure: undefined, described: about, raw }
  } catch (error) {
    if (isOutside(error) || error === differs) throw error
    return { failure: JSON.parse(JSON.stringify(failureOf(error, cwd))) as Failure, described: about, raw }
  }
}

/** What a run that failed may vouch for: the files that it wrote, and what was put beside them. */
const demandOwnFiles = ({ files = {} }: Manifest): void => {
  const own: ReadonlySet<string> = new Set([...Object.values(rowFiles), ...companions])
  const claimed = Object.keys(files).find((file) => !own.has(file))
  if (claimed !== undefined) throw new NondeterminismError(`${manifestFile}: files names ${claimed}, which the flight does not write.`)
}

/**
 * Flies a run again that failed by itself, until it fails, and compares how, every row of every file, and what the manifest
 * says; numbers only where this machine gives the same last bits. A crash that does not come again may have been the
 * machine's doing: such a run is compared as far as its rows go. Throws a `NondeterminismError` for the first difference.
 */
export const replayFailed = async (
  folder: string, examined: Examined, options: ReplayOptions, { disk = realDisk, ...watch }: Callbacks,
): Promise<Replayed> => {
  const { manifest, unsealed } = examined
  const memory = memoryDisk()
  const { failure, described, raw } = await failAgain(manifest, options, watch, memory)
  const about = { manifest, digest: undefined, numbers: 'not compared', entire: false, events: 0, notes: [], notCompared: [] } as const
  if (options.signal?.aborted === true) return about
  const was = manifest.failure!
  const gone = `the run failed (${was.message}), and flown again it does not`
  if (failure === undefined && was.kind !== 'crash') throw new NondeterminismError(`${gone}.`)
  const reasons = reasonsToDiffer(manifest, { processor: thisProcessor(), versions: described.versions })
  const exactly = reasons.length === 0
  for (const name of exactly ? every : every.filter((one) => one !== 'metrics')) {
    const file = rowFiles[name]
    demandSameRows(folder, file, disk, failure === undefined ? raw[name] : readLines(elsewhere, file, memory), failure === undefined)
  }
  if (failure === undefined) {
    const { failure: _, error: __, ...ended } = manifest
    demandSameEnd(ended, described, true)
  } else {
    // A message may hold numbers.
    const words = (of: Failure): object => (exactly ? of : { ...of, message: '' })
    const difference = compareFields(words(was), words(failure), 'failure')
    if (difference) throw new NondeterminismError(formatFieldDifference(manifestFile, difference))
    demandSameEnd(manifest, readManifest(elsewhere, memory), exactly)
  }
  const status = compareFields(manifest.status, 'failed', 'status')
  if (status) throw new NondeterminismError(formatFieldDifference(manifestFile, status))
  demandOwnFiles(manifest)
  demandSeal(folder, examined)
  const beside = formatStrays(examined)
  const doubts = [...(unsealed === undefined ? [] : [`nobody vouches for the files: ${unsealed}`]), ...(beside === undefined ? [] : [beside])]
  const events = readLines(folder, rowFiles.events, disk).length
  if (failure === undefined) {
    const notes = [`${gone}: its rows were compared as far as they go`, ...doubts, ...reasons]
    return { ...about, events, notes, notCompared: [...notCompared(manifest, 'exactly'), 'failure', 'error'] }
  }
  const notes = [...doubts, ...reasons]
  return {
    ...about, failure, events, numbers: exactly ? 'same' : 'not compared', entire: notes.length === 0, notes,
    notCompared: notCompared(manifest, exactly ? 'exactly' : 'but for numbers'),
  }
}
