import type { Numbers } from './auc.js'

/**
 * Share of rows whose most probable class is the label; the lowest class wins a tie. `probabilities` is [rows,
 * classes]; rows with a NaN label do not count, `null` if none is left. A row of NaN is a mistake.
 */
export const accuracy = (probabilities: Numbers, labels: Numbers, classes: number): number | null => {
  let [hits, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    rows++
    if (mostProbable(probabilities, i * classes, classes) === labels[i]) hits++
  }
  return rows === 0 ? null : hits / rows
}

/** The class with the largest probability, or -1 if there is none. */
const mostProbable = (probabilities: Numbers, offset: number, classes: number): number => {
  let best = -1
  for (let c = 0; c < classes; c++) {
    const p = probabilities[offset + c]
    if (best < 0 ? !Number.isNaN(p) : p > probabilities[offset + best]) best = c
  }
  return best
}
