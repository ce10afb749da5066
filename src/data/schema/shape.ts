import { z } from 'zod'
import { categoricalSchema, numericSchema, scenarioPartSchema, timeSchema } from './columns.js'
import { fileEntrySchema, joinSchema, layoutFields, pathSchema } from './files.js'
import { splitSchema } from './split.js'
import { taskSchema } from './tasks.js'
import { columnSchema, nameSchema } from './text.js'

/** The fields of a folder's schema, before they are held against each other. */
export const folderShape = z.strictObject({
  name: nameSchema.default('folder').describe('what the world is called'),
  files: z.array(z.union([pathSchema, fileEntrySchema])).min(1)
    .describe('CSV or Parquet, in the order of their rows: paths in the folder, or patterns such as `logs/*.csv`'),
  ...layoutFields,
  joins: z.array(joinSchema).min(1).optional().describe('files that are looked up by a key, such as users and items'),
  scenario: z.union([scenarioPartSchema, z.array(scenarioPartSchema).min(1)]).optional()
    .describe('the column that names the scenario of a row, `{ column, bands }`, or a list of these'),
  scenarios: z.array(nameSchema).min(1).optional().describe('the scenarios to take, in this order'),
  categorical: z.array(z.union([columnSchema, categoricalSchema])).default([]),
  numeric: z.array(z.union([columnSchema, numericSchema])).default([]),
  tasks: z.array(taskSchema).min(1),
  weight: columnSchema.optional().describe('the column that says how much a training row counts in the loss of every task'),
  user: columnSchema.optional().describe('the column that says who saw the impression'),
  time: timeSchema.optional(),
  split: splitSchema,
})

export type FolderSchema = z.output<typeof folderShape>
