import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import type * as common from 'onnxruntime-common'

import { cacheFolders, packageFolder } from '../../package.js'
import { EngineError } from '../engine-error.js'

/*
 * ONNX Runtime's binding for Node, `onnxruntime-node`. It is no dependency of this package: its install script downloads
 * CUDA libraries, which are of no use here, from a host that is no package registry, and npm runs or complains of the
 * scripts of whatever a package depends on. So it is taken from where it is, or fetched once without its script
 * (fetch-runtime.ts). Its version is fixed, and so is its content, by engine/npm-shrinkwrap.json.
 */

/** What is used of onnxruntime-node: its own types are those of onnxruntime-common. */
export type Runtime = Pick<typeof common, 'InferenceSession' | 'Tensor'>

const name = 'onnxruntime-node'

/** The one version that is used, wherever it lies: another would give other bits. */
export const runtimeVersion = (): string => {
  const { dependencies } = JSON.parse(readFileSync(join(packageFolder(), 'engine', 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return dependencies[name]
}

/** Where it is put when it is fetched, in each folder that may be written. */
export const runtimeHomes = (version: string, caches: readonly string[] = cacheFolders()): string[] =>
  caches.map((cache) => join(cache, `${name}-${version}`))

const versionIn = (folder: string): string | undefined => {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}

/** The package as Node would find it from a file of ours. */
const installed = (): string[] => {
  try {
    return [dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))]
  } catch {
    return []
  }
}

/** The folder of onnxruntime-node, in the version that is used: installed beside this package, or fetched before. */
export const findRuntime = (
  version: string = runtimeVersion(),
  homes: readonly string[] = runtimeHomes(version),
  others: readonly string[] = installed(),
): string | undefined =>
  [...others, ...homes.map((home) => join(home, 'node_modules', name))]
    .find((folder) => existsSync(folder) && versionIn(folder) === version)

/** Loads it. Throws `EngineError` where it is not to be found; `openEngine` fetches it before. */
export const loadRuntime = (): Runtime => {
  const folder = findRuntime()
  if (folder === undefined) throw new EngineError(`${name} ${runtimeVersion()} is not here. Fetch it with: npx windtunnel engine`)
  return createRequire(join(folder, 'package.json'))(folder) as Runtime
}
