import { basename } from 'node:path'
import { listed } from '../../src/data/schema/text.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { DataError } from '../../src/errors.js'
import type { Entry } from './files.js'
import type { Rows, Source } from './rows.js'
import { said, scenarioNames } from './scenario.js'

/** The scenario of a file that no column and no entry gives one. */
export const stem = (file: string): string => basename(file).replace(/\.gz$/, '').replace(/\.[^.]+$/, '')

/** Files of one name in two folders would be one scenario, unseen. Where their `split` differs, they are meant to. */
export const checkStems = (schema: FolderSchema, entries: readonly Entry[]): void => {
  if (schema.scenario !== undefined) return
  const seen = new Map<string, string>()
  for (const { name, scenario, split } of entries) {
    if (scenario !== undefined) continue
    const key = `${stem(name)} ${schema.split.by === 'files' ? split : ''}`
    const before = seen.get(key)
    if (before !== undefined) {
      throw new DataError(`${before} and ${name} would both be scenario '${stem(name)}', by their names: say whose rows they ` +
        'are, `{ file, scenario }`, or which column does, `scenario`')
    }
    seen.set(key, name)
  }
}

/** Rows of scenarios that are not taken, for a warning. */
export const leftOut = (rows: ReadonlyMap<string, Rows>, chosen: readonly string[]): string[] => {
  const others = [...rows].reduce((sum, [name, { row }]) => sum + (chosen.includes(name) ? 0 : row.length), 0)
  return others === 0 ? [] : [`${others} row${others === 1 ? '' : 's'} of other scenarios, or of none, ${others === 1 ? 'is' : 'are'} left out`]
}

/** The rows of each scenario, in the order of the files. */
export const byScenario = (schema: FolderSchema, sources: readonly Source[]): Map<string, Rows> => {
  const lists = new Map<string, { source: number[]; row: number[] }>()
  const namesOf = scenarioNames(schema)
  sources.forEach(({ table, scenario }, s) => {
    const named = scenario === undefined ? namesOf(table) : undefined
    for (let row = 0; row < table.rows; row++) {
      const name = named === undefined ? (scenario as string) : named(row)
      if (name === '' && schema.scenarios === undefined) {
        throw new DataError(`${table.file}, row ${row + 1}: ${said(listed(schema.scenario))} is empty, so the row has no ` +
          'scenario. List the `scenarios` to take where such rows are to be left out')
      }
      let list = lists.get(name)
      if (list === undefined) lists.set(name, (list = { source: [], row: [] }))
      list.source.push(s)
      list.row.push(row)
    }
  })
  if (schema.scenarios === undefined) checkNumbers(schema, [...lists.keys()])
  return new Map(
    Array.from(lists, ([name, { source, row }]) => [
      name,
      { source: Int32Array.from(source), row: Int32Array.from(row) },
    ]),
  )
}

/** Scenarios `1` and `1.0` are one that was written in two ways. */
const checkNumbers = (schema: FolderSchema, names: readonly string[]): void => {
  const seen = new Map<number, string>()
  for (const name of names) {
    if (!/^[+-]?\d+(\.\d*)?$/.test(name)) continue
    const before = seen.get(Number(name))
    if (before !== undefined) {
      throw new DataError(`${said(listed(schema.scenario))} has '${before}' and '${name}', the same number, as two scenarios: ` +
        'write it in one way, or list the `scenarios` if they are two')
    }
    seen.set(Number(name), name)
  }
}
