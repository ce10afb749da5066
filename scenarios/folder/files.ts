import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { listing } from '../../src/data/bytes.js'
import type { CsvOptions } from '../../src/data/csv.js'
import { delimiterOf } from '../../src/data/schema/files.js'
import { isPattern, patternOf } from '../../src/data/schema/pattern.js'
import type { FolderSchema } from '../../src/data/schema.js'
import type { Split } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'

export const schemaNames = ['schema.json', 'schema.yaml', 'schema.yml']

type Given = Exclude<FolderSchema['files'][number], string>
type Layout = Partial<Pick<Given, 'delimiter' | 'encoding' | 'columns' | 'quotes'>>

/** One file whose rows are wanted, and what its entry in the schema says of it. */
export interface Entry {
  /** As the schema names it, within the folder. */
  readonly name: string
  readonly path: string
  readonly scenario: string | undefined
  readonly split: Split | undefined
  readonly options: CsvOptions
}

/** How a file is written: what its entry says, else what holds for all. */
export const optionsOf = (schema: Layout, own: Layout): CsvOptions => {
  const { delimiter = ',', encoding, columns, quotes } = {
    delimiter: own.delimiter ?? schema.delimiter, encoding: own.encoding ?? schema.encoding,
    columns: own.columns ?? schema.columns, quotes: own.quotes ?? schema.quotes,
  }
  return {
    delimiter: delimiterOf(delimiter),
    quotes: quotes === false ? 'plain' : 'strict',
    ...(encoding !== undefined && { encoding }),
    ...(columns !== undefined && { header: columns }),
  }
}

const outside = (dir: string, path: string): boolean => {
  const from = relative(dir, path)
  return from === '..' || from.startsWith(`..${sep}`) || isAbsolute(from)
}

/** The path of a file of the folder. One that leads out of it, by `..` or by a link, is not read, nor one that is no plain
 * file: a pipe or a device might never end. */
export const withinFolder = async (dir: string, name: string): Promise<string> => {
  const path = resolve(dir, name)
  if (isAbsolute(name) || outside(resolve(dir), path)) {
    throw new DataError(`${name} is outside of ${resolve(dir)}: a schema speaks of files of its own folder. Copy it there, or ` +
      'point --data at the folder above both')
  }
  const [home, real] = await Promise.all([realpath(dir), realpath(path).catch(() => undefined)])
  // A file that is not there is told of by whoever opens it.
  if (real === undefined) return join(dir, name)
  if (outside(home, real)) throw new DataError(`${path} is a link out of its folder: copy the file there`)
  const found = await stat(real)
  if (!found.isFile() && !found.isDirectory()) throw new DataError(`${path} is no plain file (a pipe or a device?)`)
  return join(dir, name)
}

/** Most files that a pattern is held against, and how deep folders are looked into. */
const [mostFiles, deepest] = [100_000, 8]

/** Files below the folder, by their paths within it, in order. */
const filesBelow = async (dir: string): Promise<string[]> => {
  const found: string[] = []
  const look = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (depth < deepest) await look(name, depth + 1)
      } else if (!schemaNames.includes(name)) found.push(name)
      if (found.length > mostFiles) throw new DataError(`${resolve(dir)} holds more than ${mostFiles} files: name them without a pattern`)
    }
  }
  await look('', 0)
  return found.sort()
}

/** The files that the schema lists, patterns written out in the order of names. */
export const entriesOf = async (dir: string, schema: FolderSchema): Promise<Entry[]> => {
  const entries: Entry[] = []
  const seen = new Map<string, number>()
  let below: readonly string[] | undefined
  for (const [i, listed] of schema.files.entries()) {
    const given: Given = typeof listed === 'string' ? { file: listed } : listed
    const names = isPattern(given.file)
      ? (below ??= await filesBelow(dir)).filter((name) => patternOf(given.file.replace(/^(\.\/)+/, '')).test(name))
      : [given.file]
    if (names.length === 0) throw new DataError(`files.${i}: no file fits ${given.file}: ${await listing(dir)}`)
    for (const name of names) {
      const path = await withinFolder(dir, name)
      const before = seen.get(resolve(path))
      if (before !== undefined) {
        throw new DataError(`files.${i} (${given.file}) has ${name}, which files.${before} has too: its rows would count twice`)
      }
      seen.set(resolve(path), i)
      entries.push({ name, path, scenario: given.scenario, split: given.split, options: optionsOf(schema, given) })
    }
  }
  return entries
}
