/** Scores and labels as they come from an engine and a table. */
export type Numbers = ArrayLike<number>

/**
 * Whether every row with a label (not NaN) has finite scores, [rows, width]. What a model that diverged is worth is not
 * defined: every metric of such scores is `null`, and none is a number that something could be chosen by.
 */
export const finite = (scores: Numbers, labels: Numbers, width = 1): boolean => {
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i])) continue
    for (let c = 0; c < width; c++) if (!Number.isFinite(scores[i * width + c])) return false
  }
  return true
}
