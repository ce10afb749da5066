import type { Failure } from '../../flight/failure.js'
import type { FlightEvent } from '../../record/event.js'
import type { Name } from '../../roster/participant.js'

/** What one copy of a message went through. */
const aboutCopies: ReadonlySet<FlightEvent['kind']> = new Set([
  'send', 'copy', 'arrive', 'drop', 'damage', 'hold', 'settle', 'admit', 'early', 'taken',
])

const envelopeOf = (event: FlightEvent): number | undefined =>
  aboutCopies.has(event.kind) ? (event as { readonly envelope: number }).envelope : undefined

export const faultOf = (event: FlightEvent): string | undefined => ('fault' in event ? event.fault : undefined)

/** Whose doing an event may be that nobody else brought about: lives, absences, links. */
const ofLives: ReadonlySet<FlightEvent['kind']> = new Set(['life', 'leave', 'link', 'unsent', 'timed', 'recovered', 'gave-up', 'checkpoint'])

/** Events, and what is found in them. */
class Past {
  readonly #events: readonly FlightEvent[]
  readonly #byId: ReadonlyMap<number, FlightEvent>
  readonly #copies = new Map<number, FlightEvent[]>()

  constructor(events: readonly FlightEvent[]) {
    this.#events = events
    this.#byId = new Map(events.map((event) => [event.id, event]))
    for (const event of events) {
      const envelope = envelopeOf(event)
      // What a fault does to a message is told of that message.
      const of = envelope ?? (event.kind === 'fault' && typeof event.unit === 'number' ? event.unit : undefined)
      if (of === undefined) continue
      const known = this.#copies.get(of)
      if (known === undefined) this.#copies.set(of, [event])
      else known.push(event)
    }
  }

  get last(): FlightEvent | undefined {
    return this.#events.at(-1)
  }

  causeOf({ cause }: FlightEvent): FlightEvent | undefined {
    return this.#byId.get(cause)
  }

  ofCopy(envelope: number): readonly FlightEvent[] {
    return this.#copies.get(envelope) ?? []
  }

  lastOf(is: (event: FlightEvent) => boolean): FlightEvent | undefined {
    return this.#events.findLast(is)
  }
}

/** The rounds that a failure is about: its own, or that of the last message before it. */
const roundsOf = ({ round }: Failure, chain: readonly FlightEvent[]): readonly number[] => {
  if (round !== undefined) return [round]
  const departure = chain.findLast((event) => event.kind === 'send' || event.kind === 'copy')
  return departure === undefined ? [] : [(departure as { readonly round: number }).round]
}

/**
 * The events of a flight that led to how it failed, in order, and nothing else: where it failed, what became of the messages
 * and the lives that this is about, what brought each of these about, back to what nobody did, and what faults did to any of
 * them. Of a fault that did nothing to them, its last strike.
 *
 * `faults`: ids of the faults of the plan.
 */
export const chainOf = (events: readonly FlightEvent[], failure: Failure, faults: readonly string[]): readonly FlightEvent[] => {
  const past = new Past(events)
  const chain = new Map<number, FlightEvent>()
  const walk = (event: FlightEvent | undefined): void => {
    const open = [event]
    while (open.length > 0) {
      const one = open.pop()
      if (one === undefined || chain.has(one.id)) continue
      chain.set(one.id, one)
      open.push(past.causeOf(one))
      const envelope = envelopeOf(one)
      if (envelope !== undefined) open.push(...past.ofCopy(envelope).filter(({ id }) => id < one.id))
    }
  }
  const actors: readonly Name[] = failure.actors ?? []
  walk(past.last)
  // What made it too late, or too early: its round.
  for (const round of roundsOf(failure, [...chain.values()])) walk(past.lastOf((event) => event.kind === 'round-close' && event.row.round === round))
  for (const envelope of failure.envelopes ?? []) for (const event of past.ofCopy(envelope)) walk(event)
  for (const actor of actors) {
    // Why one is silent: what last happened to its life, and to the last message that was for it or from it.
    walk(past.lastOf((event) => event.actor === actor && ofLives.has(event.kind)))
    walk(past.lastOf((event) => event.kind === 'drop' && (event.actor === actor || event.from === actor)))
    // And what it was training for that round, and did not end.
    walk(past.lastOf((event) => event.actor === actor && event.kind === 'trained' && event.outcome !== 'computed' && event.round === (failure.round ?? event.round)))
  }
  const struck = new Set([...chain.values()].map(faultOf))
  for (const fault of faults) {
    if (struck.has(fault)) continue
    const near = past.lastOf((event) => faultOf(event) === fault && actors.includes(event.actor))
    const strike = near ?? past.lastOf((event) => faultOf(event) === fault)
    if (strike !== undefined) walk(strike)
  }
  return [...chain.values()].sort((a, b) => a.id - b.id)
}

/**
 * As many of a chain as are to be told: first those go that a later one says as well, then those that are furthest from the
 * end and nobody's fault. Between two that are told, how many are not.
 */
export interface Told {
  readonly event: FlightEvent
  /** Events of the chain between the one that was told before and this one. */
  readonly left: number
}

/** Bookkeeping of what is told anyway. */
const silent: ReadonlySet<FlightEvent['kind']> = new Set(['numbered', 'acknowledged', 'admit', 'taken', 'calm'])

export const tellable = (chain: readonly FlightEvent[], most = 12): readonly Told[] => {
  const trained = new Set(chain.filter(({ kind }) => kind === 'trained').map((event) => `${event.actor} ${(event as { round: number }).round}`))
  const dropped = new Set(chain.filter(({ kind }) => kind === 'drop').map(envelopeOf))
  const isSaid = (event: FlightEvent): boolean =>
    silent.has(event.kind) || (event.kind === 'train' && trained.has(`${event.actor} ${event.round}`)) ||
    // One that is lost is settled so.
    (event.kind === 'settle' && dropped.has(event.envelope) && event.fate === 'lost')
  const last = chain.at(-1)
  let kept = chain.filter((event) => event === last || !isSaid(event))
  const worth = (event: FlightEvent): boolean =>
    event === last || faultOf(event) !== undefined || (event.kind === 'trained' && event.outcome === 'interrupted')
  for (let i = 0; kept.length > most && i < kept.length;) {
    if (worth(kept[i])) i++
    else kept = kept.filter((_, j) => j !== i)
  }
  // Faults alone are too many: the last ones.
  if (kept.length > most) kept = kept.slice(-most)
  let before = -1
  return kept.map((event) => {
    const place = chain.indexOf(event)
    const left = chain.slice(before + 1, place).filter((one) => !isSaid(one)).length
    before = place
    return { event, left }
  })
}
