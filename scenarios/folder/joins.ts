import { some, wrongValue, type DataColumn } from '../../src/data/data-column.js'
import type { DataTable } from '../../src/data/data-table.js'
import { interner, type Interner } from '../../src/data/interner.js'
import { readTable } from '../../src/data/read-table.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { DataError } from '../../src/errors.js'
import { optionsOf, withinFolder } from './files.js'

type Join = NonNullable<FolderSchema['joins']>[number]

/** A file that rows are looked up in. */
export interface Side {
  readonly join: Join
  readonly file: string
  readonly header: readonly string[]
  readonly table: DataTable
  /** What it has of the columns that are wanted, by the keys that tables know them by. */
  readonly provides: ReadonlySet<string>
  /** The row of each word of the key column, by its code in `words`. */
  readonly rowOf: Int32Array
  readonly words: Interner
}

/** By what a table knows a column. */
export const keyOf = (column: DataColumn): string => column.as ?? column.name

/** The key that a joined column is found by: read as text wherever it stands, by one set of words. */
const onColumn = ({ on }: Join): string => `text:${on}`

/** All that is wanted, with the keys of joins: read as features are where a feature has that column. */
export const withKeys = (wanted: readonly DataColumn[], joins: readonly Join[] = []): DataColumn[] => {
  const all = [...wanted]
  for (const one of joins) {
    if (!all.some((column) => keyOf(column) === onColumn(one))) {
      all.push({ name: one.on, as: onColumn(one), kind: 'text', words: interner() })
    }
  }
  return all
}

/** Reads the files that rows are looked up in: of each, the columns of `wanted` that it has. */
export const readSides = async (dir: string, schema: FolderSchema, wanted: readonly DataColumn[]): Promise<Side[]> => {
  const sides: Side[] = []
  for (const one of schema.joins ?? []) {
    const { on, key = on, prefix = '' } = one
    const words = wanted.find((column) => keyOf(column) === onColumn(one)) as Extract<DataColumn, { kind: 'text' }>
    const own = (header: readonly string[]): DataColumn[] =>
      wanted.flatMap((column): DataColumn[] => {
        const name = column.name.startsWith(prefix) ? column.name.slice(prefix.length) : undefined
        return name === undefined || name === key || !header.includes(name) || name === '_'
          ? [] : [{ ...column, name, as: keyOf(column) }]
      })
    const path = await withinFolder(dir, one.file)
    const table = await readTable(
      path,
      (header) => [...own(header), { name: key, as: 'join key', kind: 'text', words: words.words ?? interner() }],
      optionsOf({ delimiter: schema.delimiter, encoding: schema.encoding, quotes: schema.quotes }, one),
    )
    const provides = new Set(own(table.header).map(keyOf))
    const before = sides.find((side) => [...provides].some((name) => side.provides.has(name)))
    if (before !== undefined) {
      const name = [...provides].find((each) => before.provides.has(each))
      throw new DataError(`column '${name?.replace(/^\w+:/, '')}' is in ${before.join.file} and in ${one.file}: give one of the joins a \`prefix\``)
    }
    sides.push({
      join: one, file: path, header: table.header, table, provides, words: words.words as Interner,
      rowOf: rowsByKey(table, key),
    })
  }
  return sides
}

const rowsByKey = (table: DataTable, key: string): Int32Array => {
  const { codes, words } = table.texts('join key')
  const rowOf = new Int32Array(words.length).fill(-1)
  codes.forEach((code, row) => {
    if (rowOf[code] >= 0) {
      throw wrongValue(table.file, `row ${row + 1}`, key, words[code], `a key that no other row has (row ${rowOf[code] + 1} has it)`)
    }
    rowOf[code] = row
  })
  return rowOf
}

/** What of the wanted columns the rows' own file has to have: all that no join provides. */
export const ownColumns = (file: string, wanted: readonly DataColumn[], sides: readonly Side[]) =>
  (header: readonly string[]): DataColumn[] => {
    const own = wanted.filter((column) => !sides.some(({ provides }) => provides.has(keyOf(column))))
    for (const { provides, join: { file: side } } of sides) {
      const both = wanted.find((column) => provides.has(keyOf(column)) && header.includes(column.name))
      if (both !== undefined) {
        throw new DataError(`column '${both.name}' is in ${file} and in ${side}: give the join a \`prefix\``)
      }
    }
    const lost = own.find(({ name }) => !header.includes(name))
    if (lost !== undefined && sides.length > 0) {
      const others = sides.map(({ join: { file: side }, header: names }) => `${side} has ${some(names)}`)
      throw new DataError(`${file}:1: no column '${lost.name}', there or in what is joined. It has ${some(header)}; ${others.join('; ')}`)
    }
    return own
  }

/** A table with the columns of its joins, each looked up once when it is first asked for. */
export const joined = (table: DataTable, sides: readonly Side[]): DataTable => {
  if (sides.length === 0) return table
  const rows = new Map<Side, Int32Array>()
  const kept = new Map<string, Float64Array | Int32Array>()
  const providing = (name: string): Side | undefined => sides.find(({ provides }) => provides.has(name))
  const all: DataTable = {
    ...table,
    numbers: (name) => {
      const side = providing(name)
      return side === undefined ? table.numbers(name) : look(side, name, (from) => from.numbers(name), NaN) as Float64Array
    },
    texts: (name) => {
      const side = providing(name)
      if (side === undefined) return table.texts(name)
      const { words } = side.table.texts(name)
      return { words, codes: look(side, name, (from) => from.texts(name).codes, -1) as Int32Array }
    },
  }
  const rowsIn = (side: Side): Int32Array => {
    const known = rows.get(side)
    if (known !== undefined) return known
    const { on, file, missing } = side.join
    const { codes, words } = all.texts(onColumn(side.join))
    const found = codes.map((code) => side.rowOf[code] ?? -1)
    const lost = missing === 'empty' ? -1 : found.findIndex((row) => row < 0)
    if (lost >= 0) {
      throw wrongValue(table.file, `row ${lost + 1}`, on, words[codes[lost]] ?? '', `a key that ${file} has. Where such rows are to ` +
        'have no values from there, say `missing: empty`')
    }
    rows.set(side, found)
    return found
  }
  const look = (
    side: Side, name: string, pick: (from: DataTable) => Float64Array | Int32Array, nothing: number,
  ): Float64Array | Int32Array => {
    const before = kept.get(name)
    if (before !== undefined) return before
    const values = pick(side.table)
    const found = rowsIn(side)
    const out = values instanceof Float64Array ? new Float64Array(found.length) : new Int32Array(found.length)
    found.forEach((row, i) => (out[i] = row < 0 ? nothing : values[row]))
    kept.set(name, out)
    return out
  }
  return all
}

