import { SafetyError } from '../errors.js'
import type { FlightEvent } from '../record/event.js'
import type { EventKind } from '../record/flight-recorder.js'
import type { Flow, Ledger } from '../record/ledger.js'
import type { Name } from '../roster/participant.js'
import { formatMicros, type Micros } from '../time/micros.js'

/** What is known of a part before the flight. */
export interface PartShape {
  /** Floats of its values. */
  readonly length: number
  /** Further tensors that come down beside the values, as the part's memory holds them. */
  readonly extras: readonly { readonly name: string; readonly length: number }[]
}

/** What a check can see of a flight beside its events. For reading: what a researcher's check is shown cannot be written to. */
export interface View {
  readonly now: Micros
  /** Has seen each event before the check does. */
  readonly ledger: Pick<Ledger, 'length' | 'row' | 'rows' | 'isOpen'> & {
    /** The flow that a copy belongs to, as it is now. */
    flow(envelope: number): Readonly<Flow>
    readonly flows: readonly Readonly<Flow>[]
  }
  /** Copies of one flow that are under way, as the network counts them. */
  inFlight(flow: Readonly<Flow>): number
  readonly clients: ReadonlySet<Name>
  /** Whether messages are acknowledged, bits may be flipped on their way, and a calm phase is to come. */
  readonly acknowledges: boolean
  readonly damages: boolean
  readonly calms: boolean
  /** Segments that never leave their client, under the strategy's template. */
  readonly privates: ReadonlySet<string>
  /** Names of all segments of the model, in its order: coded messages name them by their place in it. */
  readonly segments?: readonly string[]
  /** The bytes of an envelope under way as they were sent, without bits that are flipped (event `damage`); at the event of its arrival it still is. */
  bytes(envelope: number): Uint8Array | undefined
  /** What a round takes a client that nothing disturbs, where a calm phase is to come. */
  undisturbed(client: Name): Micros | undefined
  /** Why a client cannot answer now: it is dead, or out of reach; undefined: it can. */
  unable?(client: Name): string | undefined
  /**
   * Who is healed in the calm phase, where not everybody is; `waits`: rounds wait without end for whom they have asked, be it somebody
   * who is not.
   */
  readonly core?: { readonly members: ReadonlySet<Name>; readonly waits: boolean } | undefined
  /** How long after the last fault waits of the faulty phase may go on: for an acknowledgement, for peers. */
  readonly settles: Micros
  /** Whether messages go through a link of the simulation's own, which may keep them for good. */
  readonly ownLink?: boolean
  /** Whether models and updates carry a checksum. */
  readonly checksums?: boolean
  /** By name, the trunk first. */
  readonly parts: ReadonlyMap<string, PartShape>
  /** Where clients are peers: with whom each exchanges in a round, and whether all that do it come to the same; `faithful`: what is taken in is what was trained. */
  readonly peers?: {
    partners(peer: Name, round: number): readonly Name[]
    readonly agree: boolean
    readonly faithful: boolean
  } | undefined
  /** How many messages each bounded inbox has places for, by its fault; absent where there is none. */
  readonly inboxes?: ReadonlyMap<string, number> | undefined
  readonly rounds: {
    /** Whether models of several rounds are at work at once by design. */
    readonly overlapping: boolean
    /** Answers of the trunk that a fold needs at least. */
    readonly needs?: number
    /** Whether updates are summed under masks, so that fewer are never folded. */
    readonly masked?: boolean
    /** Where they overlap: how long a client is waited for; absent: without end. */
    readonly holds?: Micros | undefined
    /** Folds since an update's model was sent, above which it is refused. */
    readonly maxStaleness: number
  }
}

/**
 * A promise that is watched in every flight: one file of this folder, and one line of all.ts; or one of a script. It
 * throws a `Violation` where it is broken.
 */
export interface Check<Memory = unknown> {
  readonly name: string
  /** What holds, in one sentence. */
  readonly promise: string
  /** The kinds of events that it is told of; all when absent. */
  readonly kinds?: readonly EventKind[]
  /** Whether there is anything to watch in a flight; there is, when absent. */
  applies?(view: View): boolean
  /** What it remembers during one flight. */
  begin?(): Memory
  /** Told of events, in order. */
  see(event: FlightEvent, view: View, memory: Memory): void
  /** Asked when a flight has come to its end; not of one that was broken off. */
  end?(view: View, memory: Memory): void
}

/** A check of one's own, whose memory the compiler follows: `checks: [check({ name, promise, see })]`. */
export const check = <Memory = undefined>(own: Check<Memory>): Check => own as Check

/** What a violation is about, as far as it is known. */
export interface About {
  readonly time: Micros
  readonly round?: number | undefined
  readonly actors?: readonly Name[]
  readonly envelopes?: readonly number[]
}

/** A promise that was broken: which, when, by whom. Data, so that violations can be told apart and compared. */
export class Violation extends SafetyError {
  /** The name of the check. */
  readonly check: string
  readonly time: Micros
  readonly round: number | undefined
  readonly actors: readonly Name[]
  /** Numbers of the envelopes that it is about. */
  readonly envelopes: readonly number[]

  constructor(name: string, readonly what: string, { time, round, actors = [], envelopes = [] }: About) {
    super(`check '${name}' at ${formatMicros(time)}: ${what}`)
    this.check = name
    this.time = time
    this.round = round
    this.actors = actors
    this.envelopes = envelopes
  }
}

/** What is known of each part where it is owned: several actors may hold one, each for those whose updates it folds. */
export class ByOwner<T> {
  readonly #known = new Map<Name, Map<string, T>>()

  get(owner: Name, part: string): T | undefined {
    return this.#known.get(owner)?.get(part)
  }

  set(owner: Name, part: string, value: T): T {
    const parts = this.#known.get(owner)
    if (parts === undefined) this.#known.set(owner, new Map([[part, value]]))
    else parts.set(part, value)
    return value
  }

  /** The owner has died, and forgets. */
  forget(owner: Name): void {
    this.#known.delete(owner)
  }
}
