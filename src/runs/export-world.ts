import {
  closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync,
} from 'node:fs'
import { join, resolve as absolute } from 'node:path'

import { columnsOf, csvOf, folderSchemaOf, type Columns } from '../data/export.js'
import type { Origin, World } from '../data/world.js'
import { makeFolder } from '../documents/make-folder.js'
import { StorageError } from '../errors.js'
import { loadGroundWorld } from '../lab/ground.js'
import { resolve, type ResolveOptions } from '../simulation/resolve.js'
import type { Resolved, Specification } from '../simulation/specification.js'
import { worldOfFolder } from './world-of-folder.js'

/** What an exported folder says of itself. */
export interface Exported {
  readonly format: 'windtunnel-data'
  readonly version: 1
  readonly world: string
  /** What the world was loaded from, and the seed that it was made or split by. */
  readonly specification: Resolved['world']
  readonly seed: string
  readonly labels: Resolved['labels']
  readonly rows: number
  readonly columns: Columns
  /** Ids of each categorical column, 0 (unknown) among them. */
  readonly sizes: readonly number[]
  readonly tasks: World['tasks']
  readonly split: string
  readonly notes: readonly string[]
  readonly files: readonly Origin[]
}

export interface ExportOptions extends ResolveOptions {
  readonly out: string
  /** Rows of the data in this folder instead of the specification's world. */
  readonly data?: string
  readonly cwd: string
}

const names = { about: 'export.json', rows: 'rows.csv', schema: 'schema.json' }

const rowsOf = ({ scenarios }: World): number =>
  scenarios.reduce((sum, { train, validation, test }) => sum + train.rows + validation.rows + test.rows, 0)

const openFolder = (folder: string, out: string): void => {
  const found = existsSync(folder) ? readdirSync(folder) : []
  if (found.length > 0 && !found.includes(names.about)) {
    throw new StorageError(
      `${out} holds files that are not of an export (${found.slice(0, 3).join(', ')}). Give another --out.`)
  }
  makeFolder(folder)
}

const write = (folder: string, world: World, about: Exported): void => {
  const json = (file: string, value: unknown): void => writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`)
  const rows = join(folder, names.rows)
  const file = openSync(`${rows}.part`, 'w')
  try {
    for (const piece of csvOf(world, about.columns)) writeSync(file, piece)
  } finally {
    closeSync(file)
  }
  renameSync(`${rows}.part`, rows)
  const schema = folderSchemaOf(world, about.columns, names.rows)
  if (schema === undefined) rmSync(join(folder, names.schema), { force: true })
  else json(names.schema, schema)
  json(names.about, about)
}

/**
 * Writes the rows that a simulation trains and is judged on, as its models see them: `rows.csv`, what it is
 * (`export.json`), and a schema by which it can be flown as a `folder`. An earlier export in the folder is replaced.
 */
export const exportWorld = async (specification: Specification, options: ExportOptions): Promise<Exported> => {
  const { cwd, data, out } = options
  const dataDir = data === undefined ? undefined : absolute(cwd, data)
  const moved = dataDir === undefined ? {} : { world: worldOfFolder(dataDir, specification.world) }
  const resolved = resolve({ ...specification, ...moved }, options)
  const world = await loadGroundWorld(resolved, { dataDir, cwd })
  const about: Exported = {
    format: 'windtunnel-data', version: 1, world: world.name, specification: resolved.world, seed: resolved.seeds.world,
    labels: resolved.labels, rows: rowsOf(world), columns: columnsOf(world),
    sizes: world.features.categorical.map(({ size }) => size), tasks: world.tasks, split: world.split, notes: world.notes,
    files: world.origins,
  }
  try {
    const folder = absolute(cwd, out)
    openFolder(folder, out)
    write(folder, world, about)
  } catch (cause) {
    if (cause instanceof StorageError) throw cause
    throw new StorageError(`Cannot write the data to ${out}: ${(cause as Error).message}. Give another --out.`, { cause })
  }
  return about
}
