import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { transform } from 'sucrase'

import { SpecificationError, WindtunnelError } from '../errors.js'
import { nearest } from '../documents/nearest.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { excerpt } from '../documents/source.js'

/** The script that did not load, and what its imports may name. */
export interface Script {
  /** Absolute. */
  readonly path: string
  /** What the paths of messages are relative to. */
  readonly cwd: string
  /** The modules that every script can import by name, short names last. */
  readonly modules: readonly string[]
  /** Loads a module as the script would, to see what it exports. */
  readonly load: (specifier: string) => Promise<object>
}

/** A place in a file: line and column from 1. */
interface Place {
  readonly path: string
  readonly line: number
  readonly column: number
  /** How much of the line is meant. */
  readonly length?: number
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** `mine.ts:3:10: WHAT`, the line, and marks below what is meant. */
const pointed = (cwd: string, { path, line, column, length = 1 }: Place, what: string, cause: Error, advice = ''): Error => {
  const head = `${relative(cwd, path)}:${line}:${column}: ${what.replace(/\.$/, '')}.`
  const lines = [head, excerpt(textOf(path), line, column, length), advice && `  ${advice}`]
  return new SpecificationError(lines.filter(Boolean).join('\n'), { cause })
}

/** The place of the first group of an expression in a file; its first line where it is not found. */
const placeOf = (path: string, wanted: RegExp): Place => {
  const text = textOf(path)
  const [start, end] = new RegExp(wanted, 'd').exec(text)?.indices?.[1] ?? [0, 1]
  const before = text.slice(0, start).split('\n')
  return { path, line: before.length, column: before[before.length - 1].length + 1, length: end - start }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** What sucrase says of a script that does not parse, with line and column from 1. */
const untransformed = /^Error transforming (.+?): ([^]+?)\.? \((\d+):(\d+)\)$/

/** Node says no place of JavaScript that does not parse: sucrase does, of the script itself. */
const parsed = ({ path }: Script): Error | undefined => {
  try {
    transform(textOf(path), { transforms: [], disableESTransforms: true, filePath: path })
    return undefined
  } catch (error) {
    return error as Error
  }
}

const syntaxError = (cause: Error, script: Script): Error | undefined => {
  if (!(cause instanceof SyntaxError)) return undefined
  const found = untransformed.exec(cause.message) ?? untransformed.exec(parsed(script)?.message ?? '')
  if (found === null) return undefined
  const [, path, what, line, column] = found
  return pointed(script.cwd, { path, line: Number(line), column: Number(column) }, what, cause)
}

const missingExport = /requested module '(.+)' does not provide an export named '(.+)'/

/** A name that a module does not export, where it is imported; and the nearest of those that there are. */
const exportError = async (cause: Error, script: Script): Promise<Error | undefined> => {
  const found = missingExport.exec(cause.message)
  if (found === null) return undefined
  const [, specifier, name] = found
  const address = /^(file:[^?\n]+?)(?:\?\w*)?:\d+\n/.exec(cause.stack ?? '')?.[1]
  const path = address === undefined ? script.path : fileURLToPath(address)
  const from = `from\\s*['"]${escaped(specifier)}['"]`
  if (name === 'default') {
    const place = placeOf(path, new RegExp(`\\bimport\\s+([\\w$]+)[^'"]*?\\b${from}`))
    return pointed(script.cwd, place, `"${specifier}" has no default export`, cause, 'Import names from it: { ... }.')
  }
  const place = placeOf(path, new RegExp(`\\b(?:import|export)\\b[^'"]*?[{,\\s](${escaped(name)})\\b[^'"]*\\b${from}`))
  const local = specifier.startsWith('.') ? new URL(specifier, pathToFileURL(path)).href : specifier
  const known = Object.keys(await script.load(local).catch(() => ({})))
  return pointed(script.cwd, place, `"${specifier}" exports no "${name}"`, cause, didYouMean(name, known))
}

const missingModule = /^no module ("(?:[^"\\]|\\.)*") for (.+)$/m

/** What an import may have meant: a module that every script has, or a file where the one that is not there would be. */
const meantBy = (specifier: string, path: string, modules: readonly string[]): string => {
  if (!/^(?:\.|\/|file:)/.test(specifier)) {
    return didYouMean(specifier, modules) || `Without installing any, a script has: ${modules.filter((name) => !name.startsWith('windtunnel')).join(', ')}.`
  }
  const folder = dirname(fileURLToPath(new URL(specifier, pathToFileURL(path))))
  const shown = relative(dirname(path), folder) || '.'
  if (!existsSync(folder)) return `There is no folder ${shown} beside it.`
  const there = readdirSync(folder).filter((name) => /\.(?:m?[jt]s|json)$/.test(name))
  const stem = (name: string): string => name.replace(/\.\w+$/, '')
  const near = nearest(stem(basename(specifier)), there.map(stem))
  return near === undefined ? '' : `Did you mean ${there.find((name) => stem(name) === near)}?`
}

/** A module that is not there, where it is imported. */
const moduleError = (cause: Error, script: Script): Error | undefined => {
  const found = missingModule.exec(cause.message)
  if (found === null) return undefined
  const specifier = JSON.parse(found[1]) as string
  const [, , path] = found
  const place = placeOf(path, new RegExp(`(?:from|import)\\s*\\(?\\s*['"](${escaped(specifier)})['"]`))
  const what = `there is no "${specifier}" to import`
  return pointed(script.cwd, place, what, cause, meantBy(specifier, path, script.modules))
}

/** Folders of the command's own modules: where it throws is not where a script went wrong. */
const own = ['../', '../../scenarios/', '../../vendor/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

const frame = /(?:\(|\bat )(?:async )?(file:\/\/\/.+?|\/.+?)(?:\?\w*)?:(\d+):(\d+)\)?$/

/** Where a script, or a file that it imports, went wrong: the first frame of the stack that lies in none of the command's. */
const frameOf = (error: Error): Place | undefined => {
  for (const line of (error.stack ?? '').split('\n')) {
    const found = frame.exec(line)
    if (found === null) continue
    const path = found[1].startsWith('file:') ? fileURLToPath(found[1]) : found[1]
    if (path.includes('/node_modules/') || own.some((folder) => path.startsWith(folder))) continue
    return { path, line: Number(found[2]), column: Number(found[3]) }
  }
  return undefined
}

const unknownName = /^([\p{ID_Start}$_][\p{ID_Continue}$]*) is not defined$/u

/** A name that stands for nothing, where it stands; with what it is imported from, or the nearest that could be. */
const nameError = async (cause: Error, script: Script): Promise<Error | undefined> => {
  const name = cause instanceof ReferenceError ? unknownName.exec(cause.message)?.[1] : undefined
  const at = frameOf(cause)
  if (name === undefined || at === undefined) return undefined
  // Columns are of the text without its types: the name is looked for in the line as it was written.
  const line = textOf(at.path).split('\n')[at.line - 1] ?? ''
  const column = new RegExp(`(?<![\\w$.])${escaped(name)}(?![\\w$])`).exec(line)?.index
  const modules = script.modules.filter((module) => module.startsWith('@windtunnel/') && !module.endsWith('/tensorflow'))
  const exported = await Promise.all(modules.map(async (module) => Object.keys(await script.load(module).catch(() => ({})))))
  const from = modules.find((_, i) => exported[i].includes(name))
  const advice = from === undefined ? didYouMean(name, exported.flat()) : `Import it: import { ${name} } from '${from}'`
  const place = { ...at, column: (column ?? at.column - 1) + 1, length: name.length }
  return pointed(script.cwd, place, `the script failed: ${cause.name}: ${cause.message}`, cause, advice)
}

/** What loading a script threw, in words for whoever wrote it, with file and line. */
export const scriptError = async (cause: unknown, script: Script): Promise<Error> => {
  const file = relative(script.cwd, script.path)
  if (!(cause instanceof Error)) return new SpecificationError(`${file} threw ${String(cause)}.`)
  const told = moduleError(cause, script) ?? (await exportError(cause, script)) ?? syntaxError(cause, script) ?? (await nameError(cause, script))
  if (told) return told
  const at = frameOf(cause)
  const place = at === undefined ? file : `${relative(script.cwd, at.path)}:${at.line}`
  if (cause instanceof WindtunnelError) return new SpecificationError(`${place}: ${cause.message}`, { cause })
  const what = `${cause.name}: ${cause.message.replace(/\.$/, '')}`
  return new SpecificationError(`${place}: the script failed: ${what}.`, { cause })
}
