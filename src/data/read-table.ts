import { openBytes } from './bytes.js'
import { readCsv, type CsvOptions } from './csv.js'
import type { Wanted } from './data-column.js'
import type { DataTable } from './data-table.js'

const isParquet = (file: string): boolean => /\.(parquet|pq)$/.test(file)

/** Loaded where there is such a file: its decompressors take a while, and most runs read none. */
const parquet = (): Promise<typeof import('./parquet.js')> => import('./parquet.js')

/** Reads typed columns of a file: Parquet where its name ends in `.parquet` or `.pq`, else CSV (`.gz` is unzipped). */
export const readTable = async (file: string, columns: Wanted, options: CsvOptions = {}): Promise<DataTable> =>
  isParquet(file) ? (await parquet()).readParquet(file, columns, options) : readCsv(file, columns, options)

/** At least as many rows as the file has, and seldom more: line breaks are counted, those in quotes too. What a table
 * has to have room for, so that it never has to grow. */
export const rowsAtMost = async (file: string): Promise<number> => {
  if (isParquet(file)) return (await parquet()).rowsOfParquet(file)
  let lines = 1
  for await (const chunk of openBytes(file).chunks) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  }
  return lines
}
