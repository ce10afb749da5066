import { finite, type Numbers } from './finite.js'

/**
 * Area under the precision-recall curve as average precision: over the distinct scores s_1 > s_2 > ... as thresholds,
 *
 *     AP = sum_n (R_n - R_{n-1}) P_n
 *
 * with P_n and R_n the precision and recall of the rows that score s_n or more, so that tied rows come in together and
 * their order says nothing. Nothing is interpolated between thresholds, which would flatter (Davis and Goadrich, ICML
 * 2006). scikit-learn's `average_precision_score`. A score that tells nothing has the rate of positives.
 *
 * Labels are 1 and 0; rows with a NaN label do not count. `null` if no row is positive, or if a score is not finite.
 */
export const averagePrecision = (scores: Numbers, labels: Numbers): number | null => {
  if (!finite(scores, labels)) return null
  const rows: number[] = []
  for (let i = 0; i < labels.length; i++) if (!Number.isNaN(labels[i])) rows.push(i)
  rows.sort((a, b) => scores[b] - scores[a])
  let [sum, hits, tied] = [0, 0, 0]
  rows.forEach((row, place) => {
    if (labels[row] > 0.5) tied++
    if (place + 1 < rows.length && scores[rows[place + 1]] === scores[row]) return
    hits += tied
    sum += tied * (hits / (place + 1))
    tied = 0
  })
  return hits === 0 ? null : sum / hits
}
