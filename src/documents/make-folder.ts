import fs from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, or none of them. Node's own way, `recursive`, never comes back where a file system
 * answers to a folder that it will not make that the one above is missing, as /proc does.
 */
export const makeFolder = (folder: string): void => {
  const missing: string[] = []
  for (let path = folder; !fs.existsSync(path) && path !== dirname(path); path = dirname(path)) missing.push(path)
  const made: string[] = []
  try {
    for (const path of missing.toReversed()) if (madeHere(path)) made.push(path)
  } catch (error) {
    for (const path of made.toReversed()) fs.rmdirSync(path)
    throw error
  }
}

/** Makes one folder; false if somebody else has made it meanwhile. */
const madeHere = (path: string): boolean => {
  try {
    fs.mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
