import { didYouMean } from '../documents/did-you-mean.js'
import { SpecificationError } from '../errors.js'
import type { Flight } from '../flight/flight.js'
import { diverged } from '../metrics/judging.js'
import { macroMean } from '../metrics/macro-mean.js'
import { metrics, worth } from '../metrics/metric.js'
import type { MetricRow } from '../record/rows.js'

/** A number of a flight by which flights are compared. */
export interface Measure {
  /** `AUC of ctr, worst scenario`. */
  readonly name: string
  /** What it counts: a score, microseconds of virtual time, bytes, or examples. */
  readonly unit: 'score' | 'time' | 'bytes' | 'examples'
  readonly better: 'higher' | 'lower'
  /** Undefined (null) where nothing was scored, or a model diverged. */
  of(flight: Flight): number | null
}

/** After which round scores are taken. */
export type ScoredAt = 'selected' | 'last'

/** Test where any round was scored on it. */
export const splitOf = ({ metrics: rows }: Flight): MetricRow['split'] =>
  rows.some(({ split, round }) => split === 'test' && round > 0) ? 'test' : 'validation'

export const roundOf = (flight: Flight, at: ScoredAt, split: MetricRow['split']): number =>
  at === 'selected'
    ? flight.selectedRound
    : flight.metrics.reduce((last, row) => (row.split === split ? Math.max(last, row.round) : last), 0)

/**
 * What a flight like `flight` is scored by, task by task: the mean over scenarios, and the scenario that does worst. On
 * test, or on validation where test was not scored. Throws for a metric that was not measured.
 */
export const scoreMeasures = (flight: Flight, metric: string, at: ScoredAt): Measure[] => {
  const split = splitOf(flight)
  const round = roundOf(flight, at, split)
  const measured = flight.metrics.filter((row) => row.split === split && row.round === round)
  const own = measured.filter((row) => row.metric === metric)
  if (own.length === 0) {
    const known = [...new Set(measured.map((row) => row.metric))]
    const hint = didYouMean(metric, known)
    throw new SpecificationError(
      `There is no ${metric} on ${split} after round ${round}.${hint && ` ${hint}`} There is: ${known.join(', ') || 'nothing, no model was scored'}.`,
    )
  }
  const { title, better } = metrics[metric]
  const nearer = better === 'nearer 1'
  const valueOf = (value: number): number => (nearer ? -worth(better, value) : value)
  const name = nearer ? `distance of ${title} from 1` : title
  const values = (of: Flight, task: string): number[] => {
    const rows = of.metrics.filter((row) => row.split === split && row.task === task && row.round === roundOf(of, at, split))
    if (rows.some(diverged)) return []
    return rows.flatMap((row) => (row.metric === metric && row.value !== null ? [valueOf(row.value)] : []))
  }
  const direction = better === 'higher' ? 'higher' : 'lower'
  const worst = (all: readonly number[]): number | null =>
    all.length === 0 ? null : better === 'higher' ? Math.min(...all) : Math.max(...all)
  return [...new Set(own.map(({ task }) => task))].flatMap((task): Measure[] => {
    const of = `${split} ${name} of ${task}`
    const mean: Measure = { name: `${of}, mean`, unit: 'score', better: direction, of: (flown) => macroMean(values(flown, task)) }
    const scenarios = new Set(own.filter((row) => row.task === task).map(({ scenario }) => scenario)).size
    if (scenarios < 2) return [{ ...mean, name: of }]
    return [mean, { name: `${of}, worst scenario`, unit: 'score', better: direction, of: (flown) => worst(values(flown, task)) }]
  })
}

/** What a flight takes: virtual time, bytes that left clients' lines, and examples of trainings that came to nothing. */
export const costMeasures: readonly Measure[] = [
  { name: 'virtual time', unit: 'time', better: 'lower', of: ({ virtualTime }) => virtualTime },
  {
    name: 'bytes', unit: 'bytes', better: 'lower',
    of: ({ ledger }) => ledger.reduce((sum, { direction, travelled }) => (direction === 'inside' ? sum : sum + travelled), 0),
  },
  {
    name: 'wasted examples', unit: 'examples', better: 'lower',
    of: ({ trainings }) => trainings.reduce((sum, { outcome, examples }) => (outcome === 'used' ? sum : sum + examples), 0),
  },
]
