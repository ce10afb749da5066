import { auc } from './auc.js'
import type { Numbers } from './finite.js'
import { logLoss } from './log-loss.js'

/**
 * A metric as a function of how often each user counts ([users], as a bootstrap draws them): the value that the metric
 * would have with every row of user u there `counts[u]` times. null where it is undefined.
 */
export type Resampled = (counts: ArrayLike<number>) => number | null

type Resampling = (scores: Numbers, labels: Numbers, user: Numbers) => Resampled

/** Rows that have a label. */
const labelled = (labels: Numbers): number[] => {
  const rows: number[] = []
  for (let i = 0; i < labels.length; i++) if (!Number.isNaN(labels[i])) rows.push(i)
  return rows
}

/** AUC with ties by rank; sorts once, then each answer is one pass over the rows. `user` is [rows], from 0. */
const resampledAuc: Resampling = (scores, labels, user) => {
  const rows = labelled(labels).sort((a, b) => (scores[a] < scores[b] ? -1 : scores[a] > scores[b] ? 1 : 0))
  const users = Int32Array.from(rows, (i) => user[i])
  const positive = Uint8Array.from(rows, (i) => Number(labels[i] > 0.5))
  /** 1 where the next row's score is another. */
  const ends = Uint8Array.from(rows, (i, at) => Number(at === rows.length - 1 || scores[rows[at + 1]] !== scores[i]))
  return (counts) => {
    let [below, wins, positives, tiedPositives, tiedNegatives] = [0, 0, 0, 0, 0]
    for (let i = 0; i < users.length; i++) {
      const weight = counts[users[i]]
      if (positive[i] === 1) tiedPositives += weight
      else tiedNegatives += weight
      if (ends[i] === 0) continue
      wins += tiedPositives * (below + tiedNegatives / 2)
      below += tiedNegatives
      positives += tiedPositives
      tiedPositives = 0
      tiedNegatives = 0
    }
    return positives === 0 || below === 0 ? null : wins / (positives * below)
  }
}

/** A mean over rows, weighted by how often their users count: [value, rows] of each user, summed. */
const meanByUser = (values: readonly (readonly [user: number, sum: number, rows: number])[]): Resampled => (counts) => {
  let [sum, rows] = [0, 0]
  for (const [user, value, own] of values) {
    sum += counts[user] * value
    rows += counts[user] * own
  }
  return rows === 0 ? null : sum / rows
}

const rowsByUser = (labels: Numbers, user: Numbers): Map<number, number[]> => {
  const rows = new Map<number, number[]>()
  for (const i of labelled(labels)) {
    const own = rows.get(user[i])
    if (own === undefined) rows.set(user[i], [i])
    else own.push(i)
  }
  return rows
}

const pick = (values: Numbers, rows: readonly number[]): number[] => rows.map((i) => values[i])

/** Mean negative log-likelihood of binary labels, as `logLoss` has it. */
const resampledLogLoss: Resampling = (scores, labels, user) =>
  meanByUser([...rowsByUser(labels, user)].map(([u, rows]) =>
    [u, logLoss(pick(scores, rows), pick(labels, rows))! * rows.length, rows.length] as const))

/** The grouped AUC of `groupedAuc`: a user who was drawn twice is two users. */
const resampledGroupedAuc: Resampling = (scores, labels, user) =>
  meanByUser([...rowsByUser(labels, user)].flatMap(([u, rows]) => {
    const value = auc(pick(scores, rows), pick(labels, rows))
    return value === null ? [] : [[u, value * rows.length, rows.length] as const]
  }))

/** Mean squared error. */
const resampledSquaredError: Resampling = (scores, labels, user) =>
  meanByUser([...rowsByUser(labels, user)].map(([u, rows]) =>
    [u, rows.reduce((sum, i) => sum + (scores[i] - labels[i]) ** 2, 0), rows.length] as const))

/**
 * A metric that is defined where the scores of all users that count are finite: as if it had looked at the rows that were
 * drawn.
 */
const whereFinite = (metric: Resampling): Resampling => (scores, labels, user) => {
  const value = metric(scores, labels, user)
  const broken = [...new Set(labelled(labels).filter((i) => !Number.isFinite(scores[i])).map((i) => user[i]))]
  return broken.length === 0 ? value : (counts) => (broken.some((one) => counts[one] > 0) ? null : value(counts))
}

/**
 * Metrics whose sampling error over users can be had, by their names in `metrics.ndjson`. Scores are logits, or a
 * regression's numbers.
 */
export const resampled: Readonly<Record<string, Resampling>> = {
  auc: whereFinite(resampledAuc),
  'log-loss': whereFinite(resampledLogLoss),
  'group-auc': whereFinite(resampledGroupedAuc),
  mse: whereFinite(resampledSquaredError),
}
