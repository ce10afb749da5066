import { existsSync, writeFileSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { exitCodes, SpecificationError, StorageError } from '../errors.js'
import { AskedRuns } from '../report/query/ask-runs.js'
import { shortest, type Terminal } from './run.js'
import { runsAt } from './runs-at.js'
import { csv } from './sheet.js'
import { table } from './table.js'

export const queryFormats = ['table', 'csv', 'json', 'parquet'] as const

export interface QueryFlags {
  readonly format?: (typeof queryFormats)[number]
  readonly out?: string
  readonly force?: boolean
}

export const queryHelp = `
Tables: events, ledger, trainings, metrics, rounds, faults and predictions; of several runs each has the rows of all, told apart by
the column run. Columns, units and examples: docs/seeing.md. The language is DuckDB's. --format parquet goes with --out.

Examples:
  npx windtunnel query runs/first-flight-1 "SELECT part, direction, sum(bytes) FROM ledger GROUP BY ALL ORDER BY 3 DESC"
  npx windtunnel query runs/first-flight-1 "SELECT * FROM metrics WHERE metric = 'auc'" --format csv --out auc.csv`

type Cell = string | number | boolean | null

/** What a cell is in words: lists and the like as JSON. */
const cellOf = (value: unknown): Cell => {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  return JSON.stringify(value)
}

/** Whole numbers come as text, so that none is lost: as numbers where one holds them. */
const plain = (value: unknown, isWhole: boolean): unknown =>
  isWhole && typeof value === 'string' && Number.isSafeInteger(Number(value)) ? Number(value) : value

/** `windtunnel query RUN... SQL`. Returns the exit code. */
export const query = async (given: readonly string[], flags: QueryFlags, { out, cwd }: Terminal): Promise<number> => {
  const folders = given.slice(0, -1)
  const sql = given.at(-1)!
  if (folders.length === 0) throw new SpecificationError('query takes folders of runs, and then one query in SQL, in quotes.')
  const { format = 'table' } = flags
  const file = flags.out === undefined ? undefined : absolute(cwd, flags.out)
  if (format === 'parquet' && file === undefined) throw new SpecificationError('--format parquet writes a file: say which with --out.')
  if (file !== undefined && existsSync(file) && flags.force !== true) {
    throw new StorageError(`${shortest(cwd, file)} is there already. Give another place with --out, or --force to replace it.`)
  }
  const runs = await AskedRuns.open(runsAt(folders, cwd))
  try {
    if (format === 'parquet') {
      await runs.write(sql, file!, format)
      out.write(`${shortest(cwd, file!)} is written\n`)
      return exitCodes.ok
    }
    const answer = await runs.ask(sql)
    const head = answer.deduplicatedColumnNames()
    const isWhole = answer.columnTypes().map((type) => /INT/.test(String(type)))
    const rows = answer.getRowsJson().map((row) => row.map((value, i) => plain(value, isWhole[i])))
    const isNumber = head.map((_, i) => rows.some((row) => row[i] !== null) && rows.every((row) => row[i] === null || typeof row[i] === 'number'))
    const said =
      format === 'json'
        ? `${rows.map((row) => JSON.stringify(Object.fromEntries(head.map((column, i) => [column, row[i]])))).join('\n')}\n`
        : format === 'csv'
          ? csv(head, rows.map((row) => row.map((value) => cellOf(value) ?? undefined) as (string | number | undefined)[]))
          : `${table(head, isNumber.map((number) => (number ? 'right' : 'left')), rows.map((row) => row.map((value) => String(cellOf(value) ?? ''))))}\n`
    if (file === undefined) out.write(said)
    else {
      writeFileSync(file, said)
      out.write(`${shortest(cwd, file)}: ${rows.length} rows\n`)
    }
    return exitCodes.ok
  } finally {
    runs.close()
  }
}
