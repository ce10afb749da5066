import { finite, type Numbers } from './finite.js'
import { softplus, surprise } from './logits.js'

/**
 * Mean negative log-likelihood (natural logarithm) of binary labels 0 and 1, from logits: log(1 + e^-z) of a positive,
 * log(1 + e^z) of a negative row. Nothing is clamped: a certain mistake costs its logit. Rows with a NaN label do not
 * count; `null` if none is left, or if a logit is not finite.
 */
export const logLoss = (logits: Numbers, labels: Numbers): number | null => {
  if (!finite(logits, labels)) return null
  let [sum, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    sum += softplus(labels[i] > 0.5 ? -logits[i] : logits[i])
    rows++
  }
  return rows === 0 ? null : sum / rows
}

/** The same for logits [rows, classes] and labels that are class numbers. */
export const logLossMulticlass = (logits: Numbers, labels: Numbers, classes: number): number | null => {
  if (!finite(logits, labels, classes)) return null
  let [sum, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    sum += surprise(logits, i * classes, classes, labels[i])
    rows++
  }
  return rows === 0 ? null : sum / rows
}
