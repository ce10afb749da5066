import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import type { Sign } from '../../scenarios/kind.js'
import { worldList, type WorldSpec } from '../../scenarios/registry.js'
import { meantPath } from '../documents/meant-path.js'
import { DataError } from '../errors.js'

const entriesOf = (dir: string): Dirent[] => {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch (cause) {
    throw new DataError(`--data: the folder ${dir} cannot be read (${(cause as { code?: string }).code ?? String(cause)}).`, { cause })
  }
}

/** Names of files down to two folders below `dir`. */
const listing = (dir: string, depth = 2): string[] =>
  entriesOf(dir).flatMap((entry) => {
    if (!entry.isDirectory() || depth === 0) return entry.name
    return listing(join(dir, entry.name), depth - 1).map((name) => `${entry.name}/${name}`)
  })

const describes = (written: unknown): written is WorldSpec =>
  typeof written === 'object' && written !== null && (written as { kind?: unknown }).kind === 'folder' &&
  (written as { schema?: unknown }).schema !== undefined

/**
 * The world of the folder that `--data` names: the script's own world if it is of that kind, so that its options hold.
 * Errors if there is no such folder, or if it looks like nothing known.
 */
export const worldOfFolder = (dir: string, written: unknown): WorldSpec => {
  if (!existsSync(dir)) throw new DataError(`--data ${dir}: there is no such folder.${meantPath(dir, (above) => readdirSync(above))}`)
  if (!statSync(dir).isDirectory()) throw new DataError(`--data ${dir}: this is a file. Give the folder that it is in.`)
  // A script that says what the files mean needs none beside them.
  if (describes(written)) return written
  const names = listing(dir)
  const signed: { readonly kind: string; readonly sign?: Sign }[] = [...worldList]
  const found = signed.find(({ sign }) => sign?.fits(names))
  if (found === undefined) {
    const known = signed.flatMap(({ sign }) => (sign === undefined ? [] : `\n  ${sign.what}`))
    throw new DataError(`--data ${dir}: this looks like no data that is known. Known:${known.join('')}`)
  }
  const same = typeof written === 'object' && written !== null && (written as { kind?: unknown }).kind === found.kind
  return (same ? written : { kind: found.kind }) as WorldSpec
}
