import { DataError } from '../errors.js'
import type { Sink } from './data-column.js'
import type { Origin } from './world.js'

/** The columns of a file that were asked for. */
export interface DataTable {
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

/** What was read, from full sinks. */
export const tableOf = (
  file: string, rows: number, header: readonly string[], sinks: readonly Sink[], origin: Origin,
): DataTable => {
  const kept = sinks.filter(({ column }) => column.into === undefined)
  const taken = new Map(kept.map((sink) => [sink.column.as ?? sink.column.name, { sink, values: sink.take() }]))
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
      return { codes: values as Int32Array, words: sink.words.words }
    },
  }
}
