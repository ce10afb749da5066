import type { LedgerRow } from '../record/rows.js'
import { type Name, roleOfName } from '../roster/participant.js'

/** A client at one end of a message: it sends (`up`) or receives it. */
export interface End {
  readonly client: Name
  readonly way: 'up' | 'down'
}

/** The clients whose lines and radios a message takes: one with a server, both where clients are peers, none among servers. */
export const endsOf = ({ from, to, direction }: Pick<LedgerRow, 'from' | 'to' | 'direction'>): readonly End[] => {
  if (direction === 'inside') return []
  if (direction === 'down') return [{ client: to, way: 'down' }]
  return roleOfName(to) === 'client' ? [{ client: from, way: 'up' }, { client: to, way: 'down' }] : [{ client: from, way: 'up' }]
}
