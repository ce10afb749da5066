import { join } from 'node:path'

import { StorageError } from '../errors.js'
import type { Disk } from './disk.js'
import { demandShape, rowShapes } from './shape.js'

/** Rows as NDJSON: one JSON object a line. */
export const toNdjson = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** The whole lines of a file of a run; what follows the last of them, a row that a crash cut off, is dropped. */
export const readLines = (folder: string, file: string, disk: Pick<Disk, 'exists' | 'read'>): string[] =>
  readEnd(folder, file, disk).lines

/** The same, and what follows the last whole line: nothing in a file that was written to its end. */
export const readEnd = (
  folder: string, file: string, disk: Pick<Disk, 'exists' | 'read'>,
): { readonly lines: string[]; readonly rest: string } => {
  const path = join(folder, file)
  if (!disk.exists(path)) throw new StorageError(`${path} is missing. Fly the run again.`)
  const text = textOf(path, disk)
  const lines = text.split('\n')
  const rest = lines.pop() as string
  return { lines, rest }
}

const textOf = (path: string, disk: Pick<Disk, 'read'>): string => {
  try {
    return disk.read(path)
  } catch (cause) {
    const { code = 'it is too large' } = cause as { code?: string }
    throw new StorageError(`${path} cannot be read (${code}). Fly the run again.`, { cause })
  }
}

/** The rows of a file of a run, whoever wrote it: one of another shape is an error with its line. */
export const readRows = <Row>(folder: string, file: string, disk: Pick<Disk, 'exists' | 'read'>): Row[] =>
  readLines(folder, file, disk).map((line, i) => {
    const where = `${join(folder, file)}:${i + 1}`
    let row: unknown
    try {
      row = JSON.parse(line)
    } catch {
      throw new StorageError(`${where} is not JSON. Fly the run again.`)
    }
    const shape = rowShapes[file]
    if (shape !== undefined) demandShape(shape, row, where)
    return row as Row
  })
