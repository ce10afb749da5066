import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A file to start a worker with, and what Node needs to load it: from source (tests, benches) a TypeScript loader. */
export const entryOf = (name: 'worker' | 'child'): { readonly filename: string; readonly execArgv: string[] } => {
  const source = import.meta.url.endsWith('.ts')
  const filename = fileURLToPath(new URL(`./${name}.${source ? 'ts' : 'js'}`, import.meta.url))
  if (!source) return { filename, execArgv: [] }
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return { filename, execArgv: ['--import', loader] }
}
