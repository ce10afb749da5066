import { writeFileSync, renameSync, rmSync } from 'node:fs'

import { StorageError } from '../../errors.js'
import { Drawer } from './chart.js'
import { pageText } from './page.js'
import { readRun } from './read-run.js'
import { runPage } from './run-page.js'
import { readSeveral } from './several/read-several.js'
import { severalPage } from './several-page.js'

/** What was written, and where. */
export interface WrittenReport {
  readonly file: string
  readonly runs: number
  readonly bytes: number
}

/**
 * The report of runs, as one HTML file that needs nothing beside it. The file is there once it is whole. Throws a `StorageError` for a
 * folder that is of no run, files that are not as the run wrote them, and a place where it cannot be written.
 */
export const writeReport = async (given: readonly string[], file: string): Promise<WrittenReport> => {
  // A run that is given twice, by itself and in its study's folder, is one.
  const folders = [...new Set(given)]
  const drawer = await Drawer.open()
  const page = folders.length === 1 ? runPage(readRun(folders[0]), drawer) : severalPage(readSeveral(folders), drawer)
  const text = pageText(page)
  const draft = `${file}.new`
  try {
    writeFileSync(draft, text)
    renameSync(draft, file)
  } catch (cause) {
    rmSync(draft, { force: true })
    const { code } = cause as NodeJS.ErrnoException
    throw new StorageError(`${file} cannot be written (${code ?? String(cause)}). Give another place with --out.`, { cause })
  }
  return { file, runs: folders.length, bytes: Buffer.byteLength(text) }
}
