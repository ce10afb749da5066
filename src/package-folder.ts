import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This package's folder: the nearest one above this file that has a package.json of the name `windtunnel`. */
export const packageFolder = (): string => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }
      if (name === 'windtunnel') return folder
    } catch {
      // No package.json here: go up.
    }
    if (folder === dirname(folder)) throw new Error('windtunnel: no package.json above its own files')
  }
}
