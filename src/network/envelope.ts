import type { MessageKind } from '../record/message.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'

/** One copy of one message on its way, with its encoded bytes. */
export interface Envelope {
  /** Number in the order of sending; a copy has a number of its own. */
  readonly id: number
  readonly from: Name
  readonly to: Name
  readonly kind: MessageKind
  readonly round: number
  /** `trunk`, `expert-2`, or '' for a message about no part. */
  readonly part: string
  /** How often this message was sent before (retransmission); part of the key of its random draws. */
  readonly attempt: number
  /** How many were sent before of which all else is the same: asked or answered again, it has luck of its own. */
  readonly again: number
  /** 0 for the original, 1.. for copies that a fault made. */
  readonly copy: number
  readonly bytes: Uint8Array
  readonly sent: Micros
}
