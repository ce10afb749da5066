import type { FaultReport } from '../faults/report.js'
import type { LedgerRow, RoundRow, TrainingRow } from '../record/rows.js'
import { roleOfName } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Band } from './bands.js'
import { isWasted } from './bytes-by.js'

/** What happened while a fault might strike, to whom it is about. Of faults at one time, each has all of it. */
export interface Consequence {
  readonly fault: FaultReport
  readonly band: Band
  /** Trainings that ended then and are in no model, of all. */
  readonly trainings: { readonly lost: number; readonly all: number }
  /** Bytes that left lines then and came to nothing. */
  readonly wasted: number
  /** Rounds that were open then and took longer than the median of calm ones; undefined: no round was calm. */
  readonly longer: { readonly rounds: number; readonly of: number } | undefined
}

export interface Consequences {
  readonly faults: readonly Consequence[]
  /** How long a round takes in whose time no fault that struck might strike: their median; undefined: there is none. */
  readonly calm: Micros | undefined
}

const medianOf = (values: readonly number[]): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.length === 0 ? undefined : (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
}

/** A round of no length is open in its instant. */
const isOpenIn = ({ opened, closed }: RoundRow, { from, until }: Band): boolean => opened <= until && closed > from

/** What of a run fell into the time of each of its faults. */
export const consequencesOf = (
  { faults, bands, rounds, trainings, ledger }: {
    readonly faults: readonly FaultReport[]; readonly bands: readonly Band[]; readonly rounds: readonly RoundRow[]
    readonly trainings: readonly TrainingRow[]; readonly ledger: readonly LedgerRow[]
  },
): Consequences => {
  const struck = bands.filter(({ fired }) => fired > 0)
  const calm = medianOf(rounds.filter((round) => !struck.some((band) => isOpenIn(round, band))).map(({ opened, closed }) => closed - opened))
  return {
    calm,
    faults: faults.flatMap((fault, i): Consequence[] => {
      const band = bands[i]
      if (band === undefined) return []
      const { from, until } = band
      const clients = new Set((fault.targets ?? []).filter((name) => roleOfName(name) === 'client'))
      const isAbout = (...names: readonly string[]): boolean => clients.size === 0 || names.some((name) => clients.has(name))
      const own = trainings.filter(({ client, end }) => end >= from && end <= until && isAbout(client))
      const open = rounds.filter((round) => isOpenIn(round, band))
      return [{
        fault, band,
        trainings: { lost: own.filter(({ outcome }) => outcome !== 'used').length, all: own.length },
        wasted: ledger.reduce((sum, row) => (row.sent >= from && row.sent <= until && isWasted(row.fate) && isAbout(row.from, row.to) ? sum + row.travelled : sum), 0),
        longer: calm === undefined ? undefined : { rounds: open.filter(({ opened, closed }) => closed - opened > calm).length, of: open.length },
      }]
    }),
  }
}
