import { useful } from '../costs/charge.js'
import type { LedgerRow } from '../record/rows.js'
import { fates, type Fate } from '../record/message.js'

/** Copies and bytes of a group of messages. */
export interface Sum {
  copies: number
  /** Encoded. */
  bytes: number
  /** That left the sender's line. */
  travelled: number
}

/** Sums of messages by two keys of theirs, in the order in which they came up. */
export const sumsOf = <Row extends Pick<LedgerRow, 'bytes' | 'travelled'>>(
  ledger: readonly Row[], keyOf: (row: Row) => string, innerOf: (row: Row) => string,
): ReadonlyMap<string, ReadonlyMap<string, Sum>> => {
  const sums = new Map<string, Map<string, Sum>>()
  for (const row of ledger) {
    const key = keyOf(row)
    let own = sums.get(key)
    if (own === undefined) sums.set(key, (own = new Map()))
    const inner = innerOf(row)
    let sum = own.get(inner)
    if (sum === undefined) own.set(inner, (sum = { copies: 0, bytes: 0, travelled: 0 }))
    sum.copies++
    sum.bytes += row.bytes
    sum.travelled += row.travelled
  }
  return sums
}

/** Whether messages of this fate came to nothing: they are in no model, and kept no round going (docs/costs.md). */
export const isWasted = (fate: string): boolean => !useful.has(fate as Fate)

/** Fates that came up, in the order of docs/ledger.md: those of use first. */
export const fatesIn = (ledger: readonly Pick<LedgerRow, 'fate'>[]): Fate[] => {
  const found = new Set(ledger.map(({ fate }) => fate))
  return fates.filter((fate) => found.has(fate)).sort((a, b) => Number(isWasted(a)) - Number(isWasted(b)))
}

/** Bytes that left lines, and those of them that came to nothing. */
export const wastedBytes = (ledger: readonly Pick<LedgerRow, 'fate' | 'travelled'>[]): { readonly all: number; readonly wasted: number } =>
  ledger.reduce(({ all, wasted }, { fate, travelled }) => ({ all: all + travelled, wasted: wasted + (isWasted(fate) ? travelled : 0) }), { all: 0, wasted: 0 })
