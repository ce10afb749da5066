import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { clientsSchema } from '../src/data/clients.js'
import { listing } from '../src/data/bytes.js'
import { bucketsSchema } from '../src/data/vocabulary.js'
import type { World } from '../src/data/world.js'
import { DataError } from '../src/errors.js'
import { streams } from '../src/random/streams.js'
import { worldKind } from './kind.js'
import { taskNames } from './tenrec/columns.js'
import { readLog } from './tenrec/log.js'
import { toWorld } from './tenrec/world.js'

const schema = z
  .strictObject({
    kind: z.literal('tenrec'),
    dir: z.string().optional().describe('folder of the data, relative to the specification; --data goes before it'),
    scenarios: z
      .array(z.string().min(1)).min(1).optional()
      .describe('files to take, without .csv, .csv.gz or .parquet, in this order. Default: all of them, by name'),
    tasks: z.array(z.enum(taskNames)).min(1).default(['click', 'like']).describe('labels to predict, on all rows'),
    ids: z.array(z.enum(['user', 'item'])).default(['item']).describe('ids to have as categorical fields'),
    history: z.boolean().default(true).describe('hist_1 to hist_10, pooled into one field, where a file has them'),
    atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
    buckets: bucketsSchema,
    sample: z.number().gt(0).max(1).default(1).describe('share of the rows to keep, drawn by the seed'),
    clients: clientsSchema.optional(),
    split: z
      .strictObject({ train: z.number().gt(0), validation: z.number().min(0), test: z.number().min(0) })
      .default({ train: 0.8, validation: 0.1, test: 0.1 })
      .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, {
        error: 'train, validation and test must add up to 1',
      })
      .describe('shares of the rows, at random: the data have no time'),
  })
  .refine(({ tasks }) => new Set(tasks).size === tasks.length, { path: ['tasks'], error: 'a task is named twice' })

export type Tenrec = Partial<Omit<z.input<typeof schema>, 'kind'>>

/**
 * Tenrec (Yuan et al., NeurIPS 2022) as it is published: one CSV file per scenario (QB-video, QK-video, or the CTR set
 * ctr_data_1M) with user_id, item_id, click, follow, like, share, video_category, watching_times, gender, age and, in
 * some, hist_1 to hist_10, the items before. Features are category, gender, age, ids and the pooled history, which
 * shares the items' embeddings. `watching_times` is known only after the click, and is never read.
 */
export const tenrec = (options: Tenrec = {}): { kind: 'tenrec' } & Tenrec => ({ kind: 'tenrec', ...options })

const ending = /\.(csv|csv\.gz|parquet)$/
const known = /^(Q[BK]-video|ctr_data_1M)\.(csv|csv\.gz|parquet)$/i

export const tenrecKind = worldKind({
  kind: 'tenrec',
  sentence: 'Tenrec’s video feeds: one file and client per scenario, clicks and likes, viewing histories pooled.',
  source: 'Yuan et al., Tenrec, NeurIPS 2022 Datasets and Benchmarks; columns as published',
  schema,
  sign: {
    what: 'Tenrec (QB-video, QK-video or ctr_data_1M, each .csv, .csv.gz or .parquet)',
    fits: (names) => names.some((name) => known.test(name.slice(name.lastIndexOf('/') + 1))),
  },
  load: async (spec, { seed, dataDir, cwd }): Promise<World> => {
    const dir = dataDir ?? (spec.dir === undefined ? undefined : resolve(cwd, spec.dir))
    if (dir === undefined) {
      throw new DataError('world tenrec is read from files: say where with --data DIR or with `dir` in the world')
    }
    const files = await filesOf(dir, spec.scenarios)
    const log = await readLog(files, spec, streams(seed))
    return toWorld(spec, log, streams(seed))
  },
})

/** The files that are scenarios: those that were named, or all that look like Tenrec's. */
const filesOf = async (dir: string, wanted: readonly string[] | undefined) => {
  const names = (await readdir(dir).catch((): string[] => [])).sort()
  const stem = (name: string): string => name.replace(ending, '')
  const chosen = wanted ?? [...new Set(names.filter((name) => known.test(name)).map(stem))]
  if (chosen.length === 0) {
    throw new DataError(`no Tenrec data in ${resolve(dir)}: looked for QB-video, QK-video and ctr_data_1M; ` +
      `${await listing(dir)}. Name other files with \`scenarios\``)
  }
  return Promise.all(chosen.map(async (name) => {
    const file = names.find((each) => ending.test(each) && stem(each) === name)
    if (file === undefined) throw new DataError(`no file ${name}.csv, .csv.gz or .parquet: ${await listing(dir)}`)
    return { name, file: join(dir, file) }
  }))
}
