import { NondeterminismError } from '../../errors.js'
import type { MetricRow } from '../../record/rows.js'
import { formatMicros } from '../../time/micros.js'
import { realDisk, type Disk } from '../disk.js'
import { every, type RowFile, rowFiles, rowLines } from '../files.js'
import { jobsFile } from '../jobs/job-log.js'
import type { Manifest } from '../manifest.js'
import { roundPrices } from '../priced.js'
import { thisProcessor } from '../processor.js'
import { readEnd, readRows } from '../rows.js'
import { demandSeal, type Examined, formatStrays } from '../seal.js'
import type { Callbacks } from '../simulate.js'
import { compareFiles, demandOwnFiles, demandSameBlocks } from './compare-files.js'
import { demandSameEnd, notCompared } from './compare-manifest.js'
import { compareFields, compareRows, formatDifference, formatRowDifference } from './compare.js'
import { AgainFrom, type FlownAgain } from './fly-again.js'
import { compareNumbers } from './numbers.js'
import { reasonsToDiffer } from './reasons-to-differ.js'
import type { Replayed, ReplayOptions } from './replayed.js'
import { flyToSameStep, read, type SameStep, without } from './same-step.js'

type Field = keyof Manifest

/** Fields that steps decide in which nothing is told; and those that the clock decides, where it stood elsewhere. */
const [silent, clocked] = [['marks', 'coverage'], ['virtualTime', 'faults', 'digests', 'digest', 'warnings']] as const satisfies readonly (readonly Field[])[]

/** The manifest with what cannot be compared as it was flown again, and the names of that: what is the same is compared. */
const asFar = (manifest: Manifest, flown: Manifest, still: boolean): { readonly manifest: Manifest; readonly left: readonly Field[] } => {
  const now = JSON.parse(JSON.stringify(flown)) as Manifest
  const left = [...silent, ...(still ? [] : clocked)].filter((name) => compareFields(manifest[name], now[name]) !== undefined)
  return { manifest: { ...manifest, ...Object.fromEntries(left.map((name) => [name, now[name]])) }, left }
}

/**
 * The lines of what was flown, as far as they can be compared with those of a run whose clock stood elsewhere: how many bytes
 * had left of messages that were given up is as the run says, and so are the bytes of rounds.
 */
const butForTime = (folder: string, { flown: { run, lines }, happened }: SameStep, disk: Disk): Readonly<Record<Exclude<RowFile, 'events'>, readonly string[]>> => {
  const given = new Set(lines.slice(happened).map((line) => read(line).id))
  const made = rowLines(run, roundPrices(run.manifest))
  const asKept = (name: 'ledger' | 'rounds', isOpen: (line: string) => boolean, ...fields: readonly string[]): string[] => {
    const { lines: kept } = readEnd(folder, rowFiles[name], disk)
    return made[name].map((line, i) => (isOpen(line) && without(line, ...fields) === without(kept[i], ...fields) ? kept[i] : line))
  }
  return {
    ledger: asKept('ledger', (line) => given.has(read(line).id), 'travelled'), rounds: asKept('rounds', () => given.size > 0, 'up', 'down', 'inside', 'joules', 'wastedJoules', 'money', 'wastedMoney'),
    trainings: made.trainings, metrics: made.metrics,
  }
}

/** What was compared, and what was not. */
interface Compared {
  readonly flown: FlownAgain
  readonly events: number
  readonly numbers: Replayed['numbers']
  readonly left: readonly string[]
  readonly notes: readonly string[]
}

interface Asked {
  readonly folder: string
  readonly manifest: Manifest
  readonly again: AgainFrom
  readonly disk: Disk
}

const reasonsOf = (manifest: Manifest, { run }: FlownAgain): readonly string[] =>
  reasonsToDiffer(manifest, { processor: thisProcessor(), versions: run.manifest.versions })

/** Events that part, unless numbers steer them and may be others here. */
const partedEvents = ({ manifest }: Asked, flown: FlownAgain, index: number, expected: string | undefined, got: string | undefined): Compared => {
  const reasons = reasonsOf(manifest, flown)
  const words = formatDifference({ index, expected, got })
  const { readsNumbers = [] } = flown.run.manifest
  if (readsNumbers.length === 0 || reasons.length === 0) throw new NondeterminismError(words)
  const steered = `numbers steer the events of this run (${readsNumbers.join(', ')}), and may differ here in their last bits: ` +
    `nothing can be said of what comes after. ${words}`
  return { flown, events: index, numbers: 'not compared', left: notCompared(manifest, 'not at all'), notes: [...reasons, steered] }
}

/** Of a run that was interrupted: all that it left. */
const inOrder = async (asked: Asked): Promise<Compared> => {
  const { folder, manifest, again, disk } = asked
  const { lines, rest } = readEnd(folder, rowFiles.events, disk)
  const expected = rest === '' ? lines : [...lines, rest]
  const metrics = readRows<MetricRow>(folder, rowFiles.metrics, disk)
  const step = await flyToSameStep(again, { manifest, events: expected, metrics: metrics.length })
  const { flown, parted, still } = step
  if (again.interrupted) return { flown, events: 0, numbers: 'not compared', left: notCompared(manifest, 'not at all'), notes: [] }
  if (parted !== undefined) return partedEvents(asked, flown, parted, expected[parted], flown.lines[parted])
  const reasons = reasonsOf(manifest, flown)
  const { digests = flown.run.digests } = manifest
  const numbers = compareNumbers({ digests: still ? digests : { ...flown.run.digests, numbers: digests.numbers }, metrics }, flown.run, reasons)
  const exactly = numbers === 'same'
  const known = asFar(manifest, flown.run.manifest, still)
  if (still) compareFiles(folder, known.manifest, flown.run, exactly, disk)
  else {
    const made = butForTime(folder, step, disk)
    for (const name of exactly ? (['ledger', 'trainings', 'rounds', 'metrics'] as const) : (['ledger', 'trainings'] as const)) {
      const { lines: kept, rest: end } = readEnd(folder, rowFiles[name], disk)
      const difference = compareRows(rowFiles[name], end === '' ? kept : [...kept, end], made[name])
      if (difference) throw new NondeterminismError(formatRowDifference(difference))
    }
    if (exactly) demandSameBlocks(folder, flown.run, disk)
    demandOwnFiles(manifest, flown.run)
    demandSameEnd(known.manifest, flown.run.manifest, exactly)
  }
  const given = expected.slice(step.happened).filter((line) => read(line).event === 'drop').length
  const notes = [
    `the run is interrupted: all that it left, until ${formatMicros(manifest.virtualTime ?? 0)} of virtual time, was compared, and nothing of what would have come`,
    ...(still ? [] : [
      `from ${formatMicros(flown.run.virtualTime)} on it tells nothing: of ${given} messages that were given up it was not compared when that was, nor how many of their bytes had left`,
    ]),
    ...reasons,
  ]
  return { flown, events: expected.length, numbers, left: [...notCompared(manifest, exactly ? 'exactly' : 'but for numbers'), ...known.left], notes }
}

/** Of a run that was killed, or that its disk ended: its rows as they happened, the last of which may be cut off. */
const asItHappened = async (asked: Asked): Promise<Compared> => {
  const { folder, manifest, again, disk } = asked
  const kept = Object.fromEntries(every.map((name) => [name, readEnd(folder, rowFiles[name], disk)])) as Record<RowFile, ReturnType<typeof readEnd>>
  const partedAt = (name: RowFile, made: readonly string[]): number => {
    const { lines, rest } = kept[name]
    const index = lines.findIndex((line, i) => line !== made[i])
    if (index >= 0) return index
    // A row that was cut off is the beginning of the next.
    return rest !== '' && made.at(lines.length)?.startsWith(rest) !== true ? lines.length : -1
  }
  let looked = 0
  const flown = await again.fly(({ events, rows, lines }) => {
    const other = lines.length > looked && kept.events.lines.some((line, i) => i < lines.length && i >= looked && line !== lines[i])
    looked = lines.length
    // A row that was cut off is one more.
    const is = (name: RowFile, count: number): boolean => count >= kept[name].lines.length + Number(kept[name].rest !== '')
    return other || (is('events', events) && (['ledger', 'trainings', 'metrics', 'rounds'] as const).every((name) => is(name, rows[name].length)))
  }, true)
  if (again.interrupted) return { flown, events: 0, numbers: 'not compared', left: notCompared(manifest, 'not at all'), notes: [] }
  const { lines, rest } = kept.events
  const parted = partedAt('events', flown.lines)
  if (parted >= 0) return partedEvents(asked, flown, parted, [...lines, rest][parted], flown.lines[parted])
  const reasons = reasonsOf(manifest, flown)
  const exactly = reasons.length === 0
  const ordered = rowLines(flown.run, roundPrices(flown.run.manifest))
  for (const name of exactly ? (['ledger', 'trainings', 'rounds', 'metrics'] as const) : (['ledger', 'trainings', 'rounds'] as const)) {
    const raw = flown.rows[name]
    const index = partedAt(name, raw)
    // A disk that was full when rows were put in order has some files so.
    if (index < 0 || (manifest.digest !== undefined && partedAt(name, ordered[name]) < 0)) continue
    const expected = [...kept[name].lines, kept[name].rest][index]
    throw new NondeterminismError(formatRowDifference({ file: rowFiles[name], index, expected, got: raw[index] }))
  }
  const counts = every.map((name) => `${rowFiles[name]} ${kept[name].lines.length}`).join(', ')
  const cut = every.filter((name) => kept[name].rest !== '').map((name) => rowFiles[name])
  const notes = [
    `the run is ${manifest.status}: it was compared as far as its rows go (${counts}), and nothing of what would have come`,
    ...(cut.length === 0 ? [] : [`the last row of ${cut.join(', ')} was cut off`]),
    ...(exactly ? [] : [...reasons, `${rowFiles.metrics} was not compared`]),
  ]
  return { flown, events: lines.length, numbers: exactly ? 'same' : 'not compared', left: notCompared(manifest, 'not at all'), notes }
}

/**
 * Flies a run again that was broken off, to where that was, and compares every row of every file: of one that was interrupted
 * also what its manifest says of its end. What cannot be compared is named. Throws a `NondeterminismError` for the first
 * difference.
 */
export const replayBrokenOff = async (
  folder: string, examined: Examined, options: ReplayOptions, { disk = realDisk, ...watch }: Callbacks,
): Promise<Replayed> => {
  const { manifest, unsealed } = examined
  const asked: Asked = { folder, manifest, disk, again: new AgainFrom(folder, manifest, options, disk, watch) }
  const { flown, events, numbers, left, notes } = await (manifest.status === 'interrupted' ? inOrder(asked) : asItHappened(asked))
  if (!asked.again.interrupted) demandSeal(folder, examined)
  const beside = formatStrays(examined)
  const { jobs } = flown
  const doubts = [
    ...(unsealed === undefined ? [] : [`nobody vouches for the files: ${unsealed}`]), ...(beside === undefined ? [] : [beside]),
    ...(jobs === undefined ? [] : [`${jobs.recalled} jobs were read from ${jobsFile} and ${jobs.done} were done: what was read was not trained again`]),
  ]
  return { manifest, digest: flown.run.digest, events, numbers, entire: false, notes: [...doubts, ...notes], notCompared: left }
}
