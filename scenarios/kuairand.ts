import { resolve } from 'node:path'
import { z } from 'zod'
import { clientsSchema } from '../src/data/clients.js'
import { isDate } from '../src/data/calendar.js'
import { clipSchema } from '../src/data/scaler.js'
import { bucketsSchema } from '../src/data/vocabulary.js'
import { DataError } from '../src/errors.js'
import { worldKind } from './kind.js'
import { findFiles } from './kuairand/files.js'
import { readPrepared } from './kuairand/prepared.js'
import { readOriginal } from './kuairand/raw.js'
import { toWorld } from './kuairand/world.js'

const date = z.int().refine(isDate, { error: 'a date as a number, such as 20220506' })

const schema = z.strictObject({
  kind: z.literal('kuairand'),
  dir: z.string().optional().describe('folder of the data, relative to the specification; --data goes before it'),
  table: z
    .enum(['auto', 'raw', 'full', 'small']).default('auto')
    .describe('the original files, the prepared full or small table; auto: full, else raw, else small'),
  features: z
    .enum(['trailing', 'none', 'month']).default('trailing')
    .describe('statistics: of the earlier days of the same tab; none; or of the whole month, which look ahead'),
  tabs: z.array(z.int().min(0)).min(1).default([1, 0, 4, 2, 6]).describe('pages of the app; each is a scenario'),
  ids: z.array(z.enum(['user', 'video', 'author'])).default([]).describe('ids to have as further categorical fields'),
  atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
  buckets: bucketsSchema,
  from: date.default(20220425).describe('first day that is read'),
  trainFrom: date.default(20220425).describe('first day to train on; earlier ones feed trailing statistics only'),
  testFrom: date.default(20220506).describe('first day of the test rows'),
  testDays: z.int().min(1).optional().describe('days of the test rows; later rows are dropped. Default: all'),
  validationDays: z.int().min(0).default(1).describe('last days before the test that validate'),
  clip: clipSchema.default('range'),
  clients: clientsSchema.optional(),
})

export type KuaiRand = Partial<Omit<z.input<typeof schema>, 'kind'>>

/** KuaiRand-Pure: five pages (tabs) of a short-video feed, scenarios `tab-1`, ..., with the tasks `click` and
 * `long_view` (a click and a long view). Gao et al., CIKM 2022, doi 10.1145/3511808.3557624; CC BY-SA 4.0. */
export const kuairand = (options: KuaiRand = {}): { kind: 'kuairand' } & KuaiRand => ({ kind: 'kuairand', ...options })

export const kuairandKind = worldKind({
  kind: 'kuairand',
  sentence: 'KuaiRand-Pure: five pages of a short-video feed, clicks and long views, split by date.',
  source: 'Gao et al., KuaiRand, CIKM 2022 (doi 10.1145/3511808.3557624), CC BY-SA 4.0',
  schema,
  sign: {
    what: 'KuaiRand-Pure (log_standard_*.csv, or the prepared kuairand_msmt_*.csv)',
    fits: (names) => names.some((name) => /(^|\/)(log_standard_|kuairand_msmt_)[^/]*\.csv(\.gz)?$/.test(name)),
  },
  inspectedWith: { ids: ['user', 'video', 'author'], features: 'month', clip: 'none' },
  load: async (spec, { dataDir, cwd }) => {
    const dir = dataDir ?? (spec.dir === undefined ? undefined : resolve(cwd, spec.dir))
    if (dir === undefined) {
      throw new DataError('world kuairand is read from files: say where with --data DIR or with `dir` in the world')
    }
    const files = await findFiles(dir, spec.table)
    const month = spec.features === 'month'
    const log = files.source === 'raw' ? await readOriginal(files, month) : await readPrepared(files.file, month)
    return toWorld(spec, log)
  },
})
