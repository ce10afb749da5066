import { finite, type Numbers } from './finite.js'

/**
 * Mean of (predicted - label)^2 over all rows; rows with a NaN label do not count. `null` if none is left, or if a
 * prediction is not finite.
 */
export const meanSquaredError = (predicted: Numbers, labels: Numbers): number | null => {
  if (!finite(predicted, labels)) return null
  let [sum, rows] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    sum += (predicted[i] - labels[i]) ** 2
    rows++
  }
  return rows === 0 ? null : sum / rows
}

/** The root of `meanSquaredError`, in the label's unit. */
export const rootMeanSquaredError = (predicted: Numbers, labels: Numbers): number | null => {
  const mean = meanSquaredError(predicted, labels)
  return mean === null ? null : Math.sqrt(mean)
}
