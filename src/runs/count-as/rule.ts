import type { ChainOf } from '../../codecs/routes.js'
import { shown } from '../../documents/problem.js'
import { StorageError } from '../../errors.js'
import type { PartTemplate } from '../../federation/parts.js'
import type { LedgerRow, RoundRow } from '../../record/rows.js'

/** What a run sent, and what its messages hold. */
export interface Sent {
  readonly ledger: readonly LedgerRow[]
  readonly rounds: readonly Pick<RoundRow, 'round' | 'folded' | 'outcome'>[]
  readonly parts: readonly PartTemplate[]
  /** What codes them; undefined: nothing does. */
  readonly chainOf: ChainOf | undefined
}

/** Bytes to and from clients. */
export interface Tally {
  readonly up: number
  readonly down: number
}

/** How another simulator counts what a federation sends: a file of this folder, and one line of all.ts. */
export interface CountRule {
  readonly name: string
  /** What it counts, in a sentence. */
  readonly sentence: string
  /** Where the rule was read: repository, path and commit. */
  readonly source: string
  /** What of the ledger it does not see. */
  readonly leavesOut: readonly string[]
  /** Throws `SpecificationError` where that simulator has no word for what a run did. */
  readonly count: (sent: Sent) => Tally
}

/** What none of them sees. */
export const unseen: readonly string[] = [
  'frames and their headers, checksums', 'acknowledgements, retransmissions and duplicates', 'control messages and all that goes among servers',
]

/** The part that a row is about. Throws `StorageError` where the run's model has no such part. */
export const partsOf = ({ parts }: Pick<Sent, 'parts'>): ((row: LedgerRow) => PartTemplate) => {
  const byName = new Map(parts.map((part) => [part.name, part]))
  return ({ id, part: name }) => {
    const part = byName.get(name)
    if (part !== undefined) return part
    throw new StorageError(
      `row ${id} of the ledger is about ${shown(name)}, and the model of this run has ${[...byName.keys()].join(', ')}. Fly the run again.`,
    )
  }
}

/** Updates that were folded, once each: answers, as all of them count them. */
export const foldedIn = ({ ledger }: Pick<Sent, 'ledger'>): LedgerRow[] => ledger.filter(({ kind, fate }) => kind === 'update' && fate === 'used')
