import { z } from 'zod'
import { columnSchema } from './text.js'

const shares = {
  train: z.number().gt(0).max(1).default(0.7).describe('share of the rows that train'),
  validation: z.number().min(0).lt(1).default(0.1).describe('share of the rows that validate'),
  test: z.number().min(0).lt(1).default(0.2).describe('share of the rows that test'),
}
const addUp = ({ train, validation, test }: { train: number; validation: number; test: number }): boolean =>
  Math.abs(train + validation + test - 1) < 1e-9
const whole = { error: 'train, validation and test must add up to 1' }
const words = z.array(z.string())
const instant = z.union([z.string(), z.number()])

export const splitSchema = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('time'), ...shares }).refine(addUp, whole)
    .describe('the earliest rows of each scenario train, the latest test; rows of one instant stay together'),
  z.strictObject({
    by: z.literal('dates'),
    validationFrom: instant.optional().describe('first instant that validates, as the time column writes it'),
    testFrom: instant.describe('first instant that tests'),
  }).describe('rows before `validationFrom` train, rows from `testFrom` on test'),
  z.strictObject({
    by: z.literal('column'),
    column: columnSchema.describe('the column that says it'),
    train: words.min(1).default(['train']),
    validation: words.default(['validation']),
    test: words.default(['test']),
  }).describe('by the words of a column; a word that is in none of the three lists is an error'),
  z.strictObject({ by: z.literal('files') }).describe('by the `split` of each entry of `files`'),
  z.strictObject({
    by: z.literal('random'),
    ...shares,
    stratify: z.boolean().optional().describe(
      'whether rows of each label are dealt out in these shares by themselves; by default where a binary task has fewer ' +
      'than 100 rows of one label in a scenario'),
  }).refine(addUp, whole).describe('at random, by the seed; only where rows have no time'),
])
