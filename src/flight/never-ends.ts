import { LivenessError } from '../errors.js'
import type { AggregatorState } from '../federation/aggregator-state.js'
import { AGGREGATOR } from '../roster/participant.js'
import { formatMicros, type Micros } from '../time/micros.js'
import type { Silence } from './silence.js'

/** What lets a federation find out that an answer will never come. */
const orAcknowledge =
  ' Or give delivery: { acknowledge: true }: then what is lost is sent again, and a client that cannot answer is found out and excused.'

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
  /** Why each has not answered. */
  readonly silence: Silence
  readonly acknowledges: boolean
}

/** Says who keeps a flight from ever ending, and what to do. */
export const neverEnds = ({ alive, state: { round, atWork }, closed, now, advice, silence, acknowledges }: Stuck): LivenessError => {
  if (!alive) {
    return new LivenessError(
      `Round ${closed + 1} can never close: the aggregator is dead, and does not come back. Give the fault \`restartAfter\`.`,
      { time: now, round: closed + 1, actors: [AGGREGATOR] },
    )
  }
  const silent = [...atWork].map(([client, work]) => `${client} (${silence.of(client, work.round)})`).toSorted()
  const who = silent.length > 0 ? `${silent.join(', ')} did not answer` : 'nobody is left to answer'
  return new LivenessError(
    `Round ${round} can never close: nothing is left to happen after ${formatMicros(now)}, and ${who}. ${advice}${acknowledges ? '' : orAcknowledge}`,
    { time: now, round, actors: [...atWork.keys()].toSorted() },
  )
}
