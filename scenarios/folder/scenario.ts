import type { DataColumn } from '../../src/data/data-column.js'
import type { DataTable } from '../../src/data/data-table.js'
import { interner } from '../../src/data/interner.js'
import type { ScenarioPart } from '../../src/data/schema/columns.js'
import { listed, nameable } from '../../src/data/schema/text.js'
import type { FolderSchema } from '../../src/data/schema.js'
import { DataError } from '../../src/errors.js'

const keyOf = (part: ScenarioPart): string => (typeof part === 'string' ? `text:${part}` : `band:${part.column}`)

export const columnOf = (part: ScenarioPart): string => (typeof part === 'string' ? part : part.column)

/** What to read so that rows can be sorted into scenarios. */
export const scenarioColumns = (schema: FolderSchema): DataColumn[] =>
  listed(schema.scenario).map((part): DataColumn =>
    typeof part === 'string'
      ? { name: part, as: keyOf(part), kind: 'text', words: interner() }
      : { name: part.column, as: keyOf(part), kind: 'number', empty: 'nan' })

/** The names of bands, from the lowest up. */
export const bandNames = ({ column, bands, names }: Exclude<ScenarioPart, string>): readonly string[] =>
  names ?? [
    `${column} below ${bands[0]}`,
    ...bands.slice(1).map((until, i) => `${column} ${bands[i]} to ${until}`),
    `${column} from ${bands[bands.length - 1]}`,
  ]

/** A part's word by row: a code, and the word of each code; '' for a value that is not there. */
const wordsOf = (part: ScenarioPart, table: DataTable): { readonly code: (row: number) => number; readonly words: readonly string[] } => {
  if (typeof part === 'string') {
    const { codes, words } = table.texts(keyOf(part))
    return { code: (row) => codes[row], words }
  }
  const values = table.numbers(keyOf(part))
  const words = ['', ...bandNames(part)]
  const code = (row: number): number =>
    Number.isNaN(values[row]) ? 0 : 1 + part.bands.reduce((above, from) => above + Number(values[row] >= from), 0)
  return { code, words }
}

/**
 * The scenario that each row of a table is of, by name: its column's word, its band's name, or, of several, all of them
 * with `/` between. '' where one of them is empty. Two that would have one name are an error, as is a name that cannot be
 * one.
 */
export const scenarioNames = (schema: FolderSchema): ((table: DataTable) => (row: number) => string) => {
  const parts = listed(schema.scenario)
  const meant = new Map<string, string>()
  return (table) => {
    const read = parts.map((part) => wordsOf(part, table))
    const known = new Map<number, string>()
    return (row) => {
      // Exact: a product of the numbers of words beyond 2^53 would need more rows than a table can have.
      const key = read.reduce((sum, { code, words }) => sum * (words.length + 1) + code(row) + 1, 0)
      const before = known.get(key)
      if (before !== undefined) return before
      const words = read.map((one) => one.words[one.code(row)] ?? '')
      const name = words.includes('') ? '' : words.join('/')
      if (name !== '' && !nameable(name)) {
        throw new DataError(`${table.file}, row ${row + 1}: ${said(parts)} has ${JSON.stringify(name.slice(0, 80))}, which cannot ` +
          'name a scenario: 1 to 200 characters, no control characters')
      }
      const parted = JSON.stringify(words)
      if (name !== '' && (meant.get(name) ?? parted) !== parted) {
        throw new DataError(`two scenarios would be called ${JSON.stringify(name)}: ${meant.get(name)} and ${parted}. Leave one of ` +
          'the columns out of `scenario`')
      }
      meant.set(name, parted)
      known.set(key, name)
      return name
    }
  }
}

/** The columns that decide, in words. */
export const said = (parts: readonly ScenarioPart[]): string => {
  const names = parts.map((part) => `'${columnOf(part)}'`)
  return names.length === 1 ? `column ${names[0]}` : `columns ${names.join(', ')}`
}
