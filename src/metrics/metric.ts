/** Which of two values is the better one; of `nearer 1`, that which is less away from 1, on either side. */
export type Better = 'higher' | 'lower' | 'nearer 1'

/** What there is to know about a metric for people and for whoever chooses by it. */
export interface Metric {
  /** As tables print it. */
  readonly title: string
  readonly better: Better
  /** What labels must have for it to be defined. Without this it is undefined of scores that are not finite alone. */
  readonly needs?: 'both classes' | 'a positive row'
  /** Measured on test at the selected and the last round alone, and left out of a run's own table. */
  readonly final?: true
}

/** Every metric that `rankingScores`, `scoresOf` and `finalScoresOf` measure, by its name in `metrics.ndjson`; the first come first in tables. */
export const metrics: Readonly<Record<string, Metric>> = {
  'ndcg@20': { title: 'NDCG@20', better: 'higher' },
  'recall@20': { title: 'Recall@20', better: 'higher' },
  'hr@20': { title: 'HR@20', better: 'higher' },
  'ndcg@5': { title: 'NDCG@5', better: 'higher' },
  'recall@5': { title: 'Recall@5', better: 'higher' },
  'hr@5': { title: 'HR@5', better: 'higher' },
  auc: { title: 'AUC', better: 'higher', needs: 'both classes' },
  accuracy: { title: 'accuracy', better: 'higher' },
  'log-loss': { title: 'log-loss', better: 'lower' },
  mse: { title: 'MSE', better: 'lower' },
  rmse: { title: 'RMSE', better: 'lower' },
  'group-auc': { title: 'AUC per user', better: 'higher', needs: 'both classes', final: true },
  calibration: { title: 'calibration', better: 'nearer 1', needs: 'a positive row', final: true },
  'average-precision': { title: 'PR-AUC', better: 'higher', needs: 'a positive row', final: true },
  'calibration-error': { title: 'ECE', better: 'lower', final: true },
}

/** A value on a scale on which more is better, whatever the metric: less of a loss, less of a distance. */
export const worth = (better: Better, value: number): number => {
  switch (better) {
    case 'higher':
      return value
    case 'lower':
      return -value
    case 'nearer 1':
      return -Math.abs(value - 1)
    default:
      return better satisfies never
  }
}
