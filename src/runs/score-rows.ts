import type { Told } from './told.js'
import { metricAt } from './totals.js'

/** Test scores of one scenario and task at the selected and at the last round. */
export interface ScoreRow {
  readonly scenario: string
  readonly task: string
  readonly metric: string
  readonly selected: number | null
  readonly last: number | null
}

/** The last round at which the test split was scored; 0 before training. */
export const lastScored = (run: Pick<Told, 'metrics'>): number =>
  run.metrics.reduce((last, row) => (row.split === 'test' ? Math.max(last, row.round) : last), 0)

/** Test scores per scenario and task, in the order in which they were measured. */
export const scoreRows = (run: Pick<Told, 'metrics' | 'selectedRound'>): ScoreRow[] => {
  const last = lastScored(run)
  return run.metrics
    .filter((row) => row.round === last && row.split === 'test')
    .map(({ scenario, task, metric, value }) => {
      const at = { round: run.selectedRound, scenario, task, split: 'test' as const, metric }
      return { scenario, task, metric, selected: metricAt(run.metrics, at) ?? null, last: value }
    })
}
