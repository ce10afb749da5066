import { z } from 'zod'

import * as all from './all.js'
import type { FaultEntry, Planned } from './fault.js'
import type { When } from './window.js'
import { byHand, coin, when } from './words.js'

type Entry = (typeof all)[keyof typeof all]

/** Every fault of the library, in the order of their kinds. */
export const faultEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** One injected failure as data, by its kind. */
export const faultSchema = z.discriminatedUnion('kind', faultEntries.map(({ schema }) => schema) as unknown as Schemas)

/** The faults of a simulation. */
export const faultsSchema = z.array(faultSchema).prefault([])

export type Fault = z.output<typeof faultSchema>
export type FaultInput = z.input<typeof faultSchema>

const entries = new Map<string, FaultEntry>(faultEntries.map((entry) => [entry.kind, entry as unknown as FaultEntry]))

/** The entry of a fault. */
export const entryOf = ({ kind }: { readonly kind: string }): FaultEntry => {
  const entry = entries.get(kind)
  if (entry === undefined) throw new TypeError(`there is no fault of kind '${kind}'`)
  return entry
}

/** A planned fault as one line for people: `client-2, client-5 leave in training, rounds 5-12`. */
export const describe = (planned: Planned): string => {
  const { fault } = planned
  const entry = entryOf(fault)
  const window = entry.sudden === true ? '' : when(fault as When)
  return entry.describe(fault, planned) + window + coin(fault as { probability?: number }) + byHand(planned)
}
