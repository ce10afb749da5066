import type { Failure } from '../../flight/failure.js'
import type { FlightEvent } from '../../record/event.js'
import { formatMicros } from '../../time/micros.js'
import { chainOf, tellable } from './chain.js'
import { type Line, tellEvent, type Telling } from './tell.js'

/** What led to how a flight failed. Plain JSON. */
export interface Story {
  readonly failure: Failure
  readonly lines: readonly Line[]
  /** Events that led there, and all events until then. */
  readonly chain: number
  readonly events: number
}

/** The story of a flight that failed. `faults`: those of its plan, with their ids. */
export const storyOf = (
  events: readonly FlightEvent[], failure: Failure, faults: readonly { readonly id?: string | undefined; readonly kind: string }[], most?: number,
): Story => {
  const departures = new Map(events.flatMap((event) => (event.kind === 'send' || event.kind === 'copy' ? [[event.envelope, event] as const] : [])))
  const kinds = new Map(faults.map(({ id, kind }) => [id ?? kind, kind]))
  // Whose fault a training was cut short is told beside it; where it is nobody's, its time was over.
  const cuts = new Map(events.flatMap((event) => (event.kind === 'fault' && event.effect === 'training cut short' ? [[event.unit, event.fault] as const] : [])))
  const telling: Telling = { cutBy: ({ actor, round }) => cuts.get(`${actor} ${round}`) ?? 'schedule', kindOf: (fault) => kinds.get(fault), departureOf: (envelope) => departures.get(envelope) }
  const chain = chainOf(events, failure, [...kinds.keys()])
  const lines = tellable(chain, most).map(({ event, left }): Line => ({ at: event.at, actor: event.actor, words: tellEvent(event, telling), left }))
  return { failure, lines, chain: chain.length, events: events.length }
}

/** The story as lines of text, with its end. */
export const storyText = ({ failure, lines, chain, events }: Story): readonly string[] => {
  const times = lines.map(({ at }) => formatMicros(at))
  const [wide, broad] = [Math.max(0, ...times.map(({ length }) => length)), Math.max(0, ...lines.map(({ actor }) => actor.length))]
  return [
    `what led there, ${chain} of ${events} events:`,
    ...lines.flatMap(({ actor, words, left }, i) => [
      ...(left > 0 ? [`${' '.repeat(wide + 4)}... ${left} more`] : []),
      `  ${times[i].padStart(wide)}  ${actor.padEnd(broad)}  ${words}`,
    ]),
    `  ${failure.message}`,
  ]
}
