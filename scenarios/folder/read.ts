import { basename, join } from 'node:path'
import { assemble, type Frame, type Numeric } from '../../src/data/assemble.js'
import { wrongValue, type DataColumn } from '../../src/data/data-column.js'
import type { DataTable } from '../../src/data/data-table.js'
import { parseInstant, timeForms } from '../../src/data/instant.js'
import { interner, type Interner } from '../../src/data/interner.js'
import { readTable } from '../../src/data/read-table.js'
import type { Clip } from '../../src/data/scaler.js'
import type { FolderSchema } from '../../src/data/schema.js'
import type { Origin, World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { gather, type Rows, type Source } from './rows.js'
import { inWords, partsOf } from './parts.js'

type Entry = Exclude<FolderSchema['files'][number], string>

interface FieldColumn {
  readonly name: string
  readonly atLeast: number
  readonly buckets: number
  readonly sequence?: string | undefined
  readonly table?: string | undefined
  readonly padding?: string | undefined
  readonly words: Interner
}

interface Columns {
  readonly fields: readonly FieldColumn[]
  readonly numeric: readonly Numeric[]
  readonly labels: readonly string[]
  /** One per task. */
  readonly weights: readonly (string | undefined)[]
  readonly users: Interner
  readonly scenarios: Interner
}

/** A folder's schema with the file it is from, and the world's own option. */
interface Described {
  readonly schema: FolderSchema
  readonly origin: Origin
  readonly clip: Clip
}

/** Reads the files that the schema lists, sorts their rows into scenarios and splits them. */
export const readFolder = async (
  dir: string, { schema, origin, clip }: Described, seed: string,
): Promise<World> => {
  const columns = columnsOf(schema)
  const sources: Source[] = []
  for (const entry of schema.files) {
    const { file, scenario, split }: Entry = typeof entry === 'string' ? { file: entry } : entry
    const table = await readTable(join(dir, file), wanted(schema, columns), { delimiter: schema.delimiter })
    sources.push({ table, scenario: scenario ?? (schema.scenario === undefined ? stem(file) : undefined), split })
  }
  const rows = byScenario(schema, sources)
  const chosen = schema.scenarios ?? Array.from(rows.keys()).sort()
  const frames = chosen.map((name) => {
    const own = rows.get(name)
    if (own === undefined) {
      throw new DataError(`no row of scenario '${name}'. The files have ${Array.from(rows.keys()).sort().join(', ')}`)
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
        ? { name: task.name, kind: task.kind, classes: task.classes }
        : { name: task.name, kind: task.kind }),
    frames,
    origins: [origin, ...sources.map(({ table }) => table.origin)],
    split: inWords(schema.split),
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

const stem = (file: string): string => basename(file).replace(/\.gz$/, '').replace(/\.[^.]+$/, '')

const columnsOf = (schema: FolderSchema): Columns => ({
  fields: fieldsOf(schema),
  numeric: schema.numeric.map((column) =>
    typeof column === 'string' ? { name: column, scaling: 'standard' as const } : column),
  labels: schema.tasks.map(({ name, column }) => column ?? name),
  weights: schema.tasks.map(({ weight }) => weight ?? schema.weight),
  users: interner(),
  scenarios: interner(),
})

/** Columns of one table share their words. */
const fieldsOf = (schema: FolderSchema): FieldColumn[] => {
  const words = new Map<string, Interner>()
  const listed = schema.categorical.map((column) =>
    (typeof column === 'string' ? { name: column, atLeast: 1, buckets: 0 } : column))
  return listed.map((column: Omit<FieldColumn, 'words'>): FieldColumn => {
    const key = column.table ?? column.name
    const own = words.get(key) ?? interner()
    words.set(key, own)
    return { ...column, words: own }
  })
}

/** What to read of a file. A column that plays two parts (a feature that is also the scenario) is read once, and a name
 * that would have to be read in two ways is an error. */
const wanted = (schema: FolderSchema, columns: Columns): DataColumn[] => {
  const all: DataColumn[] = [
    ...columns.fields.map(({ name, words }): DataColumn => ({ name, kind: 'text', words })),
    ...columns.numeric.map(({ name }): DataColumn => ({ name, kind: 'number', empty: 'nan' })),
    ...schema.tasks.map((task, t): DataColumn => {
      const name = columns.labels[t]
      if (task.kind === 'regression') return { name, kind: 'number', empty: 'nan' }
      return { name, kind: 'integer', min: 0, max: task.kind === 'binary' ? 1 : task.classes - 1, empty: 'nan' }
    }),
  ]
  for (const name of columns.weights) if (name !== undefined) all.push({ name, kind: 'number', empty: 'nan' })
  if (schema.scenario !== undefined) all.push({ name: schema.scenario, kind: 'text', words: columns.scenarios })
  if (schema.user !== undefined) all.push({ name: schema.user, kind: 'text', words: columns.users })
  if (schema.split.by === 'column') all.push({ name: schema.split.column, kind: 'text' })
  if (schema.time !== undefined) {
    const { column, unit } = schema.time
    all.push({
      name: column, kind: 'parsed', parse: (text) => parseInstant(text, unit), expected: timeForms[unit],
    })
  }
  const seen = new Map<string, DataColumn>()
  return all.filter((column) => {
    const before = seen.get(column.name)
    seen.set(column.name, before ?? column)
    if (before !== undefined && before.kind !== column.kind) {
      throw new DataError(
        `column '${column.name}' is used as ${before.kind} and as ${column.kind}: give it a second column in the data`,
      )
    }
    return before === undefined
  })
}

const byScenario = (schema: FolderSchema, sources: readonly Source[]): Map<string, Rows> => {
  const lists = new Map<string, { source: number[]; row: number[] }>()
  sources.forEach(({ table, scenario }, s) => {
    const named = scenario === undefined && schema.scenario !== undefined ? table.texts(schema.scenario) : undefined
    for (let row = 0; row < table.rows; row++) {
      const name = named === undefined ? (scenario as string) : named.words[named.codes[row]]
      let list = lists.get(name)
      if (list === undefined) lists.set(name, (list = { source: [], row: [] }))
      list.source.push(s)
      list.row.push(row)
    }
  })
  return new Map(
    Array.from(lists, ([name, { source, row }]) => [
      name,
      { source: Int32Array.from(source), row: Int32Array.from(row) },
    ]),
  )
}

const toFrame = (
  name: string, given: Rows, schema: FolderSchema, columns: Columns, sources: readonly Source[], seed: string,
): Frame => {
  const rows = schema.time === undefined ? given : inTime(given, sources, schema.time.column)
  const of = (pick: (table: DataTable) => ArrayLike<number>): Float64Array => gather(rows, sources, pick)
  const time = schema.time && of((table) => table.numbers(schema.time?.column ?? ''))
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
      const codes = of((table) => table.texts(field.name).codes)
      if (field.sequence === undefined) return codes
      const nothing = new Set(['', field.padding ?? ''].map((word) => field.words.of(word)))
      return codes.map((code) => (nothing.has(code) ? -1 : code))
    }),
    numeric: columns.numeric.map((column) => of((table) => table.numbers(column.name))),
    labels,
    ...(weights.some((column) => column !== undefined) && { weights }),
    ...(schema.user !== undefined && { user: of((table) => table.texts(schema.user as string).codes) }),
    ...(time && { time }),
    parts: partsOf(name, rows, time, schema, sources, seed),
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
