import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataError } from '../errors.js'
import { openBytes } from './bytes.js'
import { expectedOf, fits, openSinks, quoted, wrongValue, type NumericColumn, type Sink, type Wanted } from './data-column.js'
import { tableOf, type DataTable } from './data-table.js'
import { checkPages } from './parquet-pages.js'
import type { Origin } from './world.js'

export interface ParquetOptions {
  /** Which rows to keep, by their number from 0. */
  readonly keep?: (row: number) => boolean
}

type AsyncBuffer = Awaited<ReturnType<typeof asyncBufferFromFile>>

/**
 * Reads columns of a Parquet file: one column of one row group at a time, so that never more than that is held beside
 * the typed columns themselves. Flat columns only; null is empty. Numbers may be of any width, texts may be numbers,
 * booleans or dates too. A value that does not fit its column is a `DataError` with file, row and column.
 */
export const readParquet = async (
  file: string, columns: Wanted, options: ParquetOptions = {},
): Promise<DataTable> => {
  const origin = await originOf(file)
  const { buffer, metadata, columns: own } = await open(file)
  const header = own.map(({ name }) => name)
  const sinks = openSinks(file, header, columns)
  const { keep } = options
  let rows = 0
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const kept = keep === undefined ? undefined : Uint8Array.from({ length: rowEnd - rowStart }, (_, i) =>
      Number(keep(rowStart + i)))
    for (const sink of sinks) {
      if (!own[sink.field].flat) throw new DataError(`${file}: column ${quoted(sink.column.name)} is nested. Only flat columns can be read`)
      await readColumn(file, { buffer, metadata, group, optional: own[sink.field].optional, rowStart, rowEnd }, sink, kept)
    }
    rows += kept === undefined ? rowEnd - rowStart : kept.reduce((sum, one) => sum + one, 0)
    rowStart = rowEnd
  }
  return tableOf(file, rows, header, sinks, origin)
}

/** The rows that a Parquet file says it has. */
export const rowsOfParquet = async (file: string): Promise<number> => Number((await open(file)).metadata.num_rows)

/** A column as the file's schema has it; `flat` where it holds one value a row. */
interface Own {
  readonly name: string
  readonly flat: boolean
  readonly optional: boolean
}

/** Rows that a table can have. */
const mostRows = 2 ** 31 - 1

const open = async (file: string): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData; columns: readonly Own[] }> => {
  const buffer = await asyncBufferFromFile(file)
  try {
    const metadata = await parquetMetadataAsync(buffer)
    const columns = parquetSchema(metadata).children.map(({ element, children }): Own => ({
      name: element.name,
      flat: children.length === 0 && element.repetition_type !== 'REPEATED',
      optional: element.repetition_type === 'OPTIONAL',
    }))
    if (columns.some(({ name }) => typeof name !== 'string')) throw new Error('a column without a name')
    const groups = metadata.row_groups.map(({ num_rows: rows }) => Number(rows))
    const rows = groups.reduce((sum, one) => sum + one, 0)
    if (groups.some((one) => !(one >= 0)) || rows > mostRows || rows !== Number(metadata.num_rows)) {
      throw new Error(`${metadata.num_rows} rows, and ${rows} in its row groups`)
    }
    return { buffer, metadata, columns }
  } catch (error) {
    throw new DataError(`${file}: not a Parquet file that can be read (${said(error)})`)
  }
}

/** What a reader threw, in a message. */
const said = (error: unknown): string => (error as Error).message.slice(0, 200)

/** The hash of the file as it lies on disk; an error that says what is there instead where it is not. */
const originOf = async (file: string): Promise<Origin> => {
  const opened = openBytes(file)
  for await (const _chunk of opened.chunks) void _chunk
  return opened.origin()
}

/** Bytes that are no UTF-8: read as text, many words would be one. */
class Undecodable {
  constructor(readonly bytes: Uint8Array) {}

  toString(): string {
    return `the bytes ${Buffer.from(this.bytes.subarray(0, 20)).toString('hex')}`
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined): unknown => {
    try {
      return bytes && decoder.decode(bytes)
    } catch {
      return new Undecodable(bytes as Uint8Array)
    }
  },
}

type Group = FileMetaData['row_groups'][number]

interface Part {
  readonly buffer: AsyncBuffer
  readonly metadata: FileMetaData
  readonly group: Group
  readonly optional: boolean
  readonly rowStart: number
  readonly rowEnd: number
}

/** The bytes of one column in one row group, as far as its pages hold what they promise; and the decompressors, which have
 * done their work. */
const chunkOf = async (
  name: string, { buffer, group, optional, rowStart, rowEnd }: Part,
): Promise<{ readonly file: AsyncBuffer; readonly compressors: typeof compressors }> => {
  const chunk = group.columns.find(({ meta_data: about }) => about?.path_in_schema[0] === name)?.meta_data
  if (chunk === undefined) throw new Error('a row group does not have it')
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset)
  const end = start + Number(chunk.total_compressed_size)
  if (!(start >= 0 && start <= end && end <= buffer.byteLength)) {
    throw new Error(`bytes ${start} to ${end} of a file that has ${buffer.byteLength}`)
  }
  const bytes = await buffer.slice(start, end)
  const { plain } = checkPages(new Uint8Array(bytes), chunk, rowEnd - rowStart, optional)
  const once = (own: (input: Uint8Array, length: number) => Uint8Array) => (input: Uint8Array, length: number): Uint8Array =>
    (input.buffer === bytes ? plain.get(input.byteOffset) : undefined) ?? own(input, length)
  return {
    file: {
      byteLength: buffer.byteLength,
      slice: (from, to) => (from === start && to === end ? bytes : buffer.slice(from, to)),
    },
    compressors: Object.fromEntries(Object.entries(compressors).map(([codec, own]) => [codec, once(own)])),
  }
}

const readColumn = async (file: string, part: Part, sink: Sink, kept: Uint8Array | undefined): Promise<void> => {
  const { rowStart, rowEnd } = part
  // Read first, looked at later: what is thrown in a callback of the reader is lost.
  const chunks: ArrayLike<unknown>[] = []
  try {
    const chunk = await chunkOf(sink.column.name, part)
    await parquetRead({
      ...chunk, metadata: part.metadata, columns: [sink.column.name], rowStart, rowEnd, parsers,
      onChunk: ({ columnData }) => void chunks.push(columnData),
    })
  } catch (error) {
    throw new DataError(`${file}: column ${quoted(sink.column.name)} cannot be read (${said(error)})`)
  }
  const values = chunks.reduce((sum, { length }) => sum + length, 0)
  if (values !== rowEnd - rowStart) {
    throw new DataError(`${file}: column ${quoted(sink.column.name)} has ${values} values where its row group has ` +
      `${rowEnd - rowStart} rows. Only flat columns can be read`)
  }
  const read = readerOf(file, sink)
  let row = 0
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++, row++) {
      if (kept === undefined || kept[row] === 1) read(chunk[i], rowStart + row)
    }
  }
}

type Reader = (value: unknown, row: number) => void

/** Reads one value into its sink; rows are counted from 1 in errors. */
const readerOf = (file: string, { column, words, push }: Sink): Reader => {
  const wrong = (value: unknown, row: number, wanted: string): DataError =>
    wrongValue(file, `row ${row + 1}`, column.name, shown(value), wanted)
  if (column.kind === 'text') {
    return (value, row) => {
      if (value instanceof Undecodable) throw wrong(value, row, 'a text in UTF-8')
      if (isCompound(value)) throw wrong(value, row, 'a text, a number or a date')
      push(words.of(shown(value)))
    }
  }
  if (column.kind === 'parsed') {
    return (value, row) => {
      // A timestamp may be read as a date or as milliseconds, whichever the column expects.
      const parsed = column.parse(shown(value)) ??
        (value instanceof Date ? column.parse(String(value.getTime())) : undefined)
      if (parsed === undefined) throw wrong(value, row, column.expected)
      push(parsed)
    }
  }
  return (value, row) => {
    const number = numberOf(value)
    if (Number.isNaN(number) && column.empty === 'nan' && isNothing(value)) return push(NaN)
    if (!fits(column as NumericColumn, number)) throw wrong(value, row, expectedOf(column as NumericColumn))
    push(number)
  }
}

const isNothing = (value: unknown): boolean => value === null || value === undefined || Number.isNaN(value)

const isCompound = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Date)

const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : NaN

const shown = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  if (value instanceof Undecodable) return value.toString()
  // A time beyond the calendar is none, and has no text.
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))
    : String(value as string | number | bigint | boolean)
}
