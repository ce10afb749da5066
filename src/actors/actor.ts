import type { Streams } from '../random/streams.js'
import type { Told } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'

/** Anything an actor is told. Plain data with a `kind`; parameters travel as encoded bytes inside it. */
export interface Message {
  readonly kind: string
}

/** A message as its receiver sees it. `from` is the sender's name, or the actor's own for timers and computations. */
export interface Received<M extends Message = Message> {
  readonly from: Name
  readonly message: M
}

/** The completion of a computation that `Context.compute` began; delivered to the same incarnation only. */
export interface Computed<Job = unknown, Result = unknown> extends Message {
  readonly kind: 'computed'
  readonly job: Job
  readonly result: Result
}

/** A computation that came to nothing: the device went away, or was stopped, before it ended. */
export interface Interrupted<Job = unknown> extends Message {
  readonly kind: 'interrupted'
  readonly job: Job
  readonly reason: string
}

/**
 * What a handler may do. Everything that takes time comes back as a message. Revoked when the handler returns: any
 * later call throws an error that names the actor.
 */
export interface Context {
  readonly self: Name
  /** Which life of the actor this is, from 1: what an actor knows even when it has forgotten all else. */
  readonly incarnation: number
  /** The time, as far as the actor knows: its own clock's, where that is wrong. */
  readonly now: Micros
  /** Puts a message on the network. */
  send(to: Name, message: Message): void
  /** Delivers `message` to this incarnation after `delay` of its own clock; returns a number for `cancel`. Not on the network. */
  after(delay: Micros, message: Message): number
  /** Withdraws a timer that `after` set. Unknown or fired timers are ignored. */
  cancel(timer: number): void
  /** Starts real work that takes `cost` of this device's undisturbed time; ends as `computed` or `interrupted`. */
  compute(job: unknown, cost: Micros): number
  /** Withdraws a computation: nothing comes of it; what it had used until now is charged as wasted. */
  abandon(computation: number): void
  /** Tells what has happened; see `FlightEvent`. `what` is made for this call. */
  record(what: Told): void
  readonly streams: Streams
}

/**
 * A message in, the next state out: synchronous, and a function of state, message and `context`. The state is its
 * actor's own: what is handed in may be changed and given back. Returning a promise is an error.
 */
export type Behaviour<State, M extends Message = Message> = (
  state: State,
  received: Received<M>,
  context: Context,
) => State
