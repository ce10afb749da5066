import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { packageFolder } from '../package-folder.js'

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
