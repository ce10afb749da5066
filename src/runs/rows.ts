import { join } from 'node:path'

import { StorageError } from '../errors.js'
import type { Disk } from './disk.js'

/** Rows as NDJSON: one JSON object a line. */
export const toNdjson = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** The whole lines of a file of a run; the rest of a line that was cut off by a crash is dropped. */
export const readLines = (folder: string, file: string, disk: Pick<Disk, 'exists' | 'read'>): string[] => {
  const path = join(folder, file)
  if (!disk.exists(path)) throw new StorageError(`${path} is missing. Fly the run again.`)
  const text = disk.read(path)
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1)
}

/** The rows of a file of a run. */
export const readRows = <Row>(folder: string, file: string, disk: Pick<Disk, 'exists' | 'read'>): Row[] =>
  readLines(folder, file, disk).map((line, i) => {
    try {
      return JSON.parse(line) as Row
    } catch {
      throw new StorageError(`${join(folder, file)}:${i + 1} is not JSON. Fly the run again.`)
    }
  })
