import { readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What this package is called: `windtunnel` itself is another's name on the registry. */
export const packageName = '@windtunnel/windtunnel'

/** This package's folder: the nearest one above this file that has a package.json of its name. */
export const packageFolder = (): string => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }
      if (name === packageName) return folder
    } catch {
      // No package.json here: go up.
    }
    if (folder === dirname(folder)) throw new Error(`${packageName}: no package.json above its own files`)
  }
}

/**
 * Where what can be made or fetched again lies, the best first: `WINDTUNNEL_CACHE`, or `windtunnel` in the user's cache
 * folder (`XDG_CACHE_HOME`, `~/.cache`), or `windtunnel-cache` among the temporary files where neither can be written.
 */
export const cacheFolders = (): string[] => {
  const { WINDTUNNEL_CACHE: own, XDG_CACHE_HOME: xdg } = process.env
  if (own) return [own]
  return [join(xdg || join(homedir(), '.cache'), 'windtunnel'), join(tmpdir(), 'windtunnel-cache')]
}
