import type { MetricRow } from '../record/rows.js'
import type { Told } from './told.js'

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
  const key = ({ scenario, task, metric }: Pick<MetricRow, 'scenario' | 'task' | 'metric'>): string => JSON.stringify([scenario, task, metric])
  const on = (at: number): MetricRow[] => run.metrics.filter(({ round, split }) => round === at && split === 'test')
  const selected = new Map(on(run.selectedRound).map((row) => [key(row), row.value]))
  return on(lastScored(run)).map((row) => {
    const { scenario, task, metric, value } = row
    return { scenario, task, metric, selected: selected.get(key(row)) ?? null, last: value }
  })
}
