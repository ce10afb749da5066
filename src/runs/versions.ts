import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { findRuntime } from '../engine/onnx/runtime.js'
import { packageFolder } from '../package.js'

const versionOf = (file: string): string | undefined => {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** The version of a library, wherever above this package it was put. */
const installed = (folder: string, library: string): string | undefined => {
  for (let above = folder; ; above = dirname(above)) {
    const version = versionOf(join(above, 'node_modules', library, 'package.json'))
    if (version !== undefined || above === dirname(above)) return version
  }
}

/** Versions of what can change a result; a library that is not installed is left out. */
export const versions = (): Readonly<Record<string, string>> => {
  const folder = packageFolder()
  const found: Record<string, string> = { node: process.versions.node }
  const own = versionOf(join(folder, 'package.json'))
  if (own !== undefined) found.windtunnel = own
  const note = (library: string, version: string | undefined): void => {
    if (version !== undefined) found[library] = version
  }
  const runtime = findRuntime()
  note('onnxruntime-node', runtime === undefined ? undefined : versionOf(join(runtime, 'package.json')))
  // Its parts have one version; where this package is installed elsewhere they come without the whole.
  note('@tensorflow/tfjs', installed(folder, '@tensorflow/tfjs-core'))
  note('seedrandom', installed(folder, 'seedrandom'))
  return found
}
