import { existsSync, readdirSync } from 'node:fs'
import { join, resolve as absolute } from 'node:path'

import { meantPath } from '../documents/meant-path.js'
import { StorageError } from '../errors.js'
import { manifestFile } from '../runs/manifest.js'
import { plural } from '../report/format.js'
import { quoted } from '../runs/quoted.js'
import { shortest } from './run.js'

/** The run folders at or below a folder, in the order of their names; tuning's are left out. */
const runsIn = (folder: string): string[] => {
  if (existsSync(join(folder, manifestFile))) return [folder]
  const inner = foldersIn(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return inner.flatMap((name) => runsIn(join(folder, name)))
}

const foldersIn = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'tuning')
      .map(({ name }) => name)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOTDIR' ? 'is no folder' : `cannot be read (${code ?? String(cause)})`
    throw new StorageError(`${folder} ${why}. Give folders of runs, or one above them.`, { cause })
  }
}

/** The runs in these folders or below them. A folder that does not exist, or that holds none, is a `StorageError`. */
export const runsAt = (given: readonly string[], cwd: string): string[] =>
  given.flatMap((folder) => {
    const path = absolute(cwd, folder)
    if (!existsSync(path)) {
      const meant = meantPath(folder, (above) => readdirSync(absolute(cwd, above)))
      throw new StorageError(`${folder} does not exist.${meant || ' Give folders of runs, or one above them.'}`)
    }
    const found = runsIn(path)
    if (found.length === 0) throw new StorageError(`${folder} holds no run: no ${manifestFile} in it or below it.`)
    return found
  })

/** The one run that is meant; a folder above several is refused with their names. */
export const runAt = (given: string, cwd: string): string => {
  const found = runsAt([given], cwd)
  if (found.length === 1) return found[0]
  const some = found.slice(0, 5).map((folder) => shortest(cwd, folder)).join(', ')
  throw new StorageError(
    `${given} holds ${plural(found.length, 'run')}: ${some}${found.length > 5 ? ', ...' : ''}. Give one of them; ` +
      `npx windtunnel compare ${quoted(given)} puts them side by side.`,
  )
}
