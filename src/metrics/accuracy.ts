import { finite, type Numbers } from './finite.js'
import { mostProbable } from './logits.js'

/**
 * Share of rows whose most probable class is the label; the lowest class wins a tie. `logits` is [rows, classes]; rows
 * with a NaN label do not count. `null` if none is left, or if a logit is not finite.
 */
export const accuracy = (logits: Numbers, labels: Numbers, classes: number): number | null => {
  if (!finite(logits, labels, classes)) return null
  let [hits, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    rows++
    if (mostProbable(logits, i * classes, classes) === labels[i]) hits++
  }
  return rows === 0 ? null : hits / rows
}
