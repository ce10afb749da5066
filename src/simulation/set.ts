import { parseDocument, type Document } from 'yaml'
import { SpecificationError } from '../errors.js'
import { isBehaviour } from './functions.js'
import { formatPath, parsePath, valueAt, type Path } from '../documents/path.js'
import { offenceIn } from '../documents/plain.js'
import { shown } from '../documents/problem.js'
import type { Source } from '../documents/source.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { isDefault, knownNames } from '../documents/names.js'
import { functionFields, type FunctionField, jsonSchema } from './specification.js'

/** One `--set PATH=VALUE`. */
export interface Setting {
  /** As it was given, with its flag or its place: `--set rounds.count=5`; at most so much of it as a message may hold. */
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
    throw new SpecificationError(`${text}: the value is not YAML (${why}). Quote it: --set 'PATH=VALUE'.`)
  }
  const offence = offenceIn(document)
  if (offence) throw new SpecificationError(`${text}: ${offence.what}.`)
  return document.toJS() as unknown
}

const parsedYaml = (yaml: string, text: string): Document => {
  try {
    return parseDocument(yaml, { prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (error instanceof RangeError) throw new SpecificationError(`${text}: the value is nested too deep to be read.`)
    throw error
  }
}

/** Characters of a setting that a message holds, and steps of a path: as deep as a document may be. */
const [most, deepest] = [100, 64]

/** Reads `rounds.count=5`, `faults=[]`, `faults.0.probability=.2`, `model={kind: mmoe}`. */
export const parseSetting = (given: string): Setting => {
  const line = given.replace(/\s*\n\s*/g, ' ')
  const text = `--set ${line.length > most ? `${line.slice(0, most - 3)}...` : line}`
  const split = given.indexOf('=')
  if (split <= 0) {
    throw new SpecificationError(`${text}: expected PATH=VALUE, such as --set rounds.count=5.`)
  }
  const path = parsePath(given.slice(0, split).trim())
  if (path.length > deepest) throw new SpecificationError(`${text}: the path has more than ${deepest} steps.`)
  if (path.includes('__proto__')) throw new SpecificationError(`${text}: a field cannot be called __proto__.`)
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

/** The fields of a group that comes from defaults: nobody wrote any of them. */
type Unwritten = WeakSet<object>

const noteUnwritten = (value: unknown, unwritten: Unwritten): void => {
  if (typeof value !== 'object' || value === null) return
  unwritten.add(value)
  for (const inner of Object.values(value)) noteUnwritten(inner, unwritten)
}

/** Entries of a list that a message names, and the most characters of each. */
const [mostNamed, longest] = [8, 30]

/** What an entry of a list is known by: `1 losses`, `2 slow`. */
const entryName = (entry: unknown, n: number): string => {
  if (typeof entry !== 'object' || entry === null) return `${n} ${shown(entry)}`.slice(0, longest)
  const { id, kind, name } = entry as { readonly id?: unknown; readonly kind?: unknown; readonly name?: unknown }
  const known = [id, name, kind].find((one) => typeof one === 'string')
  return known === undefined ? String(n) : `${n} ${known as string}`.slice(0, longest)
}

/** `faults has 3 entries, 0 to 2 (0 late, 1 losses, 2 slow)` */
const entriesText = (list: readonly unknown[], at: string): string => {
  if (list.length === 0) return `${at} has no entries`
  const names = list.slice(0, mostNamed).map(entryName).join(', ')
  const range = list.length === 1 ? '1 entry' : `${list.length} entries, 0 to ${list.length - 1}`
  return `${at} has ${range} (${names}${list.length > mostNamed ? ', ...' : ''})`
}

/** Refuses what is no entry of a list and not the next one, which is added; to take one away it must be there. */
const demandEntry = (list: readonly unknown[], path: Path, text: string, takesAway: boolean): void => {
  const step = path[path.length - 1]
  const last = takesAway ? list.length - 1 : list.length
  if (typeof step === 'number' && step <= last) return
  const at = formatPath(path.slice(0, -1))
  const which = list.length === 1 ? 'Give 0' : `Give a number from 0 to ${list.length - 1}`
  const add = list.length === 0 ? 'Give 0, which adds one' : `${which}, or ${list.length}, which adds one`
  const advice = !takesAway ? add : list.length === 0 ? 'There is nothing to take away' : which
  throw new SpecificationError(`${text}: there is no ${formatPath(path)}: ${entriesText(list, at)}. ${advice}.`)
}

const stepInto = (
  group: Group, path: Path, depth: number, defaults: () => unknown, unwritten: Unwritten, { text, value }: Setting,
): Group => {
  const step = path[depth]
  const takesAway = value === null
  const here = formatPath(path.slice(0, depth + 1))
  if (Array.isArray(group)) demandEntry(group, path.slice(0, depth + 1), text, takesAway)
  if (own(group, step) === undefined) {
    group[step] = copy(valueAt(defaults(), path.slice(0, depth + 1))) ?? {}
    noteUnwritten(group[step], unwritten)
  }
  const next = group[step]
  if (isBehaviour(next)) {
    throw new SpecificationError(`${text}: ${here} is a function of the script; set the whole field or edit it.`)
  }
  if (typeof next !== 'object' || next === null) {
    throw new SpecificationError(`${text}: ${here} is ${shown(next)} and has no fields; set ${here} itself.`)
  }
  return next as Group
}

/**
 * Another kind of a group has other fields. Those that the old kind had by default go with it, as `adam(0.01)` of a script
 * has `beta1`; what somebody wrote, here or in the specification, stays, and is an error if the new kind does not know it.
 */
const changeKind = (group: Group, kind: unknown, at: Path, root: unknown, set: readonly Path[], unwritten: Unwritten): void => {
  const old = { ...group }
  group.kind = kind
  if (old.kind === undefined || old.kind === kind) return
  const schema = jsonSchema()
  const was = replacedAt(root, at, old)
  const known = knownNames(schema, root, at)
  for (const field of Object.keys(old)) {
    if (field === 'kind' || set.some((path) => covers([...at, field], path))) continue
    const goes = unwritten.has(group) || (!known.includes(field) && isDefault(schema, was, at, field, old[field]))
    if (goes) delete group[field]
  }
}

/** The same data with another value at a path that it has. */
const replacedAt = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by
  const inner = replacedAt((value as Group)[step], rest, by)
  return Array.isArray(value) ? value.with(Number(step), inner) : { ...(value as Group), [step]: inner }
}

/** Takes a field away; one that is not there and that nobody knows was misspelt. */
const takeAway = (group: Group, path: Path, root: unknown, text: string): void => {
  const last = path[path.length - 1]
  const known = knownNames(jsonSchema(), root, path.slice(0, -1))
  if (!Object.hasOwn(group, last) && known.length > 0 && !known.includes(String(last)) && !(path.length === 1 && functionFields.includes(last as FunctionField))) {
    const hint = didYouMean(String(last), known)
    throw new SpecificationError(`${text}: ${formatPath(path)} is not a field, and cannot be taken away.\n  ${`${hint} Known here: ${known.join(', ')}.`.trim()}`)
  }
  delete group[last]
}

/**
 * The specification with settings put in, in their order. A group of fields that the specification leaves out starts
 * from its defaults, which `defaults` gives (undefined where the specification is not valid without the settings).
 */
export const applySettings = (value: unknown, settings: readonly Setting[], defaults: () => unknown): unknown => {
  const result = copy(value)
  const unwritten: Unwritten = new WeakSet()
  for (const [n, setting] of settings.entries()) {
    const { text, path, value: wanted } = setting
    let group = result as Group
    for (let depth = 0; depth < path.length - 1; depth++) group = stepInto(group, path, depth, defaults, unwritten, setting)
    const last = path[path.length - 1]
    if (Array.isArray(group)) demandEntry(group, path, text, wanted === null)
    if (wanted === null && Array.isArray(group)) group.splice(Number(last), 1)
    else if (wanted === null) takeAway(group, path, result, text)
    else if (last === 'kind' && path.length > 1) {
      changeKind(group, wanted, path.slice(0, -1), result, settings.slice(0, n).map((one) => one.path), unwritten)
    } else group[last] = wanted
  }
  return result
}

const kindText = (kind: unknown): string => (typeof kind === 'string' ? kind.slice(0, 60) : shown(kind))

const covers = (outer: Path, inner: Path): boolean => outer.every((step, i) => String(step) === String(inner[i]))

/**
 * A source that knows which values came from the command line; `typed`: whether somebody wrote them there by hand. `written`:
 * the specification without them.
 */
export const settingSource = (source: Source, settings: readonly Setting[], written: unknown, typed = true): Source => {
  // An entry of a list, or a group, in which something is missing, and that a setting alone has made.
  const madeAt = (path: Path): { readonly setting: Setting; readonly at: Path } | undefined => {
    const made = path.slice(0, -1).flatMap((_, i) => {
      const at = path.slice(0, i + 1)
      const setting = valueAt(written, at) === undefined ? settings.findLast(({ path: set }) => covers(at, set)) : undefined
      return setting === undefined ? [] : [{ setting, at }]
    })
    return made.find(({ at }) => typeof at.at(-1) === 'number') ?? made[0]
  }

  const settingOf = (path: Path): Setting | undefined => settings.findLast(({ path: set }) => covers(set, path))
  // The name of a group that only a setting within it made.
  const makerOf = (path: Path): Setting | undefined => settings.findLast(({ path: set }) => covers(path, set))
  return {
    place: (path, at) => {
      const setting = settingOf(path) ?? (at === 'name' ? makerOf(path) : undefined) ?? madeAt(path)?.setting
      return setting ? { where: setting.text } : source.place(path, at)
    },
    // What another kind leaves of the group, or lacks in it.
    advice: (path, at) => {
      const [group, field] = [path.slice(0, -1), path.at(-1)]
      const setting = settings.findLast(({ path: set }) => set.length > 1 && formatPath(set) === formatPath([...group, 'kind']))
      if (settingOf(path) !== undefined) return undefined
      const made = madeAt(path)
      const list = made && valueAt(written, made.at.slice(0, -1))
      if (made !== undefined && typeof made.at.at(-1) === 'number') {
        const [entry, all] = [formatPath(made.at), formatPath(made.at.slice(0, -1))]
        const there = Array.isArray(list) ? list : []
        return `${entriesText(there, all)}, and ${made.setting.text} adds ${there.length === 0 ? 'one' : 'another'}. Give all of it, --set '${entry}={ ... }'` +
          (there.length === 0 ? '.' : ', or a number of one that is there.')
      }
      if (setting === undefined || field === 'kind') return undefined
      const name = formatPath(group)
      return `${setting.text} keeps what else ${name} was given: set it as a whole, --set '${name}={ kind: ${kindText(setting.value)}, ... }', ` +
        (at === 'name' ? `or take the field away, --set ${formatPath(path)}=null.` : `or give the field too, --set ${formatPath(path)}=...`)
    },
    isText: (path) => (settingOf(path) === undefined ? source.isText(path) : typed),
  }
}
