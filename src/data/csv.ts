import { isUtf8 } from 'node:buffer'
import { DataError } from '../errors.js'
import { openBytes } from './bytes.js'
import { readerOf, type Reader } from './csv-column.js'
import { dialectOf, emptyRecord, linesAreRecords, parseRecord, strayQuote, text, trimSpaces } from './csv-record.js'
import { openSinks, quoted, type Sink, type Wanted } from './data-column.js'
import { tableOf, type DataTable } from './data-table.js'
import { inUtf8, undecodable } from './encoding.js'

export interface CsvOptions {
  /** One character or several. Default a comma. */
  readonly delimiter?: string
  /** Names of the columns of a file that has no header line; its first line is a row. */
  readonly header?: readonly string[]
  /** What its characters are written in. Default UTF-8; bytes that are none of it are an error in any case. */
  readonly encoding?: string
  /** `plain`: a quote is a sign like any other. `strict`: a quote in a field that none opens is an error, and so is a field
   * over several lines each of which is a record by itself. Default: quotes quote, and stray ones are kept. */
  readonly quotes?: 'plain' | 'strict'
  /** Whether spaces at both ends of a value are left out. Default false. */
  readonly trim?: boolean
  /** Which rows to keep, by their number from 0; the others are only checked for their number of fields. */
  readonly keep?: (row: number) => boolean
}

/** No honest record is longer; a quote that never closes would otherwise read the whole file as one field. */
const longestRecord = 16 << 20

/** Reads a CSV file (RFC 4180: quotes, doubled quotes, line breaks in quotes; CRLF or LF; a byte order mark; `.gz`)
 * with a header line, record by record from bytes; the text of the file is never held. Empty lines are skipped.
 * A malformed value is a `DataError` with file, line, column, the value and what was expected. */
export const readCsv = async (
  file: string,
  columns: Wanted,
  options: CsvOptions = {},
): Promise<DataTable> => {
  const { keep, trim = false, encoding, quotes } = options
  const dialect = dialectOf(options.delimiter ?? ',', quotes !== 'plain')
  const opened = openBytes(file)
  const record = emptyRecord(16)
  let buffer: Buffer = Buffer.alloc(0)
  let at = 0
  let line = 1
  let header: readonly string[] | undefined
  let sinks: Sink[] = []
  let readers: Reader[] = []
  const open = (names: readonly string[]): void => {
    header = names
    sinks = openSinks(file, names, columns)
    readers = sinks.map((sink) => readerOf(file, sink))
  }
  let seen = 0
  let rows = 0

  const fieldsOf = (): string[] => Array.from({ length: record.count }, (_, i) => text(buffer, record, i))

  const checkQuotes = (next: number): void => {
    if (record.lines > 1 && linesAreRecords(buffer, at, next - 1, dialect, header?.length ?? record.count)) {
      throw new DataError(`${file}:${line}: a quote opens here and closes lines later, and each of these lines is a record` +
        ' by itself. Double a quote that is part of a value, or say `quotes: false` where quotes mean nothing')
    }
    const stray = strayQuote(buffer, record)
    if (stray >= 0) {
      const column = header?.[stray] ?? `${stray + 1}`
      throw new DataError(`${file}:${line}: column ${quoted(column)} has a quote inside a value that none opens. Quote the value` +
        ' and double the quote, or say `quotes: false` where quotes mean nothing')
    }
  }

  const consume = (last: boolean): void => {
    if (header === undefined && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) at = 3
    if (header === undefined && options.header !== undefined) open(options.header)
    const [from, fromLine] = [at, line]
    const strict = quotes === 'strict' && buffer.includes(34, at)
    for (;;) {
      const next = parseRecord(buffer, at, last, dialect, record, file, line)
      if (next < 0) {
        checkText(file, buffer.subarray(from, at), fromLine)
        if (buffer.length - at > longestRecord) {
          throw new DataError(`${file}:${line}: a record of more than ${longestRecord >> 20} MiB starts here.` +
            ' Probably a quote is never closed')
        }
        return
      }
      if (record.count > 1 || record.ends[0] > record.starts[0]) {
        if (strict) checkQuotes(next)
        if (trim) trimSpaces(buffer, record)
        if (header === undefined) {
          checkText(file, buffer.subarray(from, next), fromLine)
          open(fieldsOf())
        } else {
          if (seen === 0) checkText(file, buffer.subarray(from, Math.min(next, buffer.length)), fromLine)
          if (record.count !== header.length) throw wrongWidth(file, line, record.count, header, options.header !== undefined)
          if (seen === 0 && options.header !== undefined && fieldsOf().every((name, i) => name === header?.[i])) {
            throw new DataError(`${file}:${line}: the first line is a header, and \`columns\` names the same: leave \`columns\` out`)
          }
          if (keep === undefined || keep(seen)) {
            for (const read of readers) read(buffer, record, line)
            rows++
          }
          seen++
        }
      }
      line += record.lines
      at = next
      if (last && at >= buffer.length) {
        checkText(file, buffer.subarray(from), fromLine)
        return
      }
    }
  }

  for await (const chunk of inUtf8(file, opened.chunks, encoding)) {
    buffer = at < buffer.length ? Buffer.concat([buffer.subarray(at), chunk]) : chunk
    at = 0
    consume(false)
  }
  if (at < buffer.length) consume(true)
  if (header === undefined) throw new DataError(`${file} is empty: its first line must name the columns`)
  return tableOf(file, rows, header, sinks, opened.origin())
}

/** Bytes that are no text would all be read as the same character, and so two words as one. */
const checkText = (file: string, bytes: Buffer, line: number): void => {
  if (isUtf8(bytes)) return
  throw undecodable(file, bytes, line) as DataError
}

const wrongWidth = (
  file: string, line: number, count: number, header: readonly string[], given: boolean,
): DataError => {
  const delimiter = given && count === 1 ? '. Is it the `delimiter` that stands between its fields?' : ''
  return new DataError(
    `${file}:${line}: ${count} field${count === 1 ? '' : 's'}, expected ${header.length} ` +
      (count < header.length
        ? `(column ${quoted(header[count])} and what follows are missing)${delimiter}`
        : given ? '(as `columns` names)' : '(as the header has)'),
  )
}
