import type { Computed, Interrupted } from '../../actors/actor.js'
import type { TrainResult } from '../../engine/engine.js'
import type { Name } from '../../roster/participant.js'
import type { Departure, Keepsake, Progress } from '../local-training.js'
import type { Arrival, LocalWork, Scored, Unheard, Wake } from '../messages.js'

/** What has come from another peer for a round, and waits for the end of that round here. */
export interface Come {
  readonly envelope: number
  readonly from: Name
  readonly round: number
  /** Rows behind it, and where it belongs among what that peer sends for the round: 0 where that is one message. */
  readonly examples: number
  readonly step: number
  /** Undefined: it was refused, and nothing better will come. */
  readonly values: Float32Array | undefined
}

/** Where a peer is in an exchange that goes hop by hop. No checkpoint holds it. */
export interface Hops {
  /** Hops that it has taken in. */
  done: number
  /** Chunk by chunk: values times weights, then sums of them, then their means; and the weights behind each. */
  readonly chunks: Float32Array[]
  readonly weights: number[]
}

/** A peer's state: plain data, and its own. `personal` is its model as the last round left it. */
export interface PeerState extends Keepsake {
  /**
   * `asking` others where they are, having come back; `out`: it takes no part in the round, and waits until that is over;
   * `over`: after the last round.
   */
  phase: 'idle' | 'asking' | 'training' | 'exchanging' | 'out' | 'over'
  /** The round that it is in, or was last. */
  round: number
  /** The last round that has ended here. */
  ended: number
  /** A round that others are in and that has a place for it: those before are over without it. */
  reached: number
  /** How far each of the others is known to be. */
  seen: Map<Name, number>
  /** Who will send nothing more for this round, as far as it knows. */
  deaf: Set<Name>
  /** Of whom it has asked where they are: those that have not said. */
  asked: Set<Name>
  progress: Progress | undefined
  computation: number | undefined
  timer: number | undefined
  /** What it has trained for this round, and what it has sent of it. */
  own: Departure | undefined
  sent: Departure | undefined
  come: Come[]
  hops: Hops | undefined
  /** The last round of which another has said that it comes to nothing. */
  off: number
}

/** What a peer comes back with: its model after a round, and what had come for later ones. */
export type PeerKept = Pick<PeerState, 'personal' | 'kept' | 'ended' | 'reached' | 'seen' | 'come'>

export const newPeer = ({ personal, kept, ended, reached, seen, come }: PeerKept): PeerState => ({
  personal,
  kept,
  phase: 'idle',
  round: ended,
  ended,
  reached,
  seen: new Map(seen),
  deaf: new Set(),
  asked: new Set(),
  progress: undefined,
  computation: undefined,
  timer: undefined,
  own: undefined,
  sent: undefined,
  come: [...come],
  hops: undefined,
  off: 0,
})

export type PeerMessage =
  | Arrival
  | Unheard
  | Wake
  /** The flight begins. */
  | { readonly kind: 'begin' }
  /** Others are waited for no longer that it has asked where they are. */
  | { readonly kind: 'recovered' }
  | { readonly kind: 'patience'; readonly round: number }
  | Computed<LocalWork, TrainResult | Scored>
  | Interrupted<LocalWork>
