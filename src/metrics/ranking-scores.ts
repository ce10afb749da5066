import { meanRanking, type RankedUser } from './full-ranking.js'
import type { Task } from '../tasks/task.js'
import type { Score } from './scores.js'

/** The cut-offs K of a federation's evaluation. */
export const rankingCutoffs = [5, 20] as const

/**
 * Recall, NDCG and HR at each cut-off, of the first task that ranks; nothing where nobody was ranked, null where the
 * scores of somebody's candidates are not finite.
 */
export const rankingScores = (tasks: readonly Task[], ranked: readonly RankedUser[]): Score[] => {
  const task = tasks.find(({ kind }) => kind === 'ranking')?.name
  return task === undefined || ranked.length === 0
    ? []
    : rankingCutoffs.flatMap((k, place) => {
        const { recall = null, ndcg = null, hit = null } = meanRanking(ranked, place) ?? {}
        return [
          { task, metric: `recall@${k}`, value: recall },
          { task, metric: `ndcg@${k}`, value: ndcg },
          { task, metric: `hr@${k}`, value: hit },
        ]
      })
}
