import type { Received } from '../../actors/actor.js'
import type { Content } from '../../network/network.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { Arrival } from '../messages.js'
import type { RoundTrips } from './round-trips.js'

/** A message that was sent and is not acknowledged. */
export interface Sent {
  readonly to: Name
  readonly number: number
  readonly content: Content
  /** How often it was sent again. */
  readonly tries: number
  /** How long the first acknowledgement was waited for, beyond what it takes on an undisturbed line. */
  readonly patience: Micros
  /** When the acknowledgement was due on such a line. */
  readonly due: Micros
  /** When it is sent again, and the timer, where it is set. */
  readonly at: Micros
  readonly timer: number | undefined
}

/** What is sent to one receiver. */
export interface Outgoing {
  /** The number that the next message has. */
  next: number
  readonly sent: Map<number, Sent>
  /** What it knows of that line, where it learns from it. */
  trips: RoundTrips | undefined
}

/** What comes from one sender. */
export interface Incoming {
  readonly life: number
  /** The number that is taken in next. */
  next: number
  /** What came before its turn. */
  readonly early: Map<number, Received<Arrival>>
}

/** An actor's outbox and inbox: a part of its state, so that they die with it and come back with its checkpoint. */
export interface Post {
  readonly outgoing: Map<Name, Outgoing>
  readonly incoming: Map<Name, Incoming>
  /** What is sent once all that was sent before is over. */
  waiting: { readonly to: Name; readonly content: Content }[]
}

/** The state of an actor whose messages are delivered reliably. */
export type Posted<State> = State & { post?: Post }

export const newPost = (): Post => ({ outgoing: new Map(), incoming: new Map(), waiting: [] })

/** What a checkpoint holds of it: instants in place of timers. */
export const copyPost = ({ outgoing, incoming, waiting }: Post): Post => ({
  outgoing: new Map([...outgoing].map(([to, { next, sent, trips }]) => [
    to, { next, trips, sent: new Map([...sent].map(([number, one]) => [number, { ...one, timer: undefined }])) },
  ])),
  incoming: new Map([...incoming].map(([from, { life, next, early }]) => [from, { life, next, early: new Map(early) }])),
  waiting: [...waiting],
})

/** Envelopes that came before their turn and of which what is kept knows nothing. */
export const undoneOf = ({ incoming }: Post, kept: Post | undefined): number[] =>
  [...incoming].flatMap(([from, { early }]) =>
    [...early].filter(([number]) => kept?.incoming.get(from)?.early.has(number) !== true).map(([, { message }]) => message.envelope.id))
