import { DataError } from '../errors.js'

const newline = 10
const carriageReturn = 13
const quote = 34
/** Fields of one record, as places in the buffer. */
export interface CsvRecord {
  count: number
  lines: number
  starts: Int32Array
  ends: Int32Array
  /** 1 where the field holds doubled quotes, which `plain` turns into single ones. */
  escaped: Uint8Array
}

/** How fields are written. */
export interface Dialect {
  /** The first byte of what stands between fields, and the bytes after it. */
  readonly delimiter: number
  readonly rest: Uint8Array
  /** Whether a quote at the start of a field quotes it. */
  readonly quotes: boolean
}

export const dialectOf = (delimiter: string, quotes: boolean): Dialect => {
  const bytes = Buffer.from(delimiter, 'utf8')
  return { delimiter: bytes[0], rest: bytes.subarray(1), quotes }
}

export const emptyRecord = (fields: number): CsvRecord => ({
  count: 0,
  lines: 0,
  starts: new Int32Array(fields),
  ends: new Int32Array(fields),
  escaped: new Uint8Array(fields),
})

const grow = (record: CsvRecord): void => {
  const bigger = emptyRecord(record.starts.length * 2)
  bigger.starts.set(record.starts)
  bigger.ends.set(record.ends)
  bigger.escaped.set(record.escaped)
  record.starts = bigger.starts
  record.ends = bigger.ends
  record.escaped = bigger.escaped
}

/** Whether the delimiter's further bytes follow at `at`. */
const follows = (bytes: Uint8Array, at: number, rest: Uint8Array): boolean => {
  for (let i = 0; i < rest.length; i++) if (bytes[at + i] !== rest[i]) return false
  return true
}

/** Finds the fields of the record at `at`; gives where the next begins, or -1 if the buffer ends before the record. */
export const parseRecord = (
  bytes: Uint8Array, at: number, last: boolean, { delimiter, rest, quotes }: Dialect, record: CsvRecord, file: string,
  line: number,
): number => {
  const length = bytes.length
  const more = rest.length
  let count = 0
  let lines = 0
  for (;;) {
    if (count === record.starts.length) grow(record)
    let start = at
    let end: number
    let escaped = 0
    if (quotes && at < length && bytes[at] === quote) {
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
      if (at < length && bytes[at] !== newline && !(bytes[at] === delimiter && follows(bytes, at + 1, rest))) {
        if (!last && at + more >= length) return -1
        throw new DataError(`${file}:${line + lines}: field ${count + 1} goes on after its closing quote.` +
          ' A quote inside a quoted field must be doubled')
      }
    } else {
      for (; at < length; at++) {
        const byte = bytes[at]
        if (byte === newline || (byte === delimiter && (rest.length === 0 || follows(bytes, at + 1, rest)))) break
      }
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
    at += 1 + more
  }
}

/** The first field with a quote that quotes nothing, or -1. */
export const strayQuote = (bytes: Uint8Array, { count, starts, ends }: CsvRecord): number => {
  for (let field = 0; field < count; field++) {
    // Before a quoted field stands its quote, before any other a delimiter or the end of a line.
    if (starts[field] > 0 && bytes[starts[field] - 1] === quote) continue
    for (let at = starts[field]; at < ends[field]; at++) if (bytes[at] === quote) return field
  }
  return -1
}

/** Whether each line of the bytes [start, end) by itself is a record of so many fields, were quotes no quotes. */
export const linesAreRecords = (
  bytes: Uint8Array, start: number, end: number, { delimiter, rest }: Dialect, fields: number,
): boolean => {
  let found = 1
  let lines = 1
  for (let at = start; at < end; at++) {
    if (bytes[at] === newline) {
      if (found !== fields) return false
      found = 1
      lines++
    } else if (bytes[at] === delimiter && follows(bytes, at + 1, rest)) {
      found++
      at += rest.length
    }
  }
  return lines > 1 && found === fields
}

/** Leaves out the spaces at both ends of every field, quoted ones too. */
export const trimSpaces = (bytes: Uint8Array, record: CsvRecord): void => {
  for (let field = 0; field < record.count; field++) {
    while (record.starts[field] < record.ends[field] && bytes[record.starts[field]] === 32) record.starts[field]++
    while (record.ends[field] > record.starts[field] && bytes[record.ends[field] - 1] === 32) record.ends[field]--
  }
}

/** The text of a field. */
export const text = (bytes: Buffer, record: CsvRecord, field: number): string => {
  const raw = bytes.toString('utf8', record.starts[field], record.ends[field])
  return record.escaped[field] === 1 ? raw.replaceAll('""', '"') : raw
}
