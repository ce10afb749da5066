import type { Table } from '../../src/data/table.js'
import { vocabularyFit, type Vocabulary, type Wording } from '../../src/data/vocabulary.js'
import type { Scenario } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { shareNearest } from '../../src/shares.js'
import { fieldCount, numericCount, taskColumns } from './layout.js'
import type { RowBlock } from './rows.js'

/** One country's two files. */
export interface Country {
  readonly name: string
  readonly train: RowBlock
  readonly test: RowBlock
}

/** The rows of train.csv that train; those after them validate. */
const trainRows = ({ train }: Country, validation: number): number => shareNearest(1 - validation, train.rows)

/** Vocabularies fitted on the union of the countries' training rows: one per field. */
export const fitFields = (
  countries: readonly Country[], words: readonly (readonly string[])[],
  { validation, atLeast, buckets }: Omit<Wording, 'order'> & { readonly validation: number },
): Vocabulary[] =>
  words.map((known, f) => {
    const counter = vocabularyFit()
    for (const country of countries) {
      const { categorical } = country.train
      const end = trainRows(country, validation) * fieldCount
      for (let at = f; at < end; at += fieldCount) counter.count(categorical[at])
    }
    return counter.fit(known, { order: 'number', atLeast, buckets })
  })

/** Turns codes into ids where they lie, and cuts the country into tables: views of what was read, not copies. */
export const toScenario = (country: Country, fields: readonly Vocabulary[], validation: number): Scenario => {
  const { name, train, test } = country
  const middle = trainRows(country, validation)
  if (middle === 0) throw new DataError(`aliexpress: ${name} has no training rows: ${train.origin.file} is too short`)
  for (const { categorical } of [train, test]) {
    for (let at = 0; at < categorical.length; at++) categorical[at] = fields[at % fieldCount].id(categorical[at])
  }
  return {
    name,
    train: view(train, 0, middle),
    validation: view(train, middle, train.rows),
    test: view(test, 0, test.rows),
  }
}

const view = (block: RowBlock, from: number, to: number): Table => ({
  rows: to - from,
  categorical: block.categorical.subarray(from * fieldCount, to * fieldCount),
  numeric: block.numeric.subarray(from * numericCount, to * numericCount),
  labels: block.labels.subarray(from * taskColumns.length, to * taskColumns.length),
})

/** Conversions without a click: there should be none. */
export const unclicked = ({ labels }: RowBlock): number => {
  let wrong = 0
  for (let at = 0; at < labels.length; at += taskColumns.length) if (labels[at + 1] > labels[at]) wrong++
  return wrong
}
