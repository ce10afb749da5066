import type { Prices } from '../costs/prices.js'
import type { Flight } from '../flight/flight.js'
import { answersFile, encodeAnswers } from './answers.js'
import { encodeModels } from './models.js'
import { roundSummaries } from '../flight/round-summaries.js'

/** The files of rows in a run's folder. */
export const rowFiles = {
  ledger: 'ledger.ndjson',
  metrics: 'metrics.ndjson',
  rounds: 'rounds.ndjson',
  trainings: 'trainings.ndjson',
  events: 'events.ndjson',
} as const

export type RowFile = keyof typeof rowFiles

/** In the order in which they are written: what happened first. */
export const every = ['events', 'ledger', 'trainings', 'metrics', 'rounds'] as const satisfies readonly RowFile[]

/** What may be told of a run beside it, by whoever shrank it: its manifest vouches for them, and no flight writes them. */
export const companions: readonly string[] = ['story.txt', 'minimal.ts', 'minimal.yaml', 'plan.json']

const linesOf = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row))

/**
 * What a flight leaves in the files of rows, line by line. Events are made as it flies, and are not among them. Lines are
 * made when they are asked for, anew each time: those of all files at once would take as much memory as the flight. `prices`:
 * of a run whose rounds say what they cost.
 */
export const rowLines = (flight: Flight, prices: Prices | undefined): Readonly<Record<Exclude<RowFile, 'events'>, readonly string[]>> => ({
  get ledger() {
    return linesOf(flight.ledger)
  },
  get trainings() {
    return linesOf(flight.trainings)
  },
  get rounds() {
    return linesOf(roundSummaries(flight, prices))
  },
  get metrics() {
    return linesOf(flight.metrics)
  },
})

/** What a flight leaves in files that are no rows. */
export const blockFiles = (flight: Flight): Readonly<Record<string, Uint8Array>> => ({
  ...(flight.answers && { [answersFile]: encodeAnswers(flight.answers) }),
  ...encodeModels(flight),
})
