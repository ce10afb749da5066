import { z } from 'zod'
import { clipSchema } from '../scaler.js'
import { bucketsSchema } from '../vocabulary.js'
import { columnSchema, nameSchema } from './text.js'

export const categoricalSchema = z.strictObject({
  name: columnSchema.describe('the column'),
  atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
  buckets: bucketsSchema,
  numbers: z.boolean().optional().describe('whether words that are the same number (0, 0.0, 00) are one word; default false'),
  sequence: z.string().optional()
    .describe('columns of one sequence, side by side, are one feature: the mean over their known words'),
  table: z.string().optional().describe('the column whose words and embeddings it shares'),
  padding: z.string().optional().describe('the word of a sequence that stands for nothing, beside the empty one'),
})

export const numericSchema = z.strictObject({
  name: columnSchema.describe('the column'),
  scaling: z.enum(['asis', 'standard', 'log']).default('standard')
    .describe('as it is; minus its mean over its deviation; or the same of sign(x) log(1 + |x|), for heavy tails'),
  clip: clipSchema.optional().describe('as the world’s `clip`, for this column; by default that, but none for asis'),
})

const bandsSchema = z.strictObject({
  column: columnSchema.describe('a column of numbers'),
  bands: z.array(z.number()).min(1).describe('where a band ends and the next begins, in rising order: [25, 45] makes three'),
  names: z.array(nameSchema).optional().describe('what they are called; by default `age below 25`, `age 25 to 45`, `age from 45`'),
})

/** What names the scenario of a row: a column's word, or the band that its number falls into. */
export const scenarioPartSchema = z.union([columnSchema, bandsSchema])

export type ScenarioPart = z.output<typeof scenarioPartSchema>

export const timeSchema = z.strictObject({
  column: columnSchema,
  unit: z.enum(['ms', 's', 'date']).default('ms').describe('ms or s since 1970, or date: 2022-04-25, 20220425, 2022-04-25T13:30:00'),
})
