import { ExcusedStallError, LivenessError } from '../errors.js'
import type { Core } from '../faults/core.js'
import type { AggregatorState } from '../federation/aggregator-state.js'
import { roundEntryOf, roundsSchema } from '../federation/rounds/registry.js'
import { topologyOf } from '../federation/topologies/registry.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
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
  /** What a regional aggregator that lives is at. */
  readonly regional: (name: Name) => Pick<AggregatorState, 'opened' | 'atWork'> | undefined
  readonly acknowledges: boolean
  /** Who is healed, where it is calm and not everybody is. */
  readonly core: Core | undefined
}

/** Do rounds wait without end for whom they have asked, by their own words? Where messages are acknowledged they find out. */
export const waitsWithoutEnd = ({ rounds, topology, delivery: { acknowledge } }: Pick<Resolved, 'rounds' | 'topology' | 'delivery'>): boolean => {
  const parsed = roundsSchema.safeParse(rounds)
  return !acknowledge && !topologyOf(topology).peers && parsed.success && roundEntryOf(parsed.data).stalls(parsed.data) !== undefined
}

/** Who was asked and did not answer, each with why: a regional aggregator whose region is the reason with whom it waits for. */
const silentOf = (atWork: AggregatorState['atWork'], { silence, regional }: Pick<Stuck, 'silence' | 'regional'>): string[] =>
  [...atWork].map(([name, work]) => {
    const region = regional(name)
    const waits = region?.opened === undefined ? [] : silentOf(region.atWork, { silence, regional: () => undefined })
    return `${name} (${waits.length > 0 ? `whose region waits for ${waits.join(', ')}` : silence.of(name, work.round)})`
  }).toSorted()

/** Says who keeps a flight from ever ending, and what to do. */
export const neverEnds = ({ alive, state: { round, atWork }, closed, now, advice, silence, regional, acknowledges, core }: Stuck): LivenessError => {
  if (!alive) {
    return new LivenessError(
      `Round ${closed + 1} can never close: the aggregator is dead, and does not come back. Give the fault \`restartAfter\`.`,
      { time: now, round: closed + 1, actors: [AGGREGATOR] },
    )
  }
  const outside = core === undefined ? [] : [...atWork.keys()].filter((client) => !core.members.has(client)).toSorted()
  if (outside.length > 0 && outside.length === atWork.size) {
    return new ExcusedStallError(
      `Round ${round} can never close: nothing is left to happen after ${formatMicros(now)}, and all that it waits for is outside the core (${outside.join(', ')}), ` +
        `by its own words: the core itself does what it should. ${advice}${acknowledges ? '' : orAcknowledge}`,
      { time: now, round, actors: outside },
    )
  }
  const silent = silentOf(atWork, { silence, regional })
  const who = silent.length > 0 ? `${silent.join(', ')} did not answer${core === undefined ? '' : ', of the core among them'}` : 'nobody is left to answer'
  return new LivenessError(
    `Round ${round} can never close: nothing is left to happen after ${formatMicros(now)}, and ${who}. ${advice}${acknowledges ? '' : orAcknowledge}`,
    { time: now, round, actors: [...atWork.keys()].toSorted() },
  )
}
