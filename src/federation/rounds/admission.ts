import { foldStale, type StaleRule } from '../strategies/stale-updates.js'
import type { Admission, FoldRule } from './round.js'

/**
 * Updates of the round that is open, one of each client. Whatever comes after a round's end is what the ending says.
 * `rejected`: of a round that was never opened here.
 */
export const ofTheRound: Admission = {
  overlapping: false,
  maxStaleness: 0,
  refuses: ({ round, open, ending, answered }) => {
    if (round < 1 || round > open) return 'rejected'
    if (round < open || ending !== undefined) return ending?.after ?? 'late'
    return answered === round ? 'duplicate' : undefined
  },
}

/**
 * Updates however old their model, up to a staleness, once for each (client, round). `late`: staler, or older than what
 * came from the client since. `surplus`: after the last fold.
 */
export const upToStaleness = (maxStaleness: number): Admission => ({
  overlapping: true,
  maxStaleness,
  refuses: ({ round, open, answered, staleness, over }) => {
    if (round < 1 || round > open) return 'rejected'
    if (round <= answered) return round === answered ? 'duplicate' : 'late'
    if (over) return 'surplus'
    return staleness > maxStaleness ? 'late' : undefined
  },
})

/** The strategy's own fold: all are as fresh as the part. */
export const plainly: FoldRule = (strategy, state, updates, about) =>
  strategy.fold(state, updates.map(({ update }) => update), about)

/** The strategy's fold of updates that count by their age. */
export const byAge =
  (rule: StaleRule): FoldRule =>
  (strategy, state, updates, about) => foldStale(rule, strategy, state, updates, about)
