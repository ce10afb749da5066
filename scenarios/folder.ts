import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { clientsSchema } from '../src/data/clients.js'
import { listing, readWhole } from '../src/data/bytes.js'
import { clipSchema } from '../src/data/scaler.js'
import { folderSchema, parseFolderSchema, type FolderSchema } from '../src/data/schema.js'
import type { Origin } from '../src/data/world.js'
import { DataError } from '../src/errors.js'
import { schemaNames, withinFolder } from './folder/files.js'
import { readFolder } from './folder/read.js'
import { worldKind } from './kind.js'

const schema = z.strictObject({
  kind: z.literal('folder'),
  dir: z.string().optional().describe('the folder, relative to the specification; --data goes before it'),
  schema: folderSchema.optional().describe('what its files mean; by default schema.json or schema.yaml in the folder says it'),
  clip: clipSchema.default('range'),
  clients: clientsSchema.optional(),
})

export type Folder = Partial<Omit<z.input<typeof schema>, 'kind'>>

/** Your own data: a folder of CSV or Parquet files and a `schema.json` or `schema.yaml`, or the option `schema`, that says
 * what their columns mean (see `src/data/schema.ts` for all that it may say). */
export const folder = (options: Folder = {}): { kind: 'folder' } & Folder => ({ kind: 'folder', ...options })

export const folderKind = worldKind({
  kind: 'folder',
  sentence: 'Any folder of CSV or Parquet files with a schema that names scenarios, features, tasks, time and split.',
  source: 'your own data',
  schema,
  sign: {
    what: 'your own CSV or Parquet files with a schema.json or schema.yaml',
    fits: (names) => names.some((name) => /^schema\.(json|ya?ml)$/.test(name)),
  },
  inspectedWith: { clip: 'none' },
  load: async (spec, { seed, dataDir, cwd }) => {
    const dir = dataDir ?? (spec.dir === undefined ? undefined : resolve(cwd, spec.dir))
    if (dir === undefined) {
      throw new DataError('world folder is read from files: say where with --data DIR or with `dir` in the world')
    }
    const described = spec.schema === undefined ? await readSchema(dir) : { schema: spec.schema, origin: undefined }
    return readFolder(dir, { ...described, clip: spec.clip }, seed)
  },
})

/** No schema is longer. */
const longestSchema = 1 << 20

const readSchema = async (dir: string): Promise<{ schema: FolderSchema; origin: Origin }> => {
  const names = await readdir(dir).catch((): string[] => [])
  const found = schemaNames.filter((name) => names.includes(name))
  if (found.length !== 1) {
    throw new DataError(
      found.length > 1
        ? `${resolve(dir)} holds ${found.join(' and ')}: keep one`
        : `no schema in ${resolve(dir)}: looked for ${schemaNames.join(', ')}; ${await listing(dir)}. ` +
          'Write one beside the files, or point --data elsewhere',
    )
  }
  const file = await withinFolder(dir, found[0])
  const { text, origin } = await readWhole(file, longestSchema)
  return { schema: parseFolderSchema(file, text), origin }
}
