import { join } from 'node:path'

import { NondeterminismError, StorageError } from '../../errors.js'
import type { Disk } from '../disk.js'
import { blockFiles, rowFiles, rowLines } from '../files.js'
import { manifestFile, type Manifest } from '../manifest.js'
import { roundPrices } from '../priced.js'
import { readEnd } from '../rows.js'
import type { Run } from '../simulate.js'
import { demandOwnTables } from '../tables/keep-tables.js'
import { tableFile, tableNames } from '../tables/tables.js'
import { demandSameEnd } from './compare-manifest.js'
import { compareRows, formatRowDifference } from './compare.js'

/** Compares a file with what was flown; what was flown may go on, where `further`. */
export const demandSameRows = (folder: string, file: string, disk: Disk, now: readonly string[], further = false): void => {
  const { lines, rest } = readEnd(folder, file, disk)
  const all = rest === '' ? lines : [...lines, rest]
  const difference = compareRows(file, all, further ? now.slice(0, all.length) : now)
  if (difference) throw new NondeterminismError(formatRowDifference(difference))
  if (rest !== '') throw new NondeterminismError(`${file}:${lines.length + 1} is not what was flown: its line has no end.`)
}

const bytesOf = (path: string, disk: Disk): Uint8Array | undefined => {
  if (!disk.exists(path)) return undefined
  try {
    return disk.readBytes(path)
  } catch (cause) {
    throw new StorageError(`${path} cannot be read (${(cause as { code?: string }).code ?? 'it is too large'}). Fly the run again.`, { cause })
  }
}

/** Compares the files of a run that are no rows with what the flight leaves. */
export const demandSameBlocks = (folder: string, run: Run, disk: Disk): void => {
  for (const [file, content] of Object.entries(blockFiles(run))) {
    const kept = bytesOf(join(folder, file), disk)
    const same = kept !== undefined && Buffer.compare(kept, content) === 0
    if (!same) throw new NondeterminismError(`${file} is ${kept ? 'not what was flown' : 'missing'}.`)
  }
}

/** Refuses a manifest that vouches for files which the flight does not write. */
export const demandOwnFiles = ({ files = {} }: Manifest, run: Run): void => {
  const written: ReadonlySet<string> = new Set([...Object.values(rowFiles), ...Object.keys(blockFiles(run)), ...tableNames.map(tableFile)])
  const claimed = Object.keys(files).find((file) => !written.has(file))
  if (claimed !== undefined) throw new NondeterminismError(`${manifestFile}: files names ${claimed}, which the flight does not write.`)
}

/** Compares every file of a run, and its manifest, with what the flight leaves; the first difference is thrown. */
export const compareFiles = (folder: string, manifest: Manifest, run: Run, exactly: boolean, disk: Disk): void => {
  const lines = rowLines(run, roundPrices(run.manifest))
  for (const name of exactly ? (['ledger', 'trainings', 'rounds', 'metrics'] as const) : (['ledger', 'trainings'] as const)) {
    const { lines: kept, rest } = readEnd(folder, rowFiles[name], disk)
    const difference = compareRows(rowFiles[name], rest === '' ? kept : [...kept, rest], lines[name])
    if (difference) throw new NondeterminismError(formatRowDifference(difference))
  }
  for (const file of Object.values(rowFiles)) {
    const { lines: kept, rest } = readEnd(folder, file, disk)
    if (rest !== '') throw new NondeterminismError(`${file}:${kept.length + 1} is not what was flown: its line has no end.`)
  }
  if (exactly) {
    demandSameBlocks(folder, run, disk)
    demandOwnTables(folder, manifest, disk)
  }
  demandOwnFiles(manifest, run)
  demandSameEnd(manifest, run.manifest, exactly)
}
