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

const versionOf = (file: string): string | undefined => {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** Versions of what can change a result; a library that is not installed is left out. */
export const versions = (): Readonly<Record<string, string>> => {
  const folder = packageFolder()
  const found: Record<string, string> = { node: process.versions.node }
  const own = versionOf(join(folder, 'package.json'))
  if (own !== undefined) found.windtunnel = own
  for (const library of ['onnxruntime-node', '@tensorflow/tfjs', 'seedrandom']) {
    for (const above of [folder, dirname(folder), dirname(dirname(folder))]) {
      const version = versionOf(join(above, 'node_modules', library, 'package.json'))
      if (version === undefined) continue
      found[library] = version
      break
    }
  }
  return found
}
