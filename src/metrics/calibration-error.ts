import { finite, type Numbers } from './finite.js'
import { sigmoid } from './logits.js'

/** Equally wide bins of [0, 1], as many as in Guo et al.'s tables. */
const bins = 15

/**
 * Expected calibration error of the probability of a positive (Guo et al., *On Calibration of Modern Neural Networks*,
 * ICML 2017, equation 3, for one class): bin m of 15 holds the rows whose probability is in ((m - 1) / 15, m / 15], 0
 * being in the first;
 *
 *     ECE = sum_m (|B_m| / n) |mean label of B_m - mean probability of B_m|
 *
 * 0 is calibrated, 1 certain of the contrary. Where positives are rare, most rows lie in the first bin, and the error is
 * little more than the difference of two means. Rows with a NaN label do not count; `null` if none is left, or if a logit
 * is not finite.
 */
export const calibrationError = (logits: Numbers, labels: Numbers): number | null => {
  if (!finite(logits, labels)) return null
  const gaps = new Float64Array(bins)
  let rows = 0
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    const probability = sigmoid(logits[i])
    gaps[Math.max(0, Math.ceil(probability * bins) - 1)] += labels[i] - probability
    rows++
  }
  return rows === 0 ? null : gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / rows
}
