import type { Numbers } from './auc.js'

/** Probabilities are clamped this far from 0 and 1, so that one certain mistake costs 16.1 and not infinity. */
const margin = 1e-7

const cost = (probability: number): number => -Math.log(Math.min(Math.max(probability, margin), 1 - margin))

/**
 * Mean negative log-likelihood (natural logarithm) of binary labels 0 and 1; rows with a NaN label do not count, `null`
 * if none is left. A NaN probability gives NaN: a model that diverged has no log-loss.
 */
export const logLoss = (probabilities: Numbers, labels: Numbers): number | null => {
  let [sum, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    sum += cost(labels[i] > 0.5 ? probabilities[i] : 1 - probabilities[i])
    rows++
  }
  return rows === 0 ? null : sum / rows
}

/** The same for probabilities [rows, classes] and labels that are class numbers. */
export const logLossMulticlass = (probabilities: Numbers, labels: Numbers, classes: number): number | null => {
  let [sum, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    sum += cost(probabilities[i * classes + labels[i]])
    rows++
  }
  return rows === 0 ? null : sum / rows
}
