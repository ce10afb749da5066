import { DataError } from '../errors.js'
import { doubles, floats, integers, type Column } from './column.js'
import { text, type CsvRecord } from './csv-record.js'
import { interner, type Interner } from './interner.js'
import { parseNumber } from './number.js'

/** A column to read, and what its values must be.
 *
 * - `number`: 64 bits; `float`: 32 bits; both finite decimals.
 * - `integer`: a whole number within `min..max` (default: any that a double holds exactly), kept in 64 bits.
 * - `text`: any text, kept as a code of `words` (by default an interner of its own).
 * - `parsed`: text that `parse` turns into a number, kept in 64 bits; undefined is an error that names the `expected`.
 *
 * An empty numeric value (also `nan` and `NaN`, which pandas writes) is an error, or NaN where `empty` is `'nan'`. */
export type CsvColumn =
  | { readonly name: string; readonly kind: 'number' | 'float'; readonly empty?: 'nan' }
  | { readonly name: string; readonly kind: 'integer'; readonly min?: number; readonly max?: number
      readonly empty?: 'nan' }
  | { readonly name: string; readonly kind: 'text'; readonly words?: Interner }
  | { readonly name: string; readonly kind: 'parsed'; readonly parse: (text: string) => number | undefined
      readonly expected: string }

/** Where the values of one column go. */
export interface Sink {
  readonly column: CsvColumn
  readonly read: (bytes: Buffer, record: CsvRecord, line: number) => void
  readonly take: () => Float64Array | Float32Array | Int32Array
  readonly words: readonly string[]
}

/** A sink for each column, or an error that names the column which the file lacks. */
export const openSinks = (
  file: string,
  header: readonly string[],
  columns: readonly CsvColumn[] | ((header: readonly string[]) => readonly CsvColumn[]),
): Sink[] => {
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined) throw new DataError(`${file}:1: column '${twice}' is named twice`)
  return (typeof columns === 'function' ? columns(header) : columns).map((column) => {
    const field = header.indexOf(column.name)
    if (field < 0) {
      throw new DataError(`${file}:1: no column '${column.name}'. The file has ${header.join(', ')}`)
    }
    if (column.kind === 'text') return textSink(column, field)
    return column.kind === 'parsed' ? parsedSink(file, column, field) : numberSink(file, column, field)
  })
}

const textSink = (column: Extract<CsvColumn, { kind: 'text' }>, field: number): Sink => {
  const words = column.words ?? interner()
  const codes = integers()
  const read: Sink['read'] = (bytes, record) =>
    codes.push(
      record.escaped[field] === 1
        ? words.of(text(bytes, record, field))
        : words.ofBytes(bytes, record.starts[field], record.ends[field]),
    )
  return { column, read, take: codes.take, words: words.words }
}

const parsedSink = (file: string, column: Extract<CsvColumn, { kind: 'parsed' }>, field: number): Sink => {
  const values = doubles()
  const read: Sink['read'] = (bytes, record, line) => {
    const value = column.parse(text(bytes, record, field))
    if (value === undefined) throw wrongValue(file, line, column.name, text(bytes, record, field), column.expected)
    values.push(value)
  }
  return { column, read, take: values.take, words: [] }
}

type Numeric = Exclude<CsvColumn, { kind: 'text' | 'parsed' }>

const numberSink = (file: string, column: Numeric, field: number): Sink => {
  const values: Column<Float64Array> | Column<Float32Array> = column.kind === 'float' ? floats() : doubles()
  const whole = column.kind === 'integer'
  const min = column.kind === 'integer' ? (column.min ?? Number.MIN_SAFE_INTEGER) : -Infinity
  const max = column.kind === 'integer' ? (column.max ?? Number.MAX_SAFE_INTEGER) : Infinity
  const read: Sink['read'] = (bytes, record, line) => {
    const start = record.starts[field]
    const end = record.ends[field]
    if (column.empty === 'nan' && isEmpty(bytes, start, end)) return values.push(NaN)
    const value = parseNumber(bytes, start, end)
    if (value === undefined || (whole && !Number.isInteger(value)) || value < min || value > max) {
      throw wrongValue(file, line, column.name, text(bytes, record, field), expected(column))
    }
    values.push(value)
  }
  return { column, read, take: values.take, words: [] }
}

const isEmpty = (bytes: Uint8Array, start: number, end: number): boolean =>
  end === start ||
  (end - start === 3 && [110, 97, 110].every((letter, i) => (bytes[start + i] | 32) === letter))

const wrongValue = (file: string, line: number, column: string, value: string, wanted: string): DataError =>
  new DataError(`${file}:${line}: column '${column}' has ${JSON.stringify(value)}, expected ${wanted}`)

const expected = (column: Numeric): string => {
  const orNothing = column.empty === 'nan' ? ', or nothing' : ''
  if (column.kind !== 'integer') return `a number${orNothing}`
  if (column.min !== undefined && column.max !== undefined) {
    return `a whole number from ${column.min} to ${column.max}${orNothing}`
  }
  if (column.min !== undefined) return `a whole number from ${column.min}${orNothing}`
  return `a whole number${orNothing}`
}
