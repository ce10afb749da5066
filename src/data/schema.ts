import { LineCounter, isNode, parseDocument } from 'yaml'
import { z } from 'zod'
import { DataError } from '../errors.js'
import { clipSchema } from './scaler.js'
import { bucketsSchema } from './vocabulary.js'

const shares = {
  train: z.number().gt(0).max(1).default(0.7).describe('share of the rows that train'),
  validation: z.number().min(0).lt(1).default(0.1).describe('share of the rows that validate'),
  test: z.number().min(0).lt(1).default(0.2).describe('share of the rows that test'),
}
const addUp = ({ train, validation, test }: { train: number; validation: number; test: number }): boolean =>
  Math.abs(train + validation + test - 1) < 1e-9
const whole = { error: 'train, validation and test must add up to 1' }
const names = z.array(z.string()).min(1)
const instant = z.union([z.string(), z.number()])

const split = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('time'), ...shares }).refine(addUp, whole)
    .describe('the earliest rows of each scenario train, the latest test; rows of one instant stay together'),
  z.strictObject({
    by: z.literal('dates'),
    validationFrom: instant.optional().describe('first instant that validates, as the time column writes it'),
    testFrom: instant.describe('first instant that tests'),
  }).describe('rows before `validationFrom` train, rows from `testFrom` on test'),
  z.strictObject({
    by: z.literal('column'),
    column: z.string().describe('the column that says it'),
    train: names.default(['train']),
    validation: names.default(['validation']),
    test: names.default(['test']),
  }).describe('by the words of a column; a word that is in none of the three lists is an error'),
  z.strictObject({ by: z.literal('files') }).describe('by the `split` of each entry of `files`'),
  z.strictObject({ by: z.literal('random'), ...shares }).refine(addUp, whole)
    .describe('at random, by the seed; only where rows have no time'),
])

const categorical = z.strictObject({
  name: z.string().describe('the column'),
  atLeast: z.int().min(1).default(1).describe('training rows that a word needs to get an id of its own'),
  buckets: bucketsSchema,
  sequence: z.string().optional()
    .describe('columns of one sequence, side by side, are one feature: the mean over their known words'),
  table: z.string().optional().describe('the column whose words and embeddings it shares'),
  padding: z.string().optional().describe('the word of a sequence that stands for nothing, beside the empty one'),
})
const numeric = z.strictObject({
  name: z.string().describe('the column'),
  scaling: z.enum(['asis', 'standard', 'log']).default('standard')
    .describe('as it is; minus its mean over its deviation; or the same of sign(x) log(1 + |x|), for heavy tails'),
  clip: clipSchema.optional().describe('as the world’s `clip`, for this column; by default that, but none for asis'),
})
const weight = z.string().optional()
  .describe('the column that says how much a training row counts in this task’s loss; by default the world’s `weight`')
const task = z.discriminatedUnion('kind', [
  z.strictObject({
    name: z.string().min(1).describe('what the task is called'),
    column: z.string().optional().describe('the column that holds the label; by default the one of that name'),
    kind: z.literal('binary').describe('the label is 0 or 1'),
    weight,
  }),
  z.strictObject({
    name: z.string().min(1),
    column: z.string().optional(),
    kind: z.literal('regression').describe('the label is a number; scale it where it is far from 1'),
    weight,
  }),
  z.strictObject({
    name: z.string().min(1),
    column: z.string().optional(),
    kind: z.literal('multiclass').describe('the label is a class from 0 to `classes` - 1'),
    classes: z.int().min(2),
    weight,
  }),
])
const fileEntry = z.strictObject({
  file: z.string().describe('path within the folder: CSV, `.csv.gz` or `.parquet`'),
  scenario: z.string().optional().describe('whose rows these are'),
  split: z.enum(['train', 'validation', 'test']).optional().describe('what they are for, where `split.by` is files'),
})

/**
 * `schema.json` or `schema.yaml`: what the CSV or Parquet files of a folder mean.
 *
 * ```yaml
 * name: shop
 * files:                       # each entry a path, or a path with its scenario and what it is for
 *   - impressions.csv
 * scenario: country            # the column that tells scenarios apart; without it each file is one, of its name
 * scenarios: [NL, ES]          # which to take, in this order; by default all, in the order of their names
 * categorical: [segment, { name: item, atLeast: 5 }]
 * numeric: [age, { name: price, scaling: log }]
 * tasks:
 *   - { name: ctr, column: clicked, kind: binary }
 *   - { name: watched, kind: regression }
 *   - { name: stars, kind: multiclass, classes: 5 }
 * weight: inverse_propensity   # how much a training row counts in the losses; a task may have a column of its own
 * user: user_id                # for user-level metrics; never a feature
 * time: { column: shown_at, unit: ms }
 * split: { by: time, train: 0.7, validation: 0.1, test: 0.2 }
 * ```
 *
 * - A CSV file has a header line; Parquet files are told by their name, `.parquet`. Columns that the schema does not
 *   name are ignored.
 * - A categorical value may be any text (an empty one is a word like any other). Words get their ids from training rows
 *   alone; a word that only later rows hold is 0, unknown.
 * - `{ name: seen_1, sequence: seen, table: item, padding: '0' }` and its neighbours are one feature, the mean of the
 *   items' embeddings.
 * - A numeric value is a finite number, or nothing, which becomes the mean (0 after scaling). Each scenario scales on
 *   its own training rows, and clips to their range unless the column or the world says otherwise.
 * - A label may be empty: then the row is not in that task's sample space.
 * - A weight is a finite number of at least 0; it may be empty where the label is. 0 leaves a row out of that task's loss.
 * - `time.unit` is `ms` or `s` since 1970, or `date`: 2022-04-25, 20220425 or 2022-04-25T13:30:00, taken as UTC.
 * - `split` is by `time` (shares), `dates` (bounds), `column` (words), `files` (each entry says) or `random` (shares).
 */
export const folderSchema = z
  .strictObject({
    name: z.string().min(1).default('folder').describe('what the world is called'),
    files: z.array(z.union([z.string(), fileEntry])).min(1).describe('CSV or Parquet, in the order of their rows'),
    delimiter: z.string().length(1).default(',').describe('what stands between fields'),
    scenario: z.string().optional().describe('the column that names the scenario of a row'),
    scenarios: z.array(z.string()).min(1).optional().describe('the scenarios to take, in this order'),
    categorical: z.array(z.union([z.string(), categorical])).default([]),
    numeric: z.array(z.union([z.string(), numeric])).default([]),
    tasks: z.array(task).min(1),
    weight: z.string().optional()
      .describe('the column that says how much a training row counts in the loss of every task'),
    user: z.string().optional().describe('the column that says who saw the impression'),
    time: z.strictObject({
      column: z.string(),
      unit: z.enum(['ms', 's', 'date']).default('ms'),
    }).optional(),
    split,
  })
  .superRefine((schema, context) => {
    const issue = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message })
    const { by } = schema.split
    if ((by === 'time' || by === 'dates') && schema.time === undefined) {
      issue(['split', 'by'], `'${by}' needs \`time\`: the column that says when a row was shown`)
    }
    schema.files.forEach((entry, i) => {
      if (by === 'files' && (typeof entry === 'string' || entry.split === undefined)) {
        issue(['files', i], 'needs `split` (train, validation or test), because `split.by` is files')
      }
    })
    if (schema.categorical.length + schema.numeric.length === 0) {
      issue(['categorical'], 'a world needs a feature: name at least one categorical or numeric column')
    }
    const columns = schema.tasks.map(({ name }) => name)
    columns.forEach((name, i) => {
      if (columns.indexOf(name) !== i) issue(['tasks', i, 'name'], `'${name}' is the name of two tasks`)
    })
  })

export type FolderSchema = z.output<typeof folderSchema>

/** Reads a schema from its text (YAML, and so JSON). What breaks a rule is a `DataError` with file, line and path. */
export const parseFolderSchema = (file: string, text: string): FolderSchema => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken !== undefined) {
    throw new DataError(`${file}:${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0]}`)
  }
  const parsed = folderSchema.safeParse(document.toJS())
  if (parsed.success) return parsed.data
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  throw new DataError(
    parsed.error.issues
      .map(({ path, message }) => `${file}:${lineOf(path)}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`)
      .join('\n'),
  )
}

