import { shown } from '../../documents/problem.js'
import { NondeterminismError } from '../../errors.js'
import { manifestFile, type Manifest } from '../manifest.js'
import { compareFields, formatFieldDifference } from './compare.js'

type Field = keyof Manifest

/** What is known before anything flies, and follows from what is flown. */
const begun = [
  'format', 'version', 'name', 'seed', 'seeds', 'engine', 'functions', 'readsNumbers', 'specification', 'data', 'plan', 'checks', 'world', 'labels', 'traces', 'payers', 'start',
] as const satisfies readonly Field[]

/** What is known when a flight has ended. */
const ended = [
  'rounds', 'virtualTime', 'faults', 'marks', 'coverage', 'selectedRound', 'reached', 'stored', 'privacy', 'compared', 'warnings', 'digests', 'digest',
] as const satisfies readonly Field[]

/** Of those, what earlier versions did not write: compared where it is there. */
const lately: ReadonlySet<Field> = new Set(['labels', 'stored', 'compared'])

/** What a flight that failed says, and no other. */
const failed = ['failure', 'error'] as const satisfies readonly Field[]

/** Of what it flew, with what, and how that went: no flight gives it again. */
const told = ['workers', 'script', 'settings', 'versions', 'processor', 'study', 'spent', 'jobLog', 'resumed'] as const satisfies readonly Field[]

/** What the manifest says of the folder, which is looked at there. */
const sealing = ['status', 'files', 'sha256'] as const satisfies readonly Field[]

/** What depends on scores, and so on the last bits of a processor. */
const scored: ReadonlySet<string> = new Set(['selectedRound', 'reached', 'compared', 'warnings', 'digests', 'digest', ...failed])

const demandSame = (expected: unknown, got: unknown, name: string): void => {
  const difference = compareFields(expected, got, name)
  if (difference) throw new NondeterminismError(formatFieldDifference(manifestFile, difference))
}

const isWritten = (manifest: Manifest, name: Field): boolean => !lately.has(name) || manifest[name] !== undefined

const plain = (manifest: Manifest): Manifest => JSON.parse(JSON.stringify(manifest)) as Manifest

/**
 * Compares what a manifest says with what is known of the same flight before it begins, so that nobody waits for the end of
 * one that is another. The first difference is thrown, and a field that no run writes.
 */
export const demandSameBeginning = (manifest: Manifest, described: Manifest): void => {
  const fields: ReadonlySet<string> = new Set([...begun, ...ended, ...failed, ...told, ...sealing])
  const added = Object.keys(manifest).find((name) => !fields.has(name))
  if (added !== undefined) throw new NondeterminismError(`${manifestFile}: ${shown(added)} is no field that a run writes.`)
  const now = plain(described)
  for (const name of begun) if (isWritten(manifest, name)) demandSame(manifest[name], now[name], name)
  demandSame(manifest.warnings.slice(0, now.warnings.length), now.warnings, 'warnings')
}

/**
 * Compares what a manifest says of the end of its flight with what the manifest of the same flight says, flown again to its
 * end or until it failed; without what depends on scores unless `exactly`. The first difference is thrown.
 */
export const demandSameEnd = (manifest: Manifest, flown: Manifest, exactly: boolean): void => {
  const now = plain(flown)
  for (const name of [...ended, ...failed]) {
    if ((exactly || !scored.has(name)) && isWritten(manifest, name)) demandSame(manifest[name], now[name], name)
  }
  demandSame(manifest.digests?.events, now.digests?.events, 'digests.events')
}

/** How much of the end of a flight a replay compared. */
export type Followed = 'exactly' | 'but for numbers' | 'not at all'

/** The fields of a manifest that were not compared; of what only some runs have, what this one has. */
export const notCompared = (manifest: Manifest, followed: Followed): readonly string[] => {
  const ends = [...ended, ...failed].filter((name) => manifest[name] !== undefined)
  const open = { exactly: [], 'but for numbers': ends.filter((name) => scored.has(name)), 'not at all': ends } as const
  return [...told, ...open[followed]]
}
