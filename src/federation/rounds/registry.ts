import { z } from 'zod'

import * as all from './all.js'
import type { RoundEntry, RoundRules } from './round.js'

type Entry = (typeof all)[keyof typeof all]

/** Every kind of rounds of the library, in their order. */
export const roundEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** Rounds as data, by their kind. */
export const roundsSchema = z.discriminatedUnion('kind', roundEntries.map(({ schema }) => schema) as unknown as Schemas)

export type RoundsInput = z.input<typeof roundsSchema>
export type Rounds = z.output<typeof roundsSchema>

const entries = new Map<string, RoundEntry>(roundEntries.map((entry) => [entry.kind, entry as unknown as RoundEntry]))

/** The entry of rounds that are given as data. */
export const roundEntryOf = ({ kind }: Pick<Rounds, 'kind'>): RoundEntry => {
  const entry = entries.get(kind)
  if (entry === undefined) throw new TypeError(`there are no rounds of kind '${kind}'`)
  return entry
}

/** What rounds that are given as data go by. */
export const roundRules = (rounds: Rounds): RoundRules => roundEntryOf(rounds).rules(rounds)
