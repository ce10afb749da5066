import { type Effect, effectOf } from './effect.js'
import { holm } from './holm.js'

/** An effect as one of a family that was looked at. */
export interface Tested {
  /** Independent units, usually seeds, whose differences are known. */
  readonly units: number
  readonly effect: Effect
  /** p after Holm's correction over the family. */
  readonly adjusted: number
  /** All differences are the same one, and not 0: nothing is known of how they spread, and there is no interval. */
  readonly alike: boolean
  /** The interval excludes 0, and the effect survives the correction. */
  readonly significant: boolean
}

/** Sums of scores differ by as much where they are the same. */
const rounding = 1e-9

/**
 * Paired differences, a list for every comparison of a family: effects with Student's intervals, and Holm's correction
 * over all of them. A difference that is NaN (undefined on one side) is left out of its list.
 */
export const testedFamily = (family: readonly (readonly number[])[], level = 0.95): Tested[] => {
  const known = family.map((differences) =>
    differences.filter((d) => !Number.isNaN(d)).map((d) => (Math.abs(d) < rounding ? 0 : d)))
  const effects = known.map((differences) => effectOf(differences, level))
  const adjusted = holm(effects.map(({ p }) => p))
  return effects.map((effect, i) => {
    const [low, high] = effect.interval
    const [first] = known[i]
    return {
      units: known[i].length,
      effect,
      adjusted: adjusted[i],
      alike: known[i].length > 1 && first !== 0 && known[i].every((d) => d === first),
      significant: adjusted[i] <= 1 - level && (low > 0 || high < 0),
    }
  })
}
