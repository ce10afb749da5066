import { parseDocument, type Document } from 'yaml'
import { SpecificationError } from '../errors.js'
import { isBehaviour } from './functions.js'
import { formatPath, parsePath, valueAt, type Path } from '../documents/path.js'
import { offenceIn } from '../documents/plain.js'
import { shown } from '../documents/problem.js'
import type { Source } from '../documents/source.js'

/** One `--set PATH=VALUE`. */
export interface Setting {
  /** As it was given, at most so much of it as a message may hold. */
  readonly text: string
  readonly path: Path
  /** What YAML makes of the value; null takes the field away. */
  readonly value: unknown
}

/** The value of a setting: plain data, as a file holds it. */
const valueOf = (yaml: string, text: string): unknown => {
  const document = parsedYaml(yaml, text)
  const [broken] = document.errors
  if (broken) {
    const why = broken.message.split('\n')[0].slice(0, most)
    throw new SpecificationError(`--set ${text}: the value is not YAML (${why}). Quote it: --set 'PATH=VALUE'.`)
  }
  const offence = offenceIn(document)
  if (offence) throw new SpecificationError(`--set ${text}: ${offence.what}.`)
  return document.toJS() as unknown
}

const parsedYaml = (yaml: string, text: string): Document => {
  try {
    return parseDocument(yaml, { prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (error instanceof RangeError) throw new SpecificationError(`--set ${text}: the value is nested too deep to be read.`)
    throw error
  }
}

/** Characters of a setting that a message holds, and steps of a path: as deep as a document may be. */
const [most, deepest] = [100, 64]

/** Reads `rounds.count=5`, `faults=[]`, `faults.0.probability=.2`, `model={kind: mmoe}`. */
export const parseSetting = (given: string): Setting => {
  const line = given.replace(/\s*\n\s*/g, ' ')
  const text = line.length > most ? `${line.slice(0, most - 3)}...` : line
  const split = given.indexOf('=')
  if (split <= 0) {
    throw new SpecificationError(`--set ${text}: expected PATH=VALUE, such as --set rounds.count=5.`)
  }
  const path = parsePath(given.slice(0, split).trim())
  if (path.length > deepest) throw new SpecificationError(`--set ${text}: the path has more than ${deepest} steps.`)
  if (path.includes('__proto__')) throw new SpecificationError(`--set ${text}: a field cannot be called __proto__.`)
  return { text, path, value: valueOf(given.slice(split + 1), text) }
}

type Group = Record<string | number, unknown>

/** A copy of data; what has behaviour is kept as it is. */
const copy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copy)
  if (typeof value !== 'object' || value === null || isBehaviour(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]))
}

/** What a group holds by itself: `constructor` is no field of every group. */
const own = (group: Group, step: string | number): unknown => (Object.hasOwn(group, step) ? group[step] : undefined)

const stepInto = (group: Group, path: Path, depth: number, defaults: () => unknown, text: string): Group => {
  const step = path[depth]
  const here = formatPath(path.slice(0, depth + 1))
  if (own(group, step) === undefined) group[step] = copy(valueAt(defaults(), path.slice(0, depth + 1))) ?? {}
  const next = group[step]
  if (isBehaviour(next)) {
    throw new SpecificationError(`--set ${text}: ${here} is a function of the script; set the whole field or edit it.`)
  }
  if (typeof next !== 'object' || next === null) {
    throw new SpecificationError(`--set ${text}: ${here} is ${shown(next)} and has no fields; set ${here} itself.`)
  }
  return next as Group
}

/**
 * The specification with settings put in, in their order. A group of fields that the specification leaves out starts
 * from its defaults, which `defaults` gives (undefined where the specification is not valid without the settings).
 */
export const applySettings = (value: unknown, settings: readonly Setting[], defaults: () => unknown): unknown => {
  const result = copy(value)
  for (const { text, path, value: wanted } of settings) {
    let group = result as Group
    for (let depth = 0; depth < path.length - 1; depth++) group = stepInto(group, path, depth, defaults, text)
    const last = path[path.length - 1]
    if (Array.isArray(group) && !(typeof last === 'number' && last <= group.length)) {
      const list = formatPath(path.slice(0, -1))
      throw new SpecificationError(
        `--set ${text}: ${list} has ${group.length} entries; give a number from 0 to ${group.length} (which adds one).`,
      )
    }
    if (wanted === null && Array.isArray(group)) group.splice(Number(last), 1)
    else if (wanted === null) delete group[last]
    else group[last] = wanted
  }
  return result
}

const covers = (outer: Path, inner: Path): boolean => outer.every((step, i) => String(step) === String(inner[i]))

/** A source that knows which values came from the command line; `typed`: whether somebody wrote them there by hand. */
export const settingSource = (source: Source, settings: readonly Setting[], typed = true): Source => {
  const settingOf = (path: Path): Setting | undefined => settings.findLast(({ path: set }) => covers(set, path))
  return {
    place: (path, at) => {
      const setting = settingOf(path)
      return setting ? { where: `--set ${setting.text}` } : source.place(path, at)
    },
    isText: (path) => (settingOf(path) === undefined ? source.isText(path) : typed),
  }
}
