import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import { type FlightEvent, type Happening, OUTSIDE, type Stamp } from './event.js'

/** What is told of an event: the ledger adds the row that it settles. The places of its stamp may be there. */
export type Told = Partial<Stamp> & (
  | Exclude<Happening, { readonly kind: 'settle' }>
  | (Omit<Extract<Happening, { readonly kind: 'settle' }>, 'row'> & { readonly row?: undefined })
)

export type EventKind = FlightEvent['kind']

/** Takes in events, one after the other. */
export interface Reader {
  /** The kinds that it is told of; all when absent. */
  readonly kinds?: readonly EventKind[] | undefined
  see(event: FlightEvent): void
}

type Stamped = { -readonly [K in keyof FlightEvent]: FlightEvent[K] }

/**
 * The one door through which facts go. An event is told once and goes to everybody in one order, which is that of
 * `readers`; what a reader tells about it (a fate that follows from an ending) comes when all have seen the first.
 *
 * An error that a reader throws is the end of the flight: `failed` is told before it goes on to whoever acted.
 */
export class FlightRecorder {
  /** The event that is being acted on: the cause of what is told, unless it says otherwise. */
  cause = OUTSIDE
  /** Whether something is told again that was told before, by an actor that has come back and knows nothing of it. */
  repeats: ((actor: Name, what: Told) => boolean) | undefined
  readonly #now: () => Micros
  readonly #failed: (error: unknown) => void
  #readers: readonly Reader[] = []
  /** Who is told of each kind; filled as kinds come up. Functions: a call of one costs no look at what it belongs to. */
  readonly #told = new Map<EventKind, readonly Reader['see'][]>()
  readonly #waiting: FlightEvent[] = []
  #telling = false
  #count = 0

  constructor(now: () => Micros, failed: (error: unknown) => void = () => {}) {
    this.#now = now
    this.#failed = failed
  }

  /** Who is told, in this order. To be called before the first event. */
  read(...readers: readonly Reader[]): void {
    this.#readers = readers
    this.#told.clear()
  }

  /** Tells what happened; `what` is made for this call, and becomes the event. Returns its number. */
  tell(actor: Name, what: Told, cause = this.cause): number {
    if (this.repeats?.(actor, what) === true) return this.#count - 1
    const event = what as unknown as Stamped
    const id = this.#count++
    event.id = id
    event.at = this.#now()
    event.actor = actor
    event.cause = cause
    if (this.#telling) {
      this.#waiting.push(event as FlightEvent)
      return id
    }
    this.#telling = true
    try {
      this.#tellAll(event as FlightEvent)
      for (let i = 0; i < this.#waiting.length; i++) this.#tellAll(this.#waiting[i])
    } catch (error) {
      this.#failed(error)
      throw error
    } finally {
      if (this.#waiting.length > 0) this.#waiting.length = 0
      this.#telling = false
    }
    return id
  }

  #tellAll(event: FlightEvent): void {
    const those = this.#told.get(event.kind) ?? this.#begin(event.kind)
    for (let i = 0; i < those.length; i++) those[i](event)
  }

  #begin(kind: EventKind): readonly Reader['see'][] {
    const those = this.#readers
      .filter(({ kinds }) => kinds === undefined || kinds.includes(kind))
      .map((reader) => reader.see.bind(reader))
    this.#told.set(kind, those)
    return those
  }
}
