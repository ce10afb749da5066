import { DataError } from '../errors.js'
import { openBytes } from './bytes.js'
import { openSinks, type CsvColumn, type Sink } from './csv-column.js'
import { emptyRecord, parseRecord, text } from './csv-record.js'
import type { Origin } from './world.js'

export interface CsvOptions {
  /** One character. Default a comma. */
  readonly delimiter?: string
  /** Which rows to keep, by their number from 0; the others are only checked for their number of fields. */
  readonly keep?: (row: number) => boolean
}

export type { CsvColumn } from './csv-column.js'

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

/** No honest record is longer; a quote that never closes would otherwise read the whole file as one field. */
const longestRecord = 16 << 20

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
