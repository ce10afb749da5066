import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * What a thread loads first, so that it reads TypeScript: tsx for what is required, and its hooks for what is imported, which it
 * leaves out by itself in a thread whose process has none.
 */
const typescript = (from: string): string[] => {
  const loader = pathToFileURL(createRequire(from).resolve('tsx'))
  const hooks = `import { register } from ${JSON.stringify(new URL('./esm/api/index.mjs', loader).href)}; register()`
  return ['--import', loader.href, '--import', `data:text/javascript,${encodeURIComponent(hooks)}`]
}

/** The file beside `from` that threads start with; from source (tests) they need a TypeScript loader. */
export const threadFile = (name: string, from: string): { readonly filename: string; readonly execArgv: string[] } => {
  const source = from.endsWith('.ts')
  const filename = fileURLToPath(new URL(`./${name}.${source ? 'ts' : 'js'}`, from))
  return { filename, execArgv: source ? typescript(from) : [] }
}

/** What a flight makes lives for milliseconds: with twice the usual room, most of it is gone before the collector moves it. */
export const resourceLimits = { maxYoungGenerationSizeMb: 96 }
