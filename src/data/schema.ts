import { z } from 'zod'
import type { JsonSchema } from '../documents/names.js'
import { problemsIn, problemsText } from '../documents/problem.js'
import { readDocument } from '../documents/source.js'
import { DataError } from '../errors.js'
import { schemaRules } from './schema/rules.js'
import { folderShape, type FolderSchema } from './schema/shape.js'

export type { FolderSchema } from './schema/shape.js'

/**
 * `schema.json` or `schema.yaml`, or the option `schema` of the world: what the CSV or Parquet files of a folder mean.
 *
 * ```yaml
 * name: shop
 * files:                       # each entry a path or a pattern, or one with its scenario and what it is for
 *   - impressions.csv
 * scenario: country            # the column that tells scenarios apart; without it each file is one, of its name
 * scenarios: [NL, ES]          # which to take, in this order; by default all, in the order of their names
 * categorical: [segment, { name: item, atLeast: 5 }]
 * numeric: [age, { name: price, scaling: log }]
 * tasks:
 *   - { name: ctr, column: clicked }
 *   - { name: liked, from: rating, atLeast: 4 }
 *   - { name: watched, kind: regression }
 *   - { name: stars, kind: multiclass, classes: 5 }
 * weight: inverse_propensity   # how much a training row counts in the losses; a task may have a column of its own
 * user: user_id                # for user-level metrics; never a feature
 * time: { column: shown_at, unit: ms }
 * split: { by: time, train: 0.7, validation: 0.1, test: 0.2 }
 * ```
 *
 * - A CSV file has a header line, or `columns` names its columns; Parquet files are told by their name, `.parquet`.
 *   Columns that the schema does not name are ignored.
 * - `scenario: [region, { column: age, bands: [25, 45] }]` makes a scenario of every pair of a region and a band.
 * - `joins` look up columns of other files (users, items) by a key.
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
export const folderSchema = folderShape.superRefine(schemaRules)

/** What a schema may say, as JSON Schema (draft 2020-12), for editors. */
export const folderJsonSchema = (): Record<string, unknown> => ({
  title: 'Windtunnel folder of data',
  ...z.toJSONSchema(folderSchema, { io: 'input', unrepresentable: 'any' }),
})

/** Reads a schema from its text (YAML, and so JSON). What breaks a rule is a `DataError` with file, line and path. */
export const parseFolderSchema = (file: string, text: string): FolderSchema => {
  const { value, source } = readDocument(text, file, DataError)
  const parsed = folderSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new DataError(problemsText(problemsIn(parsed.error, value, folderJsonSchema() as JsonSchema), source, 'the schema'))
}
