import { assemble, type Frame, type Numeric } from '../../src/data/assemble.js'
import { some, wrongValue, type DataColumn } from '../../src/data/data-column.js'
import type { DataTable } from '../../src/data/data-table.js'
import { parseInstant, timeForms } from '../../src/data/instant.js'
import { asNumbers, interner, type Interner } from '../../src/data/interner.js'
import { readTable } from '../../src/data/read-table.js'
import type { Clip } from '../../src/data/scaler.js'
import { classCount, labelColumn, labelRule } from '../../src/data/schema/tasks.js'
import type { FolderSchema } from '../../src/data/schema.js'
import type { Origin, World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { doubtsOf } from './doubts.js'
import { entriesOf } from './files.js'
import { joined, keyOf, ownColumns, readSides, withKeys } from './joins.js'
import { gather, type Rows, type Source } from './rows.js'
import { inWords, partsOf } from './parts.js'
import { scenarioColumns } from './scenario.js'
import { byScenario, checkStems, leftOut, stem } from './sort.js'

interface FieldColumn {
  readonly name: string
  readonly atLeast: number
  readonly buckets: number
  readonly sequence?: string | undefined
  readonly table?: string | undefined
  readonly padding?: string | undefined
  readonly numbers?: boolean | undefined
  readonly words: Interner
}

interface Columns {
  readonly fields: readonly FieldColumn[]
  readonly numeric: readonly Numeric[]
  /** By what tables know them. */
  readonly labels: readonly string[]
  /** One per task. */
  readonly weights: readonly (string | undefined)[]
  readonly users: Interner
}

/** A folder's schema with the file it is from, if it is from one, and the world's own option. */
interface Described {
  readonly schema: FolderSchema
  readonly origin: Origin | undefined
  readonly clip: Clip
}

/** Reads the files that the schema lists, sorts their rows into scenarios and splits them. */
export const readFolder = async (
  dir: string, { schema, origin, clip }: Described, seed: string,
): Promise<World> => {
  const columns = columnsOf(schema)
  const all = withKeys(wanted(schema, columns), schema.joins)
  const entries = await entriesOf(dir, schema)
  checkStems(schema, entries)
  const sides = await readSides(dir, schema, all)
  const sources: Source[] = []
  for (const { name, path, scenario, split, options } of entries) {
    const table = await readTable(path, ownColumns(name, all, sides), options)
    const own = scenario ?? (schema.scenario === undefined ? stem(name) : undefined)
    sources.push({ table: joined(table, sides), scenario: own, split })
  }
  const rows = byScenario(schema, sources)
  const chosen = schema.scenarios ?? Array.from(rows.keys()).sort()
  const frames = chosen.map((name) => {
    const own = rows.get(name)
    if (own === undefined) {
      throw new DataError(`no row of scenario '${name}'. The files have ${some(Array.from(rows.keys()).sort())}`)
    }
    return toFrame(name, own, schema, columns, sources, seed)
  })
  return assemble({
    name: schema.name,
    fields: columns.fields.map(({ name, words, atLeast, buckets, sequence, table }) => ({
      name, words: words.words, order: orderOf(words), atLeast, buckets,
      ...(sequence !== undefined && { sequence }), ...(table !== undefined && { table }),
    })),
    numeric: columns.numeric,
    clip,
    tasks: schema.tasks.map((task) =>
      task.kind === 'multiclass'
        ? { name: task.name, kind: task.kind, classes: classCount(task) }
        : { name: task.name, kind: task.kind }),
    frames,
    origins: [
      ...(origin === undefined ? [] : [origin]),
      ...sources.map(({ table }) => table.origin), ...sides.map(({ table }) => table.origin),
    ],
    split: inWords(schema.split),
    warnings: [...leftOut(rows, chosen), ...doubtsOf({ schema, frames, fields: columns.fields })],
    notes: [
      'vocabularies are fitted on the union of all training rows: clients share which words exist, not what they saw',
      ...weighed(schema, columns),
    ],
  })
}

/** What weighs training rows, for the manifest. */
const weighed = ({ tasks }: FolderSchema, { weights }: Columns): string[] => {
  const named = tasks.flatMap(({ name }, t) => (weights[t] === undefined ? [] : [`${name} by ${weights[t]}`]))
  return named.length === 0 ? [] : [`training rows are weighted: ${named.join(', ')}`]
}

const columnsOf = (schema: FolderSchema): Columns => ({
  fields: fieldsOf(schema),
  numeric: schema.numeric.map((column) =>
    typeof column === 'string' ? { name: column, scaling: 'standard' as const } : column),
  labels: schema.tasks.map(({ name }) => `label:${name}`),
  weights: schema.tasks.map(({ weight }) => weight ?? schema.weight),
  users: interner(),
})

/** Columns of one table share their words. */
const fieldsOf = (schema: FolderSchema): FieldColumn[] => {
  const words = new Map<string, Interner>()
  const columns = schema.categorical.map((column) =>
    (typeof column === 'string' ? { name: column, atLeast: 1, buckets: 0 } : column))
  return columns.map((column: Omit<FieldColumn, 'words'>): FieldColumn => {
    const key = column.table ?? column.name
    const own = words.get(key) ?? (column.numbers === true ? asNumbers(interner()) : interner())
    words.set(key, own)
    return { ...column, words: own }
  })
}

/** What to read of a file. A column that plays two parts (a feature that is also the scenario) is read once as text, and
 * once as a number, where it is both. */
const wanted = (schema: FolderSchema, columns: Columns): DataColumn[] => {
  const word = (name: string, words: Interner): DataColumn => ({ name, as: `text:${name}`, kind: 'text', words })
  const all: DataColumn[] = [
    ...columns.fields.map(({ name, words }) => word(name, words)),
    ...columns.numeric.map(({ name }): DataColumn => ({ name, kind: 'number', empty: 'nan' })),
    ...schema.tasks.map((task, t): DataColumn => {
      const known = { name: labelColumn(task), as: columns.labels[t] }
      const rule = labelRule(task)
      if (rule !== undefined) return { ...known, kind: 'parsed', ...rule }
      if (task.kind === 'regression') return { ...known, kind: 'number', empty: 'nan' }
      return { ...known, kind: 'integer', min: 0, max: task.kind === 'binary' ? 1 : classCount(task) - 1, empty: 'nan' }
    }),
    ...scenarioColumns(schema),
  ]
  for (const name of columns.weights) if (name !== undefined) all.push({ name, kind: 'number', empty: 'nan' })
  if (schema.user !== undefined) all.push(word(schema.user, columns.users))
  if (schema.split.by === 'column') all.push(word(schema.split.column, interner()))
  if (schema.time !== undefined) {
    const { column, unit } = schema.time
    all.push({
      name: column, as: timeKey, kind: 'parsed', parse: (text) => parseInstant(text, unit), expected: timeForms[unit],
    })
  }
  const seen = new Set<string>()
  return all.filter((column) => {
    const before = seen.has(keyOf(column))
    seen.add(keyOf(column))
    return !before
  })
}

const timeKey = 'time'

const toFrame = (
  name: string, given: Rows, schema: FolderSchema, columns: Columns, sources: readonly Source[], seed: string,
): Frame => {
  const rows = schema.time === undefined ? given : inTime(given, sources, timeKey)
  const of = (pick: (table: DataTable) => ArrayLike<number>): Float64Array => gather(rows, sources, pick)
  const time = schema.time && of((table) => table.numbers(timeKey))
  const labels = columns.labels.map((label) => of((table) => table.numbers(label)))
  const weights = columns.weights.map((column, t) => {
    const values = column === undefined ? undefined : of((table) => table.numbers(column))
    if (column !== undefined && values !== undefined) checkWeights(column, values, labels[t], rows, sources)
    return values
  })
  return {
    name,
    rows: rows.row.length,
    categorical: columns.fields.map((field) => {
      const codes = of((table) => table.texts(`text:${field.name}`).codes)
      if (field.sequence === undefined) return codes
      const nothing = new Set(['', field.padding ?? ''].map((word) => field.words.of(word)))
      return codes.map((code) => (nothing.has(code) ? -1 : code))
    }),
    numeric: columns.numeric.map((column) => of((table) => table.numbers(column.name))),
    labels,
    ...(weights.some((column) => column !== undefined) && { weights }),
    ...(schema.user !== undefined && { user: of((table) => table.texts(`text:${schema.user}`).codes) }),
    ...(time && { time }),
    parts: partsOf({ name, rows, time, labels }, schema, sources, seed),
  }
}

/** A weight is a finite number in single precision and not negative, wherever the task has a label. */
const checkWeights = (
  column: string, weights: Float64Array, labels: Float64Array, { source, row }: Rows, sources: readonly Source[],
): void => {
  const fits = (weight: number): boolean => weight >= 0 && Number.isFinite(Math.fround(weight))
  const wrong = weights.findIndex((weight, i) => !fits(weight) && !(Number.isNaN(weight) && Number.isNaN(labels[i])))
  if (wrong < 0) return
  const value = Number.isNaN(weights[wrong]) ? '' : String(weights[wrong])
  const { file } = sources[source[wrong]].table
  throw wrongValue(file, `row ${row[wrong] + 1}`, column, value, 'a weight: a number from 0 to 3e38, or nothing where there is no label')
}

/** The rows in the order of their time; rows of one instant in the order of the files. */
const inTime = (rows: Rows, sources: readonly Source[], column: string): Rows => {
  const time = gather(rows, sources, (table) => table.numbers(column))
  const order = Int32Array.from({ length: time.length }, (_, i) => i).sort((a, b) => time[a] - time[b] || a - b)
  return { source: order.map((i) => rows.source[i]), row: order.map((i) => rows.row[i]) }
}

/** Words that all are whole numbers go by value, so that id 10 comes after id 9. */
const orderOf = ({ words }: Interner): 'number' | 'text' =>
  words.every((word) => /^-?\d{1,15}$/.test(word)) ? 'number' : 'text'
