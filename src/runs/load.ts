import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { register } from 'node:module'
import { basename, extname, join, relative, resolve as absolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { exitCodes, printable, SpecificationError } from '../errors.js'
import { packageFolder, packageName } from '../package.js'
import { meantPath } from '../documents/meant-path.js'
import { readDocument, scriptSource, type Source } from '../documents/source.js'
import type { Specification } from '../simulation/specification.js'
import { sha256 } from './hash.js'
import type { Script } from './script-error.js'
import type { About } from './script-hook.js'
import { readPlan } from './study/plan.js'
import { isStudy, type Size, type StudyPlan } from './study/study.js'
import { isSweep, type Sweep } from './sweep/sweep.js'

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

/** Where modules lie that every script can import, by name: this package's own, and its TensorFlow.js. */
const own = (): Record<string, string> => {
  const source = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const at = (path: string): string => new URL(`../${path}.${source}`, import.meta.url).href
  const modules = { '': at('index'), '/scenarios': at('../scenarios/index'), '/tensorflow': at('tensorflow') }
  const named = [packageName, 'windtunnel'].flatMap((name) =>
    Object.entries(modules).map(([path, address]) => [`${name}${path}`, address]))
  return { ...Object.fromEntries(named) as Record<string, string>, '@tensorflow/tfjs': at('tensorflow') }
}

/** Process-wide, as Node's hooks are: TypeScript and this package's own imports for every module from here on. */
let hooked = false

const hook = (): void => {
  // From source a loader is there already: that of the tests, or tsx.
  if (hooked || import.meta.url.endsWith('.ts')) return
  hooked = true
  const base = pathToFileURL(join(packageFolder(), 'package.json')).href
  register<About>('./script-hook.js', import.meta.url, { data: { own: own(), base } })
}

/** What an error of a script is explained with. */
const inquiry = (path: string, cwd: string): Script => ({
  path, cwd, modules: [...Object.keys(own()), 'rxjs'], load: async (name) => (await import(name)) as object,
})

/** A script that ends the process while it is read, or waits for what never comes, is told of: nothing was flown. */
const watchEnd = (file: string): (() => void) => {
  let waits = false
  // Told before the process ends because nothing is left to do, and not where somebody ends it.
  const onIdle = (): void => {
    waits = true
  }
  const onExit = (code: number): void => {
    if (code !== exitCodes.ok && !waits) return
    const what = waits ? 'waits for a promise that nothing settles' : 'ended the process before anything was flown'
    process.stderr.write(`windtunnel: ${printable(file)} ${what}. End it with: export default simulation({ ... })\n`)
    process.exitCode = exitCodes.specification
  }
  process.once('beforeExit', onIdle)
  process.once('exit', onExit)
  return () => {
    process.off('beforeExit', onIdle)
    process.off('exit', onExit)
  }
}

/** What a script gives; what it throws is an error that names its line. */
const ofScript = async <T>(path: string, file: string, cwd: string, ask: () => T | Promise<T>): Promise<T> => {
  const release = watchEnd(file)
  try {
    return await ask()
  } catch (cause) {
    // Loaded where a script is wrong: it brings a parser.
    const { scriptError } = await import('./script-error.js')
    throw await scriptError(cause, inquiry(path, cwd))
  } finally {
    release()
  }
}

/** The default export of a script. */
const loadScript = async (path: string, file: string, text: string, cwd: string): Promise<unknown> => {
  hook()
  // The hash in the address makes an edited script a new module.
  const address = `${pathToFileURL(path).href}?${sha256(text).slice(0, 12)}`
  const exported = await ofScript(path, file, cwd, async (): Promise<unknown> =>
    ((await import(address)) as { readonly default?: unknown }).default)
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
    const meant = meantPath(file, (folder) => readdirSync(absolute(cwd, folder)), (name) => [...scripts, ...documents].includes(extname(name)))
    throw new SpecificationError(`${file} does not exist.${meant || ' Give a script (.ts, .js) or a document (.yaml, .json).'}`)
  }
  if (!statSync(path).isFile()) throw new SpecificationError(`${file} is not a file. Give a script or a document.`)
  return { path, file, text: readFileSync(path, 'utf8') }
}

/** Loads a script whose default export is a study, and gives the plan of this size. Errors say file and path. */
export const loadStudy = async (
  given: string, cwd: string, size: Size,
): Promise<{ plan: StudyPlan; script: Loaded['script'] }> => {
  const { path, file, text } = readGiven(given, cwd)
  const exported = scripts.includes(extname(path).toLowerCase()) ? await loadScript(path, file, text, cwd) : undefined
  if (isSweep(exported)) throw new SpecificationError(`${file} is a sweep. Fly it with: npx windtunnel sweep ${file}`)
  if (!isStudy(exported)) {
    throw new SpecificationError(`${file} is no study: a script with export default study({ ... }).`)
  }
  const plan: unknown = await ofScript(path, file, cwd, () => exported.plan(size))
  return { plan: readPlan(plan, file), script: { file, sha256: sha256(text) } }
}

/** Is it a script whose default export is a study? */
export const isStudyScript = async (given: string, cwd: string): Promise<boolean> => {
  const { path, file, text } = readGiven(given, cwd)
  return scripts.includes(extname(path).toLowerCase()) && isStudy(await loadScript(path, file, text, cwd))
}

/** A study's plan of this size, or else a specification. */
export const loadEither = async (
  given: string, cwd: string, size: Size,
): Promise<Loaded | Awaited<ReturnType<typeof loadStudy>>> =>
  (await isStudyScript(given, cwd)) ? loadStudy(given, cwd, size) : loadSpecification(given, cwd)

/** A simulation with what a sweep over it says, not checked yet; undefined where the file says nothing of a sweep. */
export interface LoadedSweep extends Loaded {
  readonly sweep: unknown
  /** A script, or a document. */
  readonly in: 'script' | 'document'
}

/** Loads a sweep, or a simulation that flags make one. Errors say file, line and column. */
export const loadSwept = async (given: string, cwd: string): Promise<LoadedSweep> => {
  const loaded = await loadAny(given, cwd)
  const { specification, source, script, name } = loaded
  if (loaded.in === 'document') {
    if (typeof specification !== 'object' || specification === null || !('sweep' in specification)) return { ...loaded, sweep: undefined }
    const { sweep, ...base } = specification
    return { specification: base as Specification, source, script, name, sweep, in: 'document' }
  }
  const exported: unknown = specification
  if (!isSweep(exported)) return { ...loaded, sweep: undefined }
  return { specification: exported.base as Specification, source, script, name, sweep: exported satisfies Sweep, in: 'script' }
}

/** Loads a script (.ts, .mts, .js, .mjs) or a document (.yaml, .yml, .json). Errors say file, line and column. */
export const loadSpecification = async (given: string, cwd: string): Promise<Loaded> => {
  const { in: kind, ...loaded } = await loadAny(given, cwd)
  const value: unknown = loaded.specification
  const swept = isSweep(value) || (kind === 'document' && typeof value === 'object' && value !== null && 'sweep' in value)
  if (!swept) return loaded
  const { script: { file } } = loaded
  throw new SpecificationError(`${file} is a sweep of many runs. Fly it with: npx windtunnel sweep ${file}`)
}

const loadAny = async (given: string, cwd: string): Promise<Loaded & Pick<LoadedSweep, 'in'>> => {
  const { path, file, text } = readGiven(given, cwd)
  const ending = extname(path).toLowerCase()
  const about = { script: { file, sha256: sha256(text) }, name: basename(path, extname(path)) }
  if (documents.includes(ending)) {
    const { value, source } = readDocument(text, file)
    return { specification: value as Specification, source, ...about, in: 'document' }
  }
  if (scripts.includes(ending)) {
    const exported = await loadScript(path, file, text, cwd)
    if (isStudy(exported)) {
      throw new SpecificationError(`${file} is a study of many runs. Fly it with: npx windtunnel study ${file}`)
    }
    return { specification: exported as Specification, source: scriptSource(file), ...about, in: 'script' }
  }
  const known = [...scripts, ...documents].join(', ')
  throw new SpecificationError(`${file}: cannot run a "${ending}" file. Known endings: ${known}.`)
}
