import type { Wire } from '../../network/wire.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'
import type { Sent } from './post.js'
import type { TripBounds } from './round-trips.js'

/** How an actor's messages are acknowledged and sent again. */
export interface Carriage extends TripBounds {
  readonly retries: number
  /** How long an acknowledgement is waited for, beyond its time on an undisturbed path; `adaptive`: as round trips have taken. */
  readonly timeout: Micros | 'adaptive'
  readonly backoff: number
  /** What a message and its acknowledgement take on an undisturbed path. */
  readonly transit: (from: Name, to: Name, bytes: number) => Micros
  /** A number in [0, jitter) for a message and a try. */
  readonly jitter: (from: Name, sent: Sent) => number
  readonly wire: Wire
}
