import { type FlightEvent, type Happening, OUTSIDE } from '../../src/record/event.js'
import type { LedgerRow, RoundRow } from '../../src/record/rows.js'

/** An event as watchers get it. */
export const event = (at: number, actor: string, what: Happening): FlightEvent => ({ id: 0, at, actor, cause: OUTSIDE, ...what })

export const settled = (at: number, row: LedgerRow): FlightEvent =>
  event(at, row.to, { kind: 'settle', envelope: row.id, fate: row.fate, row })

export const closed = (row: RoundRow): FlightEvent =>
  event(row.closed, 'aggregator', { kind: 'round-close', row, last: false })
