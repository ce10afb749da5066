import { mean, sampleVariance } from './moments.js'
import { tQuantile, twoSidedP } from './student.js'

/** How sure a sampling variance is: `variance` of an estimate, with `df` degrees of freedom. */
export interface Component {
  readonly variance: number
  readonly df: number
}

/** An estimated difference and what can be said about it. */
export interface Effect {
  /** The mean of the paired differences. */
  readonly estimate: number
  /** NaN where no component of variance is known: one seed without users. */
  readonly standardError: number
  /** Degrees of freedom. */
  readonly df: number
  /** Bounds of the two-sided confidence interval. */
  readonly interval: readonly [number, number]
  /** Two-sided, of no difference. NaN where differences do not spread: then nothing is known of how far they might. */
  readonly p: number
}

/** The variance of the mean of independent differences, such as one per seed: s^2 / n with n - 1 degrees of freedom. */
export const betweenUnits = (differences: readonly number[]): Component | undefined =>
  differences.length < 2
    ? undefined
    : { variance: sampleVariance(differences) / differences.length, df: differences.length - 1 }

/**
 * Sum of independent components of variance. The degrees of freedom are the fewest of any: a lower bound of Satterthwaite's
 * (*An Approximate Distribution of Estimates of Variance Components*, Biometrics 2, 1946, equation 17), which weighs them
 * by estimates, so that three seeds whose differences happen to lie close claim the thousands of the users beside them.
 */
export const addComponents = (components: readonly Component[]): Component => ({
  variance: components.reduce((sum, { variance }) => sum + variance, 0),
  df: Math.min(...components.map(({ df }) => df)),
})

/**
 * The effect behind paired differences (one per independent unit, usually a seed), with Student's interval.
 *
 * `fixed` is the variance of the mean that is common to all units and that their spread does not show: the sampling of
 * one test set on which all seeds are scored. It is added to the spread between units. Where every unit has a test set
 * of its own, its sampling is in the spread already, and `fixed` must not be given.
 */
export const effectOf = (differences: readonly number[], level = 0.95, fixed?: Component): Effect => {
  const estimate = mean(differences)
  const components = [betweenUnits(differences), fixed].filter((c) => c !== undefined)
  if (components.length === 0 || Number.isNaN(estimate)) {
    return { estimate, standardError: NaN, df: NaN, interval: [NaN, NaN], p: NaN }
  }
  const { variance, df } = addComponents(components)
  const standardError = Math.sqrt(variance)
  if (standardError === 0 && estimate !== 0) return { estimate, standardError, df, interval: [NaN, NaN], p: NaN }
  const reach = tQuantile(0.5 + level / 2, df) * standardError
  const p = standardError > 0 ? twoSidedP(estimate / standardError, df) : 1
  return { estimate, standardError, df, interval: [estimate - reach, estimate + reach], p }
}

/**
 * The minimum detectable effect: the true difference that a study with this standard error finds significant at
 * two-sided level `alpha` with probability `power`: (t(1 - alpha / 2) + t(power)) times the standard error (Bloom,
 * *Minimum Detectable Effects*, Evaluation Review 19, 1995). For a family of m comparisons give alpha / m. NaN where no
 * spread is known.
 */
export const minimumDetectableEffect = (
  { standardError, df }: Pick<Effect, 'standardError' | 'df'>,
  alpha = 0.05,
  power = 0.8,
): number =>
  !(standardError > 0) ? NaN : (tQuantile(1 - alpha / 2, df) + tQuantile(power, df)) * standardError
