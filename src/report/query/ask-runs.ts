import type { DuckDBAppender, DuckDBConnection, DuckDBInstance, DuckDBResultReader } from '@duckdb/node-api'
import { basename, dirname, join } from 'node:path'

import { DataError } from '../../errors.js'
import { realDisk } from '../../runs/disk.js'
import { manifestFile, readManifest } from '../../runs/manifest.js'
import { demandSound } from '../../runs/seal.js'
import { loadDuckDb } from './duckdb.js'
import { tableRows } from '../../runs/tables/rows.js'
import { type Column, runTables, type RunTable, tableNames, type TableName } from '../../runs/tables/tables.js'

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const name = (value: string): string => `"${value.replaceAll('"', '""')}"`

/** How DuckDB is to write files: JSON is an object a line. */
const written = { csv: 'FORMAT csv, HEADER', parquet: 'FORMAT parquet, COMPRESSION zstd', json: 'FORMAT json' } as const

/** Folders by the names that tell them apart: their own, with as many of those above them as it takes. */
export const namesOfRuns = (folders: readonly string[]): string[] => {
  const named = folders.map((folder) => basename(folder))
  for (let above = folders.map(dirname); new Set(named).size < named.length && above.some((one) => one !== dirname(one)); above = above.map(dirname)) {
    const twice = new Set(named.filter((one, i) => named.indexOf(one) !== i))
    named.forEach((one, i) => {
      if (twice.has(one)) named[i] = `${basename(above[i])}/${one}`
    })
  }
  return named
}

/** A query over the lines of a file; a table without rows where a run has no such file. */
const selectLines = (run: string, folder: string, { file, columns }: RunTable): string => {
  const path = join(folder, file!)
  const wanted = Object.entries(columns)
  if (!realDisk.exists(path) || realDisk.size(path) === 0) {
    return `SELECT ${text(run)} AS run, ${wanted.map(([column, { type }]) => `NULL::${type} AS ${name(column)}`).join(', ')} WHERE false`
  }
  const types = wanted.map(([column, { type }]) => `${name(column)}: ${text(type)}`).join(', ')
  return `SELECT ${text(run)} AS run, * FROM read_json(${text(path)}, format = 'newline_delimited', columns = {${types}}, maximum_object_size = 268435456)`
}

const createTable = (table: TableName): string =>
  `CREATE TABLE ${table} (run VARCHAR, ${Object.entries(runTables[table].columns).map(([column, { type }]) => `${name(column)} ${type}`).join(', ')})`

const fillFaults = async (connection: DuckDBConnection, run: string, folder: string): Promise<void> => {
  for (const { id, kind, text: words, targets, fired, outcome } of readManifest(folder, realDisk).faults ?? []) {
    const values = [run, id, kind, words].map(text).join(', ')
    await connection.run(`INSERT INTO faults VALUES (${values}, [${targets.map(text).join(', ')}]::VARCHAR[], ${fired}, ${text(outcome)})`)
  }
}

/** A value of a table's row as DuckDB is told it, by the type of its column. */
const appended: Readonly<Record<string, (to: DuckDBAppender, value: never) => void>> = {
  VARCHAR: (to, value) => to.appendVarchar(value),
  BIGINT: (to, value) => to.appendBigInt(BigInt(value)),
  INTEGER: (to, value) => to.appendInteger(value),
  FLOAT: (to, value) => to.appendFloat(value),
}

const fillPredictions = async (connection: DuckDBConnection, run: string, folder: string): Promise<void> => {
  const appender = await connection.createAppender('predictions')
  const columns = Object.entries<Column>(runTables.predictions.columns)
  for (const row of tableRows('predictions', folder, {}, realDisk)) {
    appender.appendVarchar(run)
    for (const [column, { type }] of columns) {
      const value = row[column]
      if (value === undefined || value === null) appender.appendNull()
      else appended[type](appender, value as never)
    }
    appender.endRow()
  }
  appender.closeSync()
}

/** Runs that can be asked, in SQL. Close it. */
export class AskedRuns {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  /**
   * Opens runs by their folders: every table has the rows of all of them. Files are read when they are asked about, but for predictions
   * and faults. Throws a `StorageError` for a folder that is of no run, or a file that is not what the run wrote.
   */
  static async open(folders: readonly string[]): Promise<AskedRuns> {
    const names = namesOfRuns(folders)
    for (const folder of folders) {
      const manifest = readManifest(folder, realDisk)
      for (const file of [manifestFile, ...Object.keys(manifest.files ?? {})]) demandSound(folder, file, manifest, realDisk)
    }
    const { DuckDBInstance: Instance } = await loadDuckDb()
    const instance = await Instance.create(':memory:')
    const connection = await instance.connect()
    const asked = new AskedRuns(instance, connection)
    try {
      for (const table of tableNames) {
        if (runTables[table].file === undefined) await connection.run(createTable(table))
        else await connection.run(`CREATE VIEW ${table} AS ${folders.map((folder, i) => selectLines(names[i], folder, runTables[table])).join(' UNION ALL ')}`)
      }
      for (const [i, folder] of folders.entries()) {
        await fillFaults(connection, names[i], folder)
        await fillPredictions(connection, names[i], folder)
      }
      return asked
    } catch (error) {
      asked.close()
      throw error
    }
  }

  /** What SQL gives. Throws a `DataError` with what DuckDB says of a query that it does not take. */
  async ask(sql: string): Promise<DuckDBResultReader> {
    return this.#tried(() => this.connection.runAndReadAll(sql))
  }

  /** Writes what SQL gives as a file. */
  async write(sql: string, file: string, format: 'csv' | 'parquet' | 'json'): Promise<void> {
    await this.#tried(() => this.connection.run(`COPY (${sql.trim().replace(/;+$/, '')}) TO ${text(file)} (${written[format]})`))
  }

  close(): void {
    this.connection.closeSync()
    this.instance.closeSync()
  }

  async #tried<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause)
      throw new DataError(`The query cannot be answered: ${said}\nTables: ${tableNames.join(', ')}; docs/seeing.md has their columns.`, { cause })
    }
  }
}
