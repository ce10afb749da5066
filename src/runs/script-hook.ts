import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module'
import { fileURLToPath } from 'node:url'

import { transform } from 'sucrase'

/*
 * How a script is read, in Node's loader thread. `windtunnel` and TensorFlow.js are those of the command, wherever the
 * script lies, so that there is one copy of each. A script and the files that it imports are ES modules, whatever the
 * nearest package.json says; types are taken out line by line, so that a stack names the lines that were written.
 */

/** What the loader thread is told. */
export interface About {
  /** Addresses of what is always the command's own, by what a script imports. */
  readonly own: Readonly<Record<string, string>>
  /** From where everything else that is the command's own is looked up. */
  readonly base: string
}

let about: About = { own: {}, base: '' }

export const initialize: InitializeHook<About> = (data) => {
  about = data
}

/** Taken from the command's own libraries where the script's folder has none. */
const otherwise = /^rxjs(?:\/|$)/
const relative = /^(?:\.{0,2}\/|file:)/
const typed = /\.m?ts$/
const script = /\.m?[jt]s$/

/** Where a local file may lie that was imported as TypeScript lets it be: `./size.js` for size.ts, or without an ending. */
const candidates = (url: string): string[] => {
  const written = url.replace(/\.(m?)js$/, '.$1ts')
  const endings = ['.ts', '.mts', '.js', '.mjs', '.json', '/index.ts', '/index.js']
  return [...(written === url ? [] : [written]), ...(script.test(url) ? [] : endings.map((ending) => `${url}${ending}`))]
}

const isFile = (url: string): boolean => {
  const path = fileURLToPath(url)
  return existsSync(path) && statSync(path).isFile()
}

/** A CommonJS file of before: no import and no export, and its package does not say that it is a module. */
const isCommonJs = async (url: URL, format: string | null | undefined): Promise<boolean> =>
  url.pathname.endsWith('.js') && format !== 'module' && !/^\s*(?:import|export)\b/m.test(await readFile(url, 'utf8'))

const isLocal = (url: string): boolean => url.startsWith('file:') && !url.includes('/node_modules/')

/** In the message, since of an error of this thread no more than that reaches the other. */
export const unresolved = (specifier: string, path: string): string => `no module ${JSON.stringify(specifier)} for ${path}`

const isUnresolved = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_UNSUPPORTED_DIR_IMPORT', 'ERR_INVALID_MODULE_SPECIFIER']
    .includes(String((error as { code?: unknown }).code))

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (Object.hasOwn(about.own, specifier)) return { url: about.own[specifier], shortCircuit: true }
  const { parentURL = '' } = context
  if (!isLocal(parentURL)) return next(specifier, context)
  const wanted = relative.test(specifier) ? new URL(specifier, parentURL).href.replace(/[?#].*$/, '') : undefined
  const meant = wanted === undefined || isFile(wanted) ? undefined : candidates(wanted).find(isFile)
  try {
    return await next(meant ?? specifier, context)
  } catch (error) {
    if (otherwise.test(specifier)) return next(specifier, { ...context, parentURL: about.base })
    if (!isUnresolved(error)) throw error
    throw new Error(unresolved(specifier, fileURLToPath(parentURL)), { cause: error })
  }
}

/** Namespaces with values in them, which cannot be taken out: nothing would be left of them. */
const namespace = /^[ \t]*(?:export[ \t]+)?(?:namespace|module)[ \t]+[\w.]+[ \t]*\{/m

const withoutTypes = (text: string, path: string): string => {
  const found = namespace.exec(text)
  if (found) {
    const line = text.slice(0, found.index).split('\n').length
    throw new SyntaxError(`Error transforming ${path}: A namespace cannot be run, write an object (${line}:1)`)
  }
  return transform(text, { transforms: ['typescript'], disableESTransforms: true, filePath: path }).code
}

export const load: LoadHook = async (url, context, next) => {
  const { pathname } = new URL(url)
  if (!isLocal(url)) return next(url, context)
  if (typed.test(pathname)) {
    const path = fileURLToPath(url.replace(/[?#].*$/, ''))
    return { format: 'module', source: withoutTypes(await readFile(path, 'utf8'), path), shortCircuit: true }
  }
  if (pathname.endsWith('.json') && context.importAttributes?.['type'] === undefined) {
    return { format: 'module', source: `export default ${await readFile(new URL(url), 'utf8')}`, shortCircuit: true }
  }
  if (!script.test(pathname) || (await isCommonJs(new URL(url), context.format))) return next(url, context)
  return next(url, { ...context, format: 'module' })
}
