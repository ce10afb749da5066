import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'sucrase'
import type { Plugin } from 'vitest/config'
// @ts-expect-error plain JavaScript, because it runs before anything is built
import { tensorFlowModule as untyped } from '../src/cli/build.mjs'

const tensorFlow = untyped as (path: string) => string
const entry = 'src/engine/workers/entry.ts'
const starts = ['src/engine/workers/worker.ts', 'src/engine/workers/child.ts']
const imported = /\b(?:from|import)\s*\(?\s*'(\.[^']+)\.js'/g

/** Another run of the tests may write and read the same: what is there is always whole. */
const put = (path: string, text: string): void => {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

/** Writes what threads and processes of engines load, as JavaScript, into a folder laid out as the sources are. */
const writeWorkers = (root: string, folder: string): void => {
  const vendor = join(folder, 'tensorflow.js')
  put(vendor, tensorFlow('@tensorflow/tfjs'))
  const files = new Set(starts)
  for (const file of files) {
    const { code } = transform(readFileSync(join(root, file), 'utf8'), {
      transforms: ['typescript'], disableESTransforms: true, filePath: file,
    })
    const into = join(folder, file.replace(/ts$/, 'js'))
    put(into, code.replaceAll("'@tensorflow/tfjs'", `'${relative(dirname(into), vendor)}'`))
    for (const [, path] of code.matchAll(imported)) files.add(join(dirname(file), `${path}.ts`))
  }
}

/**
 * Engines in tests start threads and processes on JavaScript, as what is built does. From TypeScript each of them would
 * bring a loader of its own first, and a run of all tests starts a thousand: that is a quarter of its time.
 */
export const workerFiles = (root: string): Plugin => {
  const folder = join(root, 'dist.workers')
  const address = pathToFileURL(join(folder, entry.replace(/ts$/, 'js'))).href
  return {
    name: 'windtunnel:workers',
    enforce: 'pre',
    buildStart: () => writeWorkers(root, folder),
    transform: (code, id) =>
      id === join(root, entry) ? code.replaceAll('import.meta.url', JSON.stringify(address)) : undefined,
  }
}
