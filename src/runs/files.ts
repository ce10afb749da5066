import type { Flight } from '../flight/flight.js'
import { answersFile, encodeAnswers } from './answers.js'
import { encodeModels } from './models.js'
import { roundSummaries } from './round-summaries.js'

/** The files of rows in a run's folder. */
export const rowFiles = {
  ledger: 'ledger.ndjson',
  metrics: 'metrics.ndjson',
  rounds: 'rounds.ndjson',
  trainings: 'trainings.ndjson',
  events: 'events.ndjson',
} as const

export type RowFile = keyof typeof rowFiles

const linesOf = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row))

/** What a flight leaves in the files of rows, line by line. Events are made as it flies, and are not among them. */
export const rowLines = (flight: Flight): Readonly<Record<Exclude<RowFile, 'events'>, readonly string[]>> => ({
  ledger: linesOf(flight.ledger),
  trainings: linesOf(flight.trainings),
  rounds: linesOf(roundSummaries(flight)),
  metrics: linesOf(flight.metrics),
})

/** What a flight leaves in files that are no rows. */
export const blockFiles = (flight: Flight): Readonly<Record<string, Uint8Array>> => ({
  ...(flight.answers && { [answersFile]: encodeAnswers(flight.answers) }),
  ...encodeModels(flight),
})
