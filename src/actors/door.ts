import type { FlightRecorder } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Cell, Item } from './cell.js'

/** Asked just before a message is handled, with whether anybody lives there; false spares the handler. */
export interface Landing {
  arrives(alive: boolean): boolean | void
}

/** Whom a name means now, and how a cell is handed what has arrived for it. The host is one. */
export interface Doorstep {
  living(name: Name): Cell | undefined
  /** May the cell be handed something in this turn? Once, or again directly after itself; the answer counts as done. */
  admits(cell: Cell, turn: number): boolean
  hand(cell: Cell, item: Item): void
  readonly record: Pick<FlightRecorder, 'tell' | 'cause'>
}
