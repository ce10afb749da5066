import { existsSync, readdirSync, rmSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { makeFolder } from '../documents/make-folder.js'
import { exitCodes, StorageError } from '../errors.js'
import { exportFormats, type ExportFormat, exportRun as write } from '../report/export/export-run.js'
import { plural } from '../report/format.js'
import { shortest, type Terminal } from './run.js'
import { runAt } from './runs-at.js'

export interface ExportRunFlags {
  readonly to: ExportFormat
  readonly out: string
  readonly json?: boolean
}

export const exportRunHelp = `
csv, parquet, json: a file for each table that \`query\` knows. tensorboard: an event file, with rounds as steps and virtual seconds as
wall time. safetensors: a file for each part of the models that the run has kept, tensors by the names of their segments.

Examples:
  npx windtunnel export runs/first-flight-1 --to parquet --out exports/first-flight-1
  npx windtunnel export runs/first-flight-1 --to tensorboard --out exports/board/first-flight-1`

/** `windtunnel export RUN --to FORMAT --out DIR`. Returns the exit code. */
export const exportRun = async (given: string, { to, out: folder, json }: ExportRunFlags, { out, cwd }: Terminal): Promise<number> => {
  const run = runAt(given, cwd)
  const place = absolute(cwd, folder)
  const isNew = !existsSync(place)
  if (!isNew && readdirSync(place).length > 0) throw new StorageError(`${shortest(cwd, place)} is not empty. Give a folder that is not there yet with --out.`)
  makeFolder(place)
  try {
    const files = await write(run, place, to)
    out.write(json ? `${JSON.stringify({ folder: place, files })}\n` : `${shortest(cwd, place)}: ${files.length > 12 ? plural(files.length, 'file') : files.join(', ')}\n`)
    return exitCodes.ok
  } catch (error) {
    for (const file of readdirSync(place)) rmSync(`${place}/${file}`, { recursive: true })
    if (isNew) rmSync(place, { recursive: true })
    throw error
  }
}

export { exportFormats }
