import type { Behaviour, Message } from '../actors/actor.js'
import type { Unheard } from './messages.js'

/**
 * How an actor of one role comes to life, and comes back to it: the one door for the beginning, for crashes and for
 * recovery.
 */
export interface ActorLife<State, Kept = unknown, M extends Message = Message> {
  readonly behaviour: Behaviour<State, M>
  /** The state of one that has never lived, or that has kept nothing. */
  begin(): State
  /** What it would come back with: plain data that shares nothing which the state may change. */
  checkpoint(state: State): Kept
  /** The state of one that comes back with what it kept; timers are set again when it wakes. */
  restore(kept: Kept): State
  /**
   * What it is told when it has come back, if anything; `whole`: it has kept all that it had taken in, as if it had
   * never been away.
   */
  wake?(whole: boolean): M
  /** Is it finding out where its peers are, or waiting for one that does? Who dies so has that before it again, whatever it has kept. */
  recovers?(state: State): boolean
  /** Where messages are acknowledged: it is told which of its own were given up, if it asks for that. */
  unheard?(about: Unheard): M
  /** Envelopes that one which died had taken in, and of which nothing has come; `kept`: what it comes back with, if anything. */
  undone?(state: State, kept: Kept | undefined): readonly number[]
}

/** A life as those know it who do not look into states. */
export type AnyLife = ActorLife<unknown>

/** Forgets what its state is: what it gives is only ever given back to it. */
export const anyLife = <State, Kept, M extends Message>(life: ActorLife<State, Kept, M>): AnyLife => life as unknown as AnyLife
