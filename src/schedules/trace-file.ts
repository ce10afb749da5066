import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { readRegular } from '../documents/regular-file.js'
import { DataError } from '../errors.js'
import { packageFolder } from '../package.js'

/** Begins the name of a trace that comes with Windtunnel: `windtunnel:phones.csv`. */
const OWN = 'windtunnel:'

const ownFolder = (): string => join(packageFolder(), 'simulations', 'traces')

/** The traces that come with Windtunnel, as a specification names them. */
export const ownTraces = (): string[] =>
  readdirSync(ownFolder()).filter((file) => file.endsWith('.csv')).sort().map((file) => `${OWN}${file}`)

/** The bytes of a trace that a specification names by `path`; `field` names it in the `DataError` of one that is not there. */
export const readTrace = (path: string, cwd: string, field = 'A trace'): Uint8Array => {
  const own = path.startsWith(OWN)
  if (own && !ownTraces().includes(path)) {
    throw new DataError(`${field}: no trace ${path} comes with Windtunnel. There are: ${ownTraces().join(', ')}.`)
  }
  const file = own ? join(ownFolder(), path.slice(OWN.length)) : resolve(cwd, path)
  try {
    return readRegular(file)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'is not there' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${message})`
    throw new DataError(
      `${field}: ${path} ${why}; looked in ${cwd}. Small traces that were made come with Windtunnel: ${ownTraces().join(', ')}.`,
      { cause },
    )
  }
}
