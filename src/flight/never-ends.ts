import { LivenessError } from '../errors.js'
import type { AggregatorState } from '../federation/aggregator-state.js'
import { formatMicros, type Micros } from '../time/micros.js'

/** Where a flight is of which nothing is left to happen, and which has not ended. */
export interface Stuck {
  /** Does the aggregator live? */
  readonly alive: boolean
  readonly state: AggregatorState
  /** Rounds that have closed. */
  readonly closed: number
  readonly now: Micros
  /** What the round machine says to do about it. */
  readonly advice: string
}

/** Says who keeps a flight from ever ending, and what to do. */
export const neverEnds = ({ alive, state: { round, atWork }, closed, now, advice }: Stuck): LivenessError => {
  if (!alive) {
    return new LivenessError(
      `Round ${closed + 1} can never close: the aggregator is dead, and does not come back. Give the fault \`restartAfter\`.`,
    )
  }
  const silent = [...atWork.keys()].toSorted()
  const who = silent.length > 0 ? `${silent.join(', ')} did not answer` : 'nobody is left to answer'
  return new LivenessError(`Round ${round} can never close: nothing is left to happen after ${formatMicros(now)}, and ${who}. ${advice}`)
}
