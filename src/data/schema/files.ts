import { z } from 'zod'
import { isEncoding } from '../encoding.js'
import { columnSchema, longest, nameSchema } from './text.js'

/** What a schema may call the sign between two fields. */
const delimiters: Readonly<Record<string, string>> = { comma: ',', semicolon: ';', tab: '\t', pipe: '|', space: ' ' }

/** The sign itself. */
export const delimiterOf = (given: string): string => delimiters[given] ?? given

/** A path within the folder. */
export const pathSchema = z.string().min(1).max(longest)

const delimiter = z.string()
  .regex(
    new RegExp(`^(${Object.keys(delimiters).join('|')}|[^"\\r\\n\\w]{1,4})$`),
    `${Object.keys(delimiters).join(', ')}, or one to four signs such as "," or "::"`,
  )

/** How the fields of a CSV file are written. What a file does not say holds for all. */
const layout = {
  encoding: z.string()
    .refine(isEncoding, { error: 'utf-8, latin1, windows-1252, utf-16le or another label of the WHATWG Encoding Standard' })
    .optional().describe('how characters are written as bytes; utf-8 by default'),
  columns: z.array(columnSchema).min(1).optional()
    .describe('names of the columns of a file without a header line; `_` for one that nobody needs'),
  quotes: z.boolean().optional()
    .describe('whether a quote at the start of a field quotes it; false: a quote is a sign like any other. Default true'),
}

/** What every file of a folder has, unless its entry says otherwise. */
export const layoutFields = {
  delimiter: delimiter.default(',').describe('what stands between fields: a sign, or comma, semicolon, tab, pipe, space'),
  ...layout,
}

const ownLayout = { delimiter: delimiter.optional(), ...layout }

export const fileEntrySchema = z.strictObject({
  file: pathSchema.describe('path within the folder: CSV, `.csv.gz` or `.parquet`; `*`, `?` and `**` stand for several'),
  scenario: nameSchema.optional().describe('whose rows these are'),
  split: z.enum(['train', 'validation', 'test']).optional().describe('what they are for, where `split.by` is files'),
  ...ownLayout,
})

export const joinSchema = z.strictObject({
  file: pathSchema.describe('path within the folder: a row for each user, item or other thing'),
  on: columnSchema.describe('the column of the rows (or of an earlier join) that names the thing'),
  key: columnSchema.optional().describe('the column of this file that it is found by; by default the one called as `on`'),
  prefix: columnSchema.optional().describe('what is put before the names of its columns'),
  missing: z.enum(['error', 'empty']).optional()
    .describe('what becomes of a row whose thing is not in the file: an error (default), or empty values'),
  ...ownLayout,
})
