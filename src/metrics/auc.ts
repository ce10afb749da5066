import { finite, type Numbers } from './finite.js'

/**
 * Area under the ROC curve: the probability that a positive row scores above a negative one, a tie counting one half
 * (Mann and Whitney 1947; Hanley and McNeil 1982). Exact and tie-corrected, over all rows at once.
 *
 * Labels are 1 and 0; rows with a NaN label do not count. `null` if one of the classes is missing, or if a score is not
 * finite. Scores are logits rather than probabilities: what is rare has an order among logits alone. Costs two native
 * sorts and a merge.
 */
export const auc = (scores: Numbers, labels: Numbers): number | null => {
  if (!finite(scores, labels)) return null
  let positives = 0
  let negatives = 0
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] > 0.5) positives++
    else if (labels[i] <= 0.5) negatives++
  }
  if (positives === 0 || negatives === 0) return null
  const above = new Float64Array(positives)
  const below = new Float64Array(negatives)
  for (let i = 0, p = 0, n = 0; i < labels.length; i++) {
    if (labels[i] > 0.5) above[p++] = scores[i]
    else if (labels[i] <= 0.5) below[n++] = scores[i]
  }
  return wins(above.sort(), below.sort()) / (positives * negatives)
}

/**
 * The standard error of an AUC over so many positive and negative rows (Hanley and McNeil, Radiology 143, 1982). An AUC of 1
 * over three positives would have none: it is taken nearer to 1/2 first, as if one more row of the rarer class had been won
 * and one lost.
 */
export const aucError = (value: number, positives: number, negatives: number): number => {
  const rarer = Math.min(positives, negatives)
  const a = (value * rarer + 1) / (rarer + 2)
  const [q1, q2] = [a / (2 - a), (2 * a * a) / (1 + a)]
  const variance = (a * (1 - a) + (positives - 1) * (q1 - a * a) + (negatives - 1) * (q2 - a * a)) / (positives * negatives)
  return Math.sqrt(Math.max(0, variance))
}

/** Over all pairs of two ascending lists: 1 where the first is larger, 1/2 where they are equal. */
const wins = (above: Float64Array, below: Float64Array): number => {
  let [less, lessOrEqual, doubled] = [0, 0, 0]
  for (const score of above) {
    while (less < below.length && below[less] < score) less++
    while (lessOrEqual < below.length && below[lessOrEqual] <= score) lessOrEqual++
    doubled += less + lessOrEqual
  }
  return doubled / 2
}

/**
 * AUC within each user's rows, averaged with the users' numbers of rows as weights, over the users who have both
 * classes (the weighted AUC of Zhou et al., *Deep Interest Network*, KDD 2018, section 5.3). `null` if no user
 * has, or if a score is not finite.
 */
export const groupedAuc = (scores: Numbers, labels: Numbers, user: Numbers): number | null => {
  if (!finite(scores, labels)) return null
  const rows = new Map<number, number[]>()
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    const own = rows.get(user[i])
    if (own === undefined) rows.set(user[i], [i])
    else own.push(i)
  }
  let [sum, weight] = [0, 0]
  for (const own of rows.values()) {
    const value = auc(own.map((i) => scores[i]), own.map((i) => labels[i]))
    if (value === null) continue
    sum += value * own.length
    weight += own.length
  }
  return weight === 0 ? null : sum / weight
}
