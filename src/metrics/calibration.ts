import { finite, type Numbers } from './finite.js'
import { sigmoid } from './logits.js'

/**
 * Predicted positives per observed one: sum of probabilities / sum of labels (He et al., *Practical Lessons from
 * Predicting Clicks on Ads at Facebook*, 2014). 1 is calibrated, 2 promises twice the clicks. Rows with a NaN label do
 * not count; `null` if no row is positive, or if a logit is not finite.
 */
export const calibration = (logits: Numbers, labels: Numbers): number | null => {
  if (!finite(logits, labels)) return null
  let [predicted, observed] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    predicted += sigmoid(logits[i])
    observed += labels[i]
  }
  return observed === 0 ? null : predicted / observed
}
