import { resolve } from 'node:path'
import { z } from 'zod'
import { droppedNote } from '../src/data/assemble.js'
import { interner } from '../src/data/interner.js'
import { bucketsSchema } from '../src/data/vocabulary.js'
import type { World } from '../src/data/world.js'
import { DataError } from '../src/errors.js'
import { streams } from '../src/random/streams.js'
import { fileOf, folderOf } from './aliexpress/find.js'
import { fieldCount, fieldNames, numericNames } from './aliexpress/layout.js'
import { readRows, type RowBlock } from './aliexpress/rows.js'
import { fitFields, toScenario, unclicked, type Country } from './aliexpress/scenarios.js'
import { worldKind } from './kind.js'

const schema = z.strictObject({
  kind: z.literal('aliexpress'),
  dir: z.string().optional().describe('folder of the data, relative to the specification; --data goes before it'),
  countries: z
    .array(z.string().min(1)).min(1).default(['NL', 'ES', 'FR', 'US'])
    .describe('each a scenario, and a folder AliExpress_NL or NL with train.csv and test.csv'),
  validation: z.number().min(0).lt(1).default(0.1).describe('share of train.csv, from its end, that validates'),
  sample: z.number().gt(0).max(1).default(1).describe('share of the rows to keep, drawn by the seed'),
  atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
  buckets: bucketsSchema,
})

type Spec = z.output<typeof schema>
export type AliExpress = Partial<Omit<z.input<typeof schema>, 'kind'>>

/** AliExpress search logs in the layout of MTReclib: the first column a search id (unused), 16 categorical columns, 63
 * numeric ones that are scaled already, `click` and `conversion`. A conversion is one of a clicked impression, so that
 * column is the task `ctcvr` as it stands. */
export const aliexpress = (options: AliExpress = {}): { kind: 'aliexpress' } & AliExpress => ({
  kind: 'aliexpress',
  ...options,
})

export const aliexpressKind = worldKind({
  kind: 'aliexpress',
  sentence: 'AliExpress search logs of up to five countries, clicks and conversions, as MTReclib prepares them.',
  source: 'Li et al., HMOE, CIKM 2020; Tianchi data set 74690; layout of MTReclib',
  schema,
  sign: {
    what: 'AliExpress (one folder per country with train and test, each .csv, .csv.gz or .parquet)',
    fits: (names) => names.some((name) => {
      const found = /^(.*\/)train\.(csv|csv\.gz|parquet)$/.exec(name)
      return found !== null && names.includes(`${found[1]}test.${found[2]}`)
    }),
  },
  load: async (spec, { seed, dataDir, cwd }) => {
    const dir = dataDir ?? (spec.dir === undefined ? undefined : resolve(cwd, spec.dir))
    if (dir === undefined) {
      throw new DataError('world aliexpress is read from files: say where with --data DIR or with `dir` in the world')
    }
    return read(spec, dir, seed)
  },
})

const read = async (spec: Spec, dir: string, seed: string): Promise<World> => {
  const words = Array.from({ length: fieldCount }, () => interner())
  const countries: Country[] = []
  for (const name of spec.countries) {
    const folder = await folderOf(dir, name)
    const one = async (which: string): Promise<RowBlock> => {
      const draw = streams(seed)('aliexpress', 'sample', name, which)
      return readRows(await fileOf(folder, which), words, spec.sample < 1 ? () => draw() < spec.sample : undefined)
    }
    countries.push({ name, train: await one('train'), test: await one('test') })
  }
  const fields = fitFields(countries, words.map(({ words: known }) => known), spec)
  const wrong = countries.reduce((sum, { train, test }) => sum + unclicked(train) + unclicked(test), 0)
  return {
    name: 'aliexpress',
    features: {
      categorical: fieldNames.map((name, f) => ({ name, size: fields[f].size })),
      numeric: numericNames,
    },
    tasks: [
      { name: 'ctr', kind: 'binary' },
      { name: 'ctcvr', kind: 'binary' },
    ],
    scenarios: countries.map((country) => toScenario(country, fields, spec.validation)),
    origins: countries.flatMap(({ train, test }) => [train.origin, test.origin]),
    split: `by time, as the files are: test.csv tests, the last ${100 * spec.validation} % of train.csv validate`,
    notes: [
      'vocabularies are fitted on the union of all training rows: clients share which words exist, not what they saw',
      ...(spec.sample < 1 ? [`a sample: ${100 * spec.sample} % of the rows, drawn by the seed`] : []),
      ...(wrong > 0 ? [`${wrong} conversions have no click; they are kept`] : []),
      ...fields.flatMap(({ dropped }, f) => (dropped > 0
        ? [droppedNote(fieldNames[f], dropped, spec)]
        : [])),
    ],
  }
}
