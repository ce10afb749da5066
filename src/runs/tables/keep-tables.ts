import { join } from 'node:path'

import { NondeterminismError, StorageError } from '../../errors.js'
import { accompany } from '../accompany.js'
import type { Disk } from '../disk.js'
import { whyOf } from '../folder.js'
import { type Manifest, readManifest } from '../manifest.js'
import { parquetOf } from './parquet.js'
import { tableRows } from './rows.js'
import { tableFile, tableNames } from './tables.js'

/** Puts every table of a run beside its rows as Parquet, which its manifest vouches for. Throws a `StorageError` where that cannot be written. */
export const keepTables = (folder: string, disk: Disk): Manifest => {
  const manifest = readManifest(folder, disk)
  try {
    accompany(folder, Object.fromEntries(tableNames.map((table) => [tableFile(table), parquetOf(table, tableRows(table, folder, manifest, disk))])), disk)
  } catch (cause) {
    if (cause instanceof StorageError) throw cause
    throw new StorageError(`The tables of ${folder} could not be written: ${whyOf(cause)}. The run itself is there, and whole.`, { cause })
  }
  return readManifest(folder, disk)
}

/** Whether a run does not have them all. */
export const lacksTables = ({ files = {} }: Pick<Manifest, 'files'>): boolean => tableNames.some((table) => !Object.hasOwn(files, tableFile(table)))

/** Compares the tables that a run kept with its rows. Throws a `NondeterminismError` for the first that is not of them. */
export const demandOwnTables = (folder: string, manifest: Manifest, disk: Disk): void => {
  for (const table of tableNames) {
    const file = tableFile(table)
    if (manifest.files?.[file] === undefined) continue
    const kept = disk.exists(join(folder, file)) ? disk.readBytes(join(folder, file)) : undefined
    const now = parquetOf(table, tableRows(table, folder, manifest, disk))
    if (kept === undefined || Buffer.compare(kept, now) !== 0) throw new NondeterminismError(`${file} is ${kept === undefined ? 'missing' : 'not of the rows that were flown'}.`)
  }
}
