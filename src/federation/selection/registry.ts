import { z } from 'zod'

import type { SelectionRule } from '../choice.js'
import * as all from './all.js'
import type { SelectionEntry } from './entry.js'

type Entry = (typeof all)[keyof typeof all]

/** Every way of the library to choose, in the order of their kinds. */
export const selectionEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** Whom rounds ask, as data, by its kind. */
export const selectionSchema = z.discriminatedUnion('kind', selectionEntries.map(({ schema }) => schema) as unknown as Schemas)

export type SelectionInput = z.input<typeof selectionSchema>
export type Selection = z.output<typeof selectionSchema>

/** The entry of a choice that is given as data. */
export const selectionEntryOf = ({ kind }: Pick<Selection, 'kind'>): SelectionEntry => {
  const entry = selectionEntries.find((one) => one.kind === kind)
  if (entry === undefined) throw new TypeError(`there is no selection of kind '${kind}'`)
  return entry as unknown as SelectionEntry
}

/** What a choice that is given as data goes by; undefined: the first of the drawn order. */
export const selectionRule = (selection: Selection): SelectionRule | undefined => selectionEntryOf(selection).rule(selection)
