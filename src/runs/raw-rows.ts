import type { EventOf, FlightEvent } from '../record/event.js'
import type { TrainingRow } from '../record/rows.js'
import type { RowFile } from './files.js'

/** A training that has just ended: what comes of it is known later. */
const trainingOf = ({ actor: client, round, start, at: end, examples, outcome }: EventOf<'trained'>): TrainingRow =>
  ({ client, round, start, end, examples, outcome: outcome === 'computed' ? 'unresolved' : outcome })

/** The rows that an event leaves in one file as it happens, before the flight is over and they are put in order. */
export const rawRows = (event: FlightEvent): { readonly file: Exclude<RowFile, 'events'>; readonly rows: readonly object[] } | undefined => {
  switch (event.kind) {
    case 'settle':
      return { file: 'ledger', rows: [event.row] }
    case 'evaluated':
      return { file: 'metrics', rows: event.rows }
    case 'trained':
      return { file: 'trainings', rows: [trainingOf(event)] }
    case 'round-close':
      return { file: 'rounds', rows: [event.row] }
    default:
      return undefined
  }
}
