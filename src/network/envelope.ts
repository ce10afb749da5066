import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'

/** What became of one copy of an envelope. See docs/ledger.md for each. */
export type Fate =
  | 'used'
  | 'late'
  | 'surplus'
  | 'duplicate'
  | 'lost'
  | 'rejected'
  | 'aborted'
  | 'fruitless'
  | 'retransmitted'
  | 'undone'
  | 'control'
  | 'unresolved'

/** What kind of message an envelope carries. `model` and `update` carry parameters, all else is control. */
export type EnvelopeKind = 'open' | 'model' | 'update' | 'close'

/** One copy of one message on its way, with its encoded bytes. */
export interface Envelope {
  /** Number in the order of sending; a copy has a number of its own. */
  readonly id: number
  readonly from: Name
  readonly to: Name
  readonly kind: EnvelopeKind
  readonly round: number
  /** `trunk`, `expert-2`, or '' for a message about no part. */
  readonly part: string
  /** How often this message was sent before (retransmission); part of the key of its random draws. */
  readonly attempt: number
  /** 0 for the original, 1.. for copies that a fault made. */
  readonly copy: number
  readonly bytes: Uint8Array
  readonly sent: Micros
}

export type Direction = 'up' | 'down' | 'inside'
