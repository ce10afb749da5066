import type { Plan } from '../../faults/plan.js'
import { relabellings } from '../../faults/relabel.js'
import type { Flight } from '../../flight/flight.js'
import type { FlightEvent } from '../../record/event.js'
import type { Lab, LabFlight } from '../lab.js'
import type { Place } from '../open-flight.js'

/** A place of a flight from which others can go on. */
export interface Moment {
  readonly place: Place
  /** The round that was open then, or had just been closed; 0 before the first. */
  readonly round: number
  /** What had just happened: `round 3 closed`, `crash-1 strikes aggregator`. */
  readonly after: string
  readonly kind: 'start' | 'round' | 'firing'
  /** Ids of the faults that had struck. */
  readonly struck: ReadonlySet<string>
  /** What faults did, actors died and rounds came to since the moment before, in their order. */
  readonly events: readonly FlightEvent[]
}

const isFiring = (event: FlightEvent): boolean =>
  (event.kind === 'fault' && event.unit !== undefined) || (event.kind === 'life' && (event.what === 'crash' || event.what === 'restart'))

const isMoment = (event: FlightEvent): boolean => event.kind === 'round-close' || isFiring(event)

const wordsOf = (event: FlightEvent): string => {
  switch (event.kind) {
    case 'round-close':
      return `round ${event.row.round} ${event.row.outcome}`
    case 'life':
      return `${event.actor} ${event.what === 'crash' ? 'dies' : 'comes back'} (${event.fault})`
    case 'fault':
      return `${event.fault} strikes ${event.actor}`
    default:
      return event.kind
  }
}

/** Of several things that happen at once, the one that a moment is named by: a death before a firing, a round before all. */
const weight = (event: FlightEvent): number => (event.kind === 'round-close' ? 2 : event.kind === 'life' ? 1 : 0)

/** Flies a plan once, and halts wherever a round closes or a fault strikes. */
export const momentsOf = async (
  lab: Lab, options: Pick<LabFlight, 'plan' | 'watch' | 'signal'>,
): Promise<{ readonly moments: readonly Moment[]; readonly flight: Flight }> => {
  const open = await lab.start(options)
  const moments: Moment[] = [{ place: open.place, round: 0, after: 'start', kind: 'start', struck: new Set(), events: [] }]
  let round = 0
  let struck: ReadonlySet<string> = new Set<string>()
  while (!open.over && options.signal?.aborted !== true) {
    const told = await open.until(isMoment)
    for (const event of told) if (event.kind === 'round-open') round = Math.max(round, event.round)
    const by = told.flatMap((event) => ('fault' in event && event.fault !== undefined ? [event.fault] : []))
    struck = new Set([...struck, ...by])
    const events = told.filter(isMoment)
    if (events.length === 0) continue
    const first = events.toSorted((a, b) => weight(b) - weight(a))[0]
    moments.push({
      place: open.place, struck, events, after: wordsOf(first),
      round: first.kind === 'round-close' ? first.row.round : round,
      kind: first.kind === 'round-close' ? 'round' : 'firing',
    })
  }
  return { moments, flight: await open.finish() }
}

/**
 * The plan as it goes on from a moment: faults that had not struck by then never do. They are healed there and not left
 * out, since to be there changes what is sent, such as checksums. What changes labels has struck before the flight.
 */
export const planFrom = (plan: Plan, { place: { at, event }, struck }: Moment): Plan => ({
  ...plan,
  faults: plan.faults.map((planned) =>
    struck.has(planned.id) || relabellings({ ...plan, faults: [planned] }).length > 0 ? planned : { ...planned, healed: { at, event } }),
})
