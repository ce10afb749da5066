import { DataError } from '../errors.js'
import { openBytes } from './bytes.js'
import { doubles, floats, integers, type Column } from './column.js'
import { interner, type Interner } from './interner.js'
import { parseNumber } from './number.js'
import type { Origin } from './world.js'

/** A column to read, and what its values must be.
 *
 * - `number`: 64 bits; `float`: 32 bits; both finite decimals.
 * - `integer`: a whole number within `min..max` (default: any that a double holds exactly), kept in 64 bits.
 * - `text`: any text, kept as a code of `words` (by default an interner of its own).
 * - `parsed`: text that `parse` turns into a number, kept in 64 bits; undefined is an error that says what was `expected`.
 *
 * An empty numeric value (also `nan` and `NaN`, which pandas writes) is an error, or NaN where `empty` is `'nan'`. */
export type CsvColumn =
  | { readonly name: string; readonly kind: 'number' | 'float'; readonly empty?: 'nan' }
  | { readonly name: string; readonly kind: 'integer'; readonly min?: number; readonly max?: number
      readonly empty?: 'nan' }
  | { readonly name: string; readonly kind: 'text'; readonly words?: Interner }
  | { readonly name: string; readonly kind: 'parsed'; readonly parse: (text: string) => number | undefined
      readonly expected: string }

export interface CsvOptions {
  /** One character. Default a comma. */
  readonly delimiter?: string
  /** Which rows to keep, by their number from 0; the others are only checked for their number of fields. */
  readonly keep?: (row: number) => boolean
}

/** The columns that were asked for. */
export interface CsvTable {
  readonly file: string
  /** Rows that were kept. */
  readonly rows: number
  /** All column names, in the order of the file. */
  readonly header: readonly string[]
  readonly origin: Origin
  /** A `number`, `integer` or `parsed` column. */
  numbers(name: string): Float64Array
  /** A `float` column. */
  floats(name: string): Float32Array
  /** A `text` column: codes into `words`. */
  texts(name: string): { readonly codes: Int32Array; readonly words: readonly string[] }
}

const newline = 10
const carriageReturn = 13
const quote = 34
/** No honest record is longer; a quote that never closes would otherwise read the whole file as one field. */
const longestRecord = 16 << 20

/** Fields of one record, as places in the buffer. */
interface Record {
  count: number
  lines: number
  starts: Int32Array
  ends: Int32Array
  /** 1 where the field holds doubled quotes, which `plain` turns into single ones. */
  escaped: Uint8Array
}

/** Reads a CSV file (RFC 4180: quotes, doubled quotes, line breaks in quotes; CRLF or LF; a byte order mark; `.gz`)
 * with a header line, record by record from bytes; the text of the file is never held. Empty lines are skipped.
 * A malformed value is a `DataError` with file, line, column, the value and what was expected. */
export const readCsv = async (
  file: string,
  columns: readonly CsvColumn[] | ((header: readonly string[]) => readonly CsvColumn[]),
  options: CsvOptions = {},
): Promise<CsvTable> => {
  const delimiter = (options.delimiter ?? ',').charCodeAt(0)
  const keep = options.keep
  const opened = openBytes(file)
  const record = emptyRecord(16)
  let buffer: Buffer = Buffer.alloc(0)
  let at = 0
  let line = 1
  let header: string[] | undefined
  let sinks: Sink[] = []
  let seen = 0
  let rows = 0

  const consume = (last: boolean): void => {
    if (header === undefined && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) at = 3
    for (;;) {
      const next = parseRecord(buffer, at, last, delimiter, record, file, line)
      if (next < 0) {
        if (buffer.length - at > longestRecord) {
          throw new DataError(`${file}:${line}: a record of more than ${longestRecord >> 20} MiB starts here.` +
            ' Probably a quote is never closed')
        }
        return
      }
      if (record.count > 1 || record.ends[0] > record.starts[0]) {
        if (header === undefined) {
          header = Array.from({ length: record.count }, (_, i) => text(buffer, record, i))
          sinks = openSinks(file, header, columns)
        } else {
          if (record.count !== header.length) throw wrongWidth(file, line, record.count, header)
          if (keep === undefined || keep(seen)) {
            for (const sink of sinks) sink.read(buffer, record, line)
            rows++
          }
          seen++
        }
      }
      line += record.lines
      at = next
      if (last && at >= buffer.length) return
    }
  }

  for await (const chunk of opened.chunks) {
    buffer = at < buffer.length ? Buffer.concat([buffer.subarray(at), chunk]) : chunk
    at = 0
    consume(false)
  }
  if (at < buffer.length) consume(true)
  if (header === undefined) throw new DataError(`${file} is empty: its first line must name the columns`)
  return result(file, rows, header, sinks, opened.origin())
}

const emptyRecord = (fields: number): Record => ({
  count: 0,
  lines: 0,
  starts: new Int32Array(fields),
  ends: new Int32Array(fields),
  escaped: new Uint8Array(fields),
})

const grow = (record: Record): void => {
  const bigger = emptyRecord(record.starts.length * 2)
  bigger.starts.set(record.starts)
  bigger.ends.set(record.ends)
  bigger.escaped.set(record.escaped)
  record.starts = bigger.starts
  record.ends = bigger.ends
  record.escaped = bigger.escaped
}

/** Finds the fields of the record at `at`; gives where the next begins, or -1 if the buffer ends before the record. */
const parseRecord = (
  bytes: Uint8Array, at: number, last: boolean, delimiter: number, record: Record, file: string, line: number,
): number => {
  const length = bytes.length
  let count = 0
  let lines = 0
  for (;;) {
    if (count === record.starts.length) grow(record)
    let start = at
    let end: number
    let escaped = 0
    if (at < length && bytes[at] === quote) {
      start = ++at
      for (; ; at++) {
        if (at >= length) {
          if (last) throw new DataError(`${file}:${line}: a quote opens here and is never closed`)
          return -1
        }
        const byte = bytes[at]
        if (byte === newline) lines++
        else if (byte === quote) {
          if (at + 1 >= length && !last) return -1
          if (bytes[at + 1] !== quote) break
          escaped = 1
          at++
        }
      }
      end = at++
      if (bytes[at] === carriageReturn) at++
      if (at < length && bytes[at] !== delimiter && bytes[at] !== newline) {
        throw new DataError(`${file}:${line + lines}: field ${count + 1} goes on after its closing quote.` +
          ' A quote inside a quoted field must be doubled')
      }
    } else {
      while (at < length && bytes[at] !== delimiter && bytes[at] !== newline) at++
      end = at
      if ((at >= length || bytes[at] === newline) && end > start && bytes[end - 1] === carriageReturn) end--
    }
    if (at >= length && !last) return -1
    record.starts[count] = start
    record.ends[count] = end
    record.escaped[count] = escaped
    count++
    if (at >= length || bytes[at] === newline) {
      record.count = count
      record.lines = lines + 1
      return at + 1
    }
    at++
  }
}

const text = (bytes: Buffer, record: Record, field: number): string => {
  const raw = bytes.toString('utf8', record.starts[field], record.ends[field])
  return record.escaped[field] === 1 ? raw.replaceAll('""', '"') : raw
}

/** Where the values of one column go. */
interface Sink {
  readonly column: CsvColumn
  readonly read: (bytes: Buffer, record: Record, line: number) => void
  readonly take: () => Float64Array | Float32Array | Int32Array
  readonly words: readonly string[]
}

const openSinks = (
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
  (end - start === 3 && (bytes[start] | 32) === 110 && (bytes[start + 1] | 32) === 97 && (bytes[start + 2] | 32) === 110)

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

const wrongWidth = (file: string, line: number, count: number, header: readonly string[]): DataError =>
  new DataError(
    `${file}:${line}: ${count} field${count === 1 ? '' : 's'}, expected ${header.length} ` +
      (count < header.length ? `(column '${header[count]}' and what follows are missing)` : '(as the header has)'),
  )

const result = (
  file: string, rows: number, header: readonly string[], sinks: readonly Sink[], origin: Origin,
): CsvTable => {
  const taken = new Map(sinks.map((sink) => [sink.column.name, { sink, values: sink.take() }]))
  const column = (name: string, kinds: readonly string[]) => {
    const found = taken.get(name)
    if (found === undefined || !kinds.includes(found.sink.column.kind)) {
      throw new DataError(`${file}: column '${name}' was not read as ${kinds.join(' or ')}`)
    }
    return found
  }
  return {
    file,
    rows,
    header,
    origin,
    numbers: (name) => column(name, ['number', 'integer', 'parsed']).values as Float64Array,
    floats: (name) => column(name, ['float']).values as Float32Array,
    texts: (name) => {
      const { sink, values } = column(name, ['text'])
      return { codes: values as Int32Array, words: sink.words }
    },
  }
}
