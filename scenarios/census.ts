import { resolve } from 'node:path'
import { z } from 'zod'
import { clipSchema } from '../src/data/scaler.js'
import { bucketsSchema } from '../src/data/vocabulary.js'
import { DataError } from '../src/errors.js'
import { streams } from '../src/random/streams.js'
import { categoricalNames } from './census/columns.js'
import { readCensus } from './census/read.js'
import { degrees, toWorld } from './census/world.js'
import { worldKind } from './kind.js'

const schema = z.strictObject({
  kind: z.literal('census'),
  dir: z.string().optional().describe('folder of the data, relative to the specification; --data goes before it'),
  group: z
    .enum(['income', 'education']).default('income')
    .describe('the main task: income above $50,000, or a college degree; never married is the other one'),
  college: z.array(z.string()).min(1).default([...degrees]).describe('values of `education` that count as college'),
  scenario: z
    .enum(categoricalNames).optional()
    .describe('a column whose values are the scenarios, and which is no feature then. Default: one scenario'),
  atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
  buckets: bucketsSchema,
  clip: clipSchema.default('range'),
})

export type Census = Partial<Omit<z.input<typeof schema>, 'kind'>>

/**
 * Census-Income (KDD) of the UCI repository, 1994 and 1995, with the tasks of MMoE (Ma et al., KDD 2018, section 6.2):
 * group 1 `income` (above $50,000) and `never_married`, group 2 `education` (at least college) and `never_married`.
 * census-income.data trains; census-income.test is halved at random into validation and test, as there. The columns
 * that tasks are read from are no features, nor is the instance weight.
 */
export const census = (options: Census = {}): { kind: 'census' } & Census => ({ kind: 'census', ...options })

export const censusKind = worldKind({
  kind: 'census',
  sentence: 'Census-Income of UCI with the task pairs of MMoE: income or education, and marital status.',
  source: 'UCI Census-Income (KDD), doi 10.24432/C5N30T; tasks and split of Ma et al., MMoE, KDD 2018, section 6.2',
  schema,
  sign: {
    what: 'Census-Income (census-income.data and census-income.test)',
    fits: (names) => names.some((name) => /(^|\/)census-income\.data(\.gz)?$/.test(name)),
  },
  inspectedWith: { clip: 'none' },
  load: async (spec, { seed, dataDir, cwd }) => {
    const dir = dataDir ?? (spec.dir === undefined ? undefined : resolve(cwd, spec.dir))
    if (dir === undefined) {
      throw new DataError('world census is read from files: say where with --data DIR or with `dir` in the world')
    }
    return toWorld(spec, await readCensus(dir), streams(seed))
  },
})
