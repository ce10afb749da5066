import { normalQuantile } from './normal.js'

/** A share that was counted, with its two-sided interval. */
export interface Proportion {
  readonly hits: number
  readonly of: number
  /** hits / of; NaN of nothing. */
  readonly share: number
  readonly interval: readonly [number, number]
}

/**
 * Wilson's score interval for a share (*Probable Inference, the Law of Succession, and Statistical Inference*, JASA 22,
 * 1927): with n trials and z the normal quantile,
 *
 *     (p + z^2 / 2n  +-  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
 *
 * It does not shrink to a point where all trials end alike, as the plain interval does. [0, 1] of no trials.
 */
export const proportion = (hits: number, of: number, level = 0.95): Proportion => {
  if (of === 0) return { hits, of, share: NaN, interval: [0, 1] }
  const share = hits / of
  const z = normalQuantile(0.5 + level / 2)
  const scale = 1 + z ** 2 / of
  const middle = (share + z ** 2 / (2 * of)) / scale
  const reach = (z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2))) / scale
  return { hits, of, share, interval: [hits === 0 ? 0 : middle - reach, hits === of ? 1 : middle + reach] }
}
