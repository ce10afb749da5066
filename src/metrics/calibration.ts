import type { Numbers } from './auc.js'

/**
 * Predicted positives per observed one: sum of probabilities / sum of labels (He et al., *Practical Lessons from
 * Predicting Clicks on Ads at Facebook*, 2014). 1 is calibrated, 2 promises twice the clicks. Rows with a NaN label do
 * not count; `null` if no row is positive.
 */
export const calibration = (probabilities: Numbers, labels: Numbers): number | null => {
  let [predicted, observed] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    predicted += probabilities[i]
    observed += labels[i]
  }
  return observed === 0 ? null : predicted / observed
}
