import type { Split } from '../data/world.js'
import { mean } from '../statistics/moments.js'
import { metrics, worth } from './metric.js'
import type { Score } from './scores.js'

/** A score, and when and on which rows it was measured. */
export interface Measured extends Score {
  readonly round: number
  readonly split: Split
}

/** The metrics by which a round is judged, the first that was measured deciding. */
const judging = ['ndcg@20', 'auc', 'log-loss', 'mse'] as const

/** The metric by which a flight with these scores is judged; undefined where none of them was measured on validation. */
export const judgingMetric = (rows: readonly Measured[]): string | undefined =>
  judging.find((name) => rows.some(({ metric, split, value }) => metric === name && split === 'validation' && value !== null))

/** Whether a value is undefined because the model's scores are not finite, and not because of the labels. */
export const diverged = ({ metric, value }: Pick<Score, 'metric' | 'value'>): boolean =>
  value === null && metrics[metric]?.needs === undefined

/**
 * What a round was worth on validation, larger is better: the mean of AUC over scenarios and tasks (NDCG where items are
 * ranked, log-loss where there is no AUC, MSE where there is neither). -Infinity where nothing was validated, or where
 * any model diverged: a mean over the others would make a round the better for having lost its hardest scenario.
 */
export const validationScore = (rows: readonly Measured[], round: number): number => {
  const own = rows.filter((row) => row.round === round && row.split === 'validation')
  if (own.some(diverged)) return -Infinity
  const of = (metric: string): number[] =>
    own.flatMap((row) => (row.metric === metric && row.value !== null ? [row.value] : []))
  const metric = judging.find((name) => of(name).length > 0)
  return metric === undefined ? -Infinity : mean(of(metric).map((value) => worth(metrics[metric].better, value)))
}
