import { didYouMean } from '../documents/did-you-mean.js'
import { editDistance } from '../documents/nearest.js'
import { DataError } from '../errors.js'
import { doubles, floats, integers } from './column.js'
import { interner, type Interner } from './interner.js'

/** Where a column's values go, one after the other. */
export interface Into {
  readonly push: (value: number) => void
}

/** A column to read, and what its values must be.
 *
 * - `number`: 64 bits; `float`: 32 bits; both finite decimals.
 * - `integer`: a whole number within `min..max` (default: any that a double holds exactly), kept in 64 bits.
 * - `text`: any text, kept as a code of `words` (by default an interner of its own).
 * - `parsed`: text that `parse` turns into a number, kept in 64 bits; undefined is an error that names the `expected`.
 *
 * An empty numeric value (also `nan` and `NaN`, which pandas writes) is an error, or NaN where `empty` is `'nan'`. With
 * `into`, values (or codes) go there and are not kept. `as` is what a table knows them by, where a column is read in several
 * ways; by default its name. */
export type DataColumn = { readonly name: string; readonly as?: string; readonly into?: Into } & (
  | { readonly kind: 'number' | 'float'; readonly empty?: 'nan' }
  | { readonly kind: 'integer'; readonly min?: number; readonly max?: number; readonly empty?: 'nan' }
  | { readonly kind: 'text'; readonly words?: Interner }
  | { readonly kind: 'parsed'; readonly parse: (text: string) => number | undefined; readonly expected: string }
)

export type NumericColumn = Extract<DataColumn, { kind: 'number' | 'float' | 'integer' }>

/** A column with the place for its values. */
export interface Sink {
  readonly column: DataColumn
  /** The place of the column among the file's. */
  readonly field: number
  /** The codes of a `text` column. */
  readonly words: Interner
  readonly push: (value: number) => void
  readonly take: () => Float64Array | Float32Array | Int32Array
}

export type Wanted = readonly DataColumn[] | ((header: readonly string[]) => readonly DataColumn[])

/** Most characters of a value that a message shows. */
const shownCharacters = 80

const cut = (text: string): string => (text.length > shownCharacters ? `${text.slice(0, shownCharacters - 3)}...` : text)

/** A name in a message. */
export const quoted = (name: string): string => `'${cut(name)}'`

/** The first of many names, for an error; `none` where there are none. */
export const some = (names: readonly string[]): string => {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, 24).map(cut)
  return `${shown.join(', ')}${names.length > 24 ? ` and ${names.length - 24} more` : ''}`
}

/** Where names look like values, the file may well have no header; where there is one alone, it may be many. */
const headless = (header: readonly string[]): string => {
  if (header.length === 1 && /[;\t|,:]/.test(header[0])) return '. Is `delimiter` what stands between its fields?'
  return header.some((name) => name === '' || /^[-+.\d]/.test(name))
    ? '. If its first line is a row and no header, name its columns: `columns: [...]`'
    : ''
}

/** `Did you mean "age"?`, where a third of the name at most is written wrongly. */
const meantBy = (name: string, header: readonly string[]): string => {
  const near = header.filter((other) => editDistance(name.toLowerCase(), other.toLowerCase()) <= name.length / 3)
  return name.length > shownCharacters ? '' : didYouMean(name, near)
}

/** A sink for each column, or an error that names the column which the file lacks. */
export const openSinks = (file: string, header: readonly string[], columns: Wanted): Sink[] => {
  const twice = header.find((name, i) => name !== '_' && header.indexOf(name) !== i)
  if (twice !== undefined) throw new DataError(`${file}:1: column ${quoted(twice)} is named twice${headless(header)}`)
  return (typeof columns === 'function' ? columns(header) : columns).map((column) => {
    const field = header.indexOf(column.name)
    if (field < 0) {
      const meant = meantBy(column.name, header.slice(0, 1_000))
      throw new DataError(`${file}:1: no column ${quoted(column.name)}.${meant && ` ${meant}`} The file has ` +
        `${some(header)}${headless(header)}`)
    }
    const words = (column.kind === 'text' ? column.words : undefined) ?? interner()
    const kept = column.kind === 'text' ? integers() : column.kind === 'float' ? floats() : doubles()
    return { column, field, words, push: column.into?.push ?? kept.push, take: kept.take }
  })
}

/** Whether a number may stand in the column. */
export const fits = (column: NumericColumn, value: number): boolean => {
  if (column.kind !== 'integer') return Number.isFinite(value)
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = column
  return Number.isInteger(value) && value >= min && value <= max
}

/** What a numeric column may hold, in words. */
export const expectedOf = (column: NumericColumn): string => {
  const orNothing = column.empty === 'nan' ? ', or nothing' : ''
  if (column.kind !== 'integer') return `a number${orNothing}`
  if (column.min !== undefined && column.max !== undefined) {
    return `a whole number from ${column.min} to ${column.max}${orNothing}`
  }
  if (column.min !== undefined) return `a whole number from ${column.min}${orNothing}`
  return `a whole number${orNothing}`
}

/** `line` is a line of a text file, or `row 3` of one that has no lines. */
export const wrongValue = (
  file: string, line: number | string, column: string, value: string, wanted: string,
): DataError => {
  const where = typeof line === 'number' ? `${file}:${line}` : `${file}, ${line}`
  return new DataError(`${where}: column ${quoted(column)} has ${JSON.stringify(cut(value))}, expected ${wanted}`)
}
