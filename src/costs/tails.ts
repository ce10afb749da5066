import type { LedgerRow } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { endsOf } from './ends.js'
import type { Prices } from './prices.js'

/** What one message added to the time for which a client's radio is on. */
export interface TailCharge {
  readonly row: LedgerRow
  readonly client: Name
  readonly joules: number
}

interface Activity {
  readonly at: Micros
  readonly row: LedgerRow
}

/**
 * Radios that stay on after bytes have passed. One is awake from the moment at which a client sends or receives, for as long
 * as its tail lasts, and further activity within that time puts the end off: what a message is charged is the time that it
 * adds. A message that was lost on its way to a client woke its radio when it was sent, if any byte had passed.
 */
export const tailsOf = (ledger: readonly LedgerRow[], prices: Prices): TailCharge[] => {
  const activities = new Map<Name, Activity[]>()
  for (const row of ledger) {
    if (row.travelled === 0) continue
    for (const { client, way } of endsOf(row)) {
      const { watts, lasts } = prices.of(client).tail
      if (watts === 0 || lasts === 0) continue
      const at = way === 'up' ? row.sent : (row.delivered ?? row.sent)
      const own = activities.get(client)
      if (own === undefined) activities.set(client, [{ at, row }])
      else own.push({ at, row })
    }
  }
  return [...activities].flatMap(([client, own]) => {
    const { watts, lasts } = prices.of(client).tail
    let until = -Infinity
    return own.sort((a, b) => a.at - b.at || a.row.id - b.row.id).map(({ at, row }) => {
      const added = at + lasts - Math.max(at, until)
      until = at + lasts
      return { row, client, joules: (watts * added) / 1e6 }
    })
  })
}
