import { NondeterminismError } from '../../errors.js'
import { failureOf, isOutside, type Failure } from '../../flight/failure.js'
import { checkWorld, flightOf } from '../again.js'
import { realDisk, type Disk } from '../disk.js'
import { rowFiles } from '../files.js'
import { manifestFile, readManifest, type Manifest } from '../manifest.js'
import { memoryDisk } from '../memory-disk.js'
import { thisProcessor } from '../processor.js'
import { readEnd, readLines } from '../rows.js'
import { demandSeal, type Examined, formatStrays } from '../seal.js'
import { conduct, type Callbacks } from '../simulate.js'
import { demandSameManifest } from './compare-manifest.js'
import { compareFields, compareRows, formatFieldDifference, formatRowDifference } from './compare.js'
import { reasonsToDiffer } from './reasons-to-differ.js'
import type { Replayed, ReplayOptions } from './replayed.js'

/** Where the run is written again, for as long as it is compared. */
const elsewhere = '/again'

/** How the flight fails; undefined: it does not. It is written to the disk that is given. */
const failAgain = async (
  manifest: Manifest, { workers, cwd = process.cwd(), signal }: ReplayOptions, watch: Callbacks, disk: Disk,
): Promise<Failure | undefined> => {
  const again = await flightOf(manifest, cwd)
  const options = { ...again.options, workers, cwd, signal, out: elsewhere, jobs: 'none' } as const
  const onGround: Callbacks['onGround'] = ({ world }) => {
    checkWorld(manifest, world)
    return undefined
  }
  try {
    await conduct(again.specification, options, { ...watch, disk, onGround })
    return undefined
  } catch (error) {
    if (isOutside(error)) throw error
    return JSON.parse(JSON.stringify(failureOf(error, cwd))) as Failure
  }
}

const demandSameRows = (folder: string, file: string, then: Disk, now: Disk): void => {
  const { lines, rest } = readEnd(folder, file, then)
  const difference = compareRows(file, rest === '' ? lines : [...lines, rest], readLines(elsewhere, file, now))
  if (difference) throw new NondeterminismError(formatRowDifference(difference))
  if (rest !== '') throw new NondeterminismError(`${file}:${lines.length + 1} is not what was flown: its line has no end.`)
}

/**
 * Flies a run again that failed by itself, until it fails, and compares how, and every row of every file; numbers only where
 * this machine gives the same last bits. Throws a `NondeterminismError` for the first difference.
 */
export const replayFailed = async (
  folder: string, examined: Examined, options: ReplayOptions, { disk = realDisk, ...watch }: Callbacks,
): Promise<Replayed> => {
  const { manifest, unsealed } = examined
  const memory = memoryDisk()
  const failure = await failAgain(manifest, options, watch, memory)
  const about = { manifest, digest: undefined, numbers: 'not compared', entire: false, events: 0, notes: [] } as const
  if (options.signal?.aborted === true) return about
  const was = manifest.failure!
  if (failure === undefined) {
    const gone = `the run failed (${was.message}), and flown again it does not`
    if (was.kind !== 'crash') throw new NondeterminismError(`${gone}.`)
    // It may have been the machine's doing.
    const { lines } = readEnd(folder, rowFiles.events, disk)
    const difference = compareRows(rowFiles.events, lines, readLines(elsewhere, rowFiles.events, memory).slice(0, lines.length))
    if (difference) throw new NondeterminismError(formatRowDifference(difference))
    return { ...about, events: lines.length, notes: [`${gone}: its events were compared as far as it got`] }
  }
  const again = readManifest(elsewhere, memory)
  const reasons = reasonsToDiffer(manifest, { processor: thisProcessor(), versions: again.versions })
  const exactly = reasons.length === 0
  for (const file of Object.values(rowFiles)) if (exactly || file !== rowFiles.metrics) demandSameRows(folder, file, disk, memory)
  // A message may hold numbers.
  const told = (of: Failure): object => (exactly ? of : { ...of, message: '' })
  const difference = compareFields(told(was), told(failure), 'failure')
    ?? (exactly ? compareFields(manifest.error, again.error, 'error') : undefined)
    ?? compareFields(manifest.status, again.status, 'status')
  if (difference) throw new NondeterminismError(formatFieldDifference(manifestFile, difference))
  demandSameManifest(manifest, again, exactly)
  demandSeal(folder, examined)
  const beside = formatStrays(examined)
  const doubts = [...(unsealed === undefined ? [] : [`nobody vouches for the files: ${unsealed}`]), ...(beside === undefined ? [] : [beside])]
  const events = readLines(folder, rowFiles.events, disk).length
  const notes = [...doubts, ...reasons]
  return { ...about, failure, events, numbers: exactly ? 'same' : 'not compared', entire: notes.length === 0, notes }
}
