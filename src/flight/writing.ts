import type { NactHost } from '../actors/nact-host.js'
import type { Written } from '../federation/terms.js'
import type { EventOf } from '../record/event.js'
import type { FlightRecorder, Reader } from '../record/flight-recorder.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import type { Kernel } from '../time/kernel.js'
import { checkpointBytes, type Checkpoints, usual, writingTime } from './checkpoints.js'
import type { Lives } from './lives.js'
import type { Setup } from './setup.js'

interface WritingOptions {
  readonly setup: Setup
  readonly kernel: Kernel
  readonly record: FlightRecorder
  readonly host: Pick<NactHost, 'alive'>
  readonly lives: Pick<Lives, 'close'>
  readonly checkpoints: Checkpoints
  /** By how many rounds what an actor comes back with may be older than the last. */
  readonly forgetful: number
  /** Is the last round over? */
  readonly over: () => boolean
  /** Who ends rounds of a part. */
  readonly owners: ReadonlySet<Name>
  /** What such an owner writes down. */
  readonly writtenOf: (owner: Name) => Written
}

/** When checkpoints are written, by whom, and what of virtual time and bytes that takes. */
export class Writing {
  readonly #options: WritingOptions

  constructor(options: WritingOptions) {
    this.#options = options
  }

  /**
   * Owners of parts write when a round has ended there; clients that own none with their answers, which is told only where
   * what they write down is not what their last answer left them with.
   */
  get readers(): readonly Reader[] {
    const { setup, forgetful, checkpoints, owners } = this.#options
    const { every } = setup.resolved.checkpoint ?? usual
    const ofOwners: Reader = { kinds: ['part-close'], see: (event) => event.kind === 'part-close' && this.#ended(event) }
    if (every === 'message' || (every === 1 && forgetful === 0)) return [ofOwners]
    return [
      ofOwners,
      { kinds: ['send'], see: (event) => !owners.has(event.actor) && checkpoints.see(event) },
    ]
  }

  /** A round has ended for an owner, which writes that down, if it is to. */
  #ended(event: EventOf<'part-close'>): void {
    const { setup, kernel, record, host, lives, checkpoints, over, writtenOf } = this.#options
    checkpoints.see(event)
    const { checkpoint } = setup.resolved
    const { actor, round, at } = event
    if (checkpoint === undefined || checkpoint.every === 'message' || round % checkpoint.every !== 0) return
    kernel.at(at, () => {
      if (!host.alive(actor) || over()) return
      const written = writtenOf(actor)
      const until = at + writingTime(checkpoint, written, round)
      record.tell(actor, { kind: 'checkpoint', round, bytes: checkpointBytes(written), until }, event.id)
      // The aggregator itself waits before it opens another round.
      if (until > at && actor !== AGGREGATOR) lives.close(actor, until)
    })
  }
}
