import { existsSync, readFileSync, statSync } from 'node:fs'
import { register } from 'node:module'
import { basename, extname, join, relative, resolve as absolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { SpecificationError, WindtunnelError } from '../errors.js'
import { readDocument, scriptSource, type Source } from '../simulation/source.js'
import type { Specification } from '../simulation/specification.js'
import { sha256 } from './hash.js'
import { isStudy, type Study } from './study/study.js'
import { packageFolder } from '../package-folder.js'

/** A specification as a file holds it: not checked yet. */
export interface Loaded {
  readonly specification: Specification
  readonly source: Source
  /** Relative to `cwd`, and the hash of its content. */
  readonly script: { readonly file: string; readonly sha256: string }
  /** The file's name without its ending: the run's name where the specification gives none. */
  readonly name: string
}

const scripts = ['.ts', '.mts', '.js', '.mjs']
const documents = ['.yaml', '.yml', '.json']

/** Process-wide, as Node's hooks are: TypeScript and this package's own imports for every module from here on. */
let hooked: Promise<void> | undefined

const hook = (): Promise<void> =>
  (hooked ??= (async () => {
    const { register: registerTypeScript } = await import('tsx/esm/api')
    registerTypeScript()
    const base = pathToFileURL(join(packageFolder(), 'package.json')).href
    register('./script-hook.js', import.meta.url, { data: { base } })
  })())

/** Where in the script it went wrong: the first frame of the stack that lies in it. */
const frameOf = (error: Error, path: string): string => {
  const frame = (error.stack ?? '').split('\n').find((line) => line.includes(path))
  const place = frame && /:(\d+:\d+)\)?$/.exec(frame)?.[1]
  return place ? `:${place}` : ''
}

/** What esbuild says of a script that does not parse: `path:line:column: ERROR: message`, column from 0. */
const syntax = /^(.+):(\d+):(\d+): ERROR: (.+)$/m

const syntaxError = (cause: Error, cwd: string): SpecificationError | undefined => {
  const match = cause.name === 'TransformError' ? syntax.exec(cause.message) : null
  if (match === null) return undefined
  const [, path, line, column, what] = match
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const row = (text.split('\n')[Number(line) - 1] ?? '').replace(/\t/g, ' ')
  const caret = `  ${' '.repeat(line.length)} | ${' '.repeat(Number(column))}^`
  return new SpecificationError(
    `${relative(cwd, path)}:${line}:${Number(column) + 1}: ${what}.\n  ${line} | ${row}\n${caret}`,
    { cause },
  )
}

const scriptError = (cause: unknown, file: string, path: string, cwd: string): Error => {
  if (!(cause instanceof Error)) return new SpecificationError(`${file} threw ${String(cause)}.`)
  const broken = syntaxError(cause, cwd)
  if (broken) return broken
  const place = `${file}${frameOf(cause, path)}`
  if (cause instanceof WindtunnelError) return new SpecificationError(`${place}: ${cause.message}`, { cause })
  const what = `${cause.name}: ${cause.message.replace(/\.$/, '')}`
  return new SpecificationError(`${place}: the script failed: ${what}.`, { cause })
}

/** The default export of a script. */
const loadScript = async (path: string, file: string, text: string, cwd: string): Promise<unknown> => {
  await hook()
  let module: { readonly default?: unknown }
  try {
    // The hash in the address makes an edited script a new module.
    module = (await import(`${pathToFileURL(path).href}?${sha256(text).slice(0, 12)}`)) as typeof module
  } catch (cause) {
    throw scriptError(cause, file, path, cwd)
  }
  const exported = await module.default
  if (exported === undefined) {
    throw new SpecificationError(`${file} has no default export. End it with: export default simulation({ ... })`)
  }
  return exported
}

/** A script or document that is there, with its text. */
const readGiven = (given: string, cwd: string): { path: string; file: string; text: string } => {
  const path = given.startsWith('file:') ? fileURLToPath(given) : absolute(cwd, given)
  const file = relative(cwd, path) || given
  if (!existsSync(path)) {
    throw new SpecificationError(`${file} does not exist. Give a script (.ts, .js) or a document (.yaml, .json).`)
  }
  if (!statSync(path).isFile()) throw new SpecificationError(`${file} is not a file. Give a script or a document.`)
  return { path, file, text: readFileSync(path, 'utf8') }
}

/** Loads a script whose default export is a study. */
export const loadStudy = async (given: string, cwd: string): Promise<{ study: Study; script: Loaded['script'] }> => {
  const { path, file, text } = readGiven(given, cwd)
  const exported = scripts.includes(extname(path).toLowerCase()) ? await loadScript(path, file, text, cwd) : undefined
  if (!isStudy(exported)) {
    throw new SpecificationError(`${file} is no study: a script with export default study(({ full }) => ({ ... })).`)
  }
  return { study: exported, script: { file, sha256: sha256(text) } }
}

/** Loads a script (.ts, .mts, .js, .mjs) or a document (.yaml, .yml, .json). Errors say file, line and column. */
export const loadSpecification = async (given: string, cwd: string): Promise<Loaded> => {
  const { path, file, text } = readGiven(given, cwd)
  const ending = extname(path).toLowerCase()
  const about = { script: { file, sha256: sha256(text) }, name: basename(path, extname(path)) }
  if (documents.includes(ending)) {
    const { value, source } = readDocument(text, file)
    return { specification: value as Specification, source, ...about }
  }
  if (scripts.includes(ending)) {
    const exported = await loadScript(path, file, text, cwd)
    if (isStudy(exported)) {
      throw new SpecificationError(`${file} is a study of many runs. Fly it with: npx windtunnel study ${file}`)
    }
    return { specification: exported as Specification, source: scriptSource(file), ...about }
  }
  const known = [...scripts, ...documents].join(', ')
  throw new SpecificationError(`${file}: cannot run a "${ending}" file. Known endings: ${known}.`)
}
