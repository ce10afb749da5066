import { type Core, outsideCore } from '../faults/core.js'
import { OUTSIDE } from '../record/event.js'
import type { FlightRecorder, Reader } from '../record/flight-recorder.js'
import type { Name, Participant } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import type { Kernel } from '../time/kernel.js'
import type { Lives } from './lives.js'

interface CalmOptions {
  /** When it begins: at an instant, or when a round opens; undefined: never. */
  readonly from: Resolved['calm']
  readonly kernel: Kernel
  readonly record: FlightRecorder
  readonly lives: Pick<Lives, 'revive' | 'lose'>
  /** Who is healed; undefined: everybody is. */
  readonly core: Core | undefined
  readonly participants: readonly Participant[]
  /** In whose name it is told. */
  readonly teller: Name
  /** Is the last round over? */
  readonly over: () => boolean
}

/** The calm phase of a flight: from its beginning on no fault strikes, and the dead come back. With a core, those of it alone do. */
export class Calm {
  readonly #options: CalmOptions
  #has = false

  constructor(options: CalmOptions) {
    this.#options = options
  }

  /** Has it begun? */
  get has(): boolean {
    return this.#has
  }

  /** Who sees that a round opens which begins it, if one does; or that it is given up, because nobody is there for it to open. */
  get readers(): readonly Reader[] {
    const round = this.#options.from?.round
    if (round === undefined) return []
    const see: Reader['see'] = (event) => {
      if (event.kind === 'round-open' ? event.round >= round : event.kind === 'round-close' && event.row.round >= round) this.#become(event.id)
    }
    return [{ kinds: ['round-open', 'round-close'], see }]
  }

  /** The flight begins. */
  begin(): void {
    const { from, kernel } = this.#options
    if (from?.at !== undefined) kernel.at(from.at, () => this.#become(OUTSIDE))
  }

  #become(cause: number): void {
    const { record, kernel, lives, over, core, participants, teller } = this.#options
    if (this.#has || over()) return
    this.#has = true
    record.tell(teller, { kind: 'calm', ...(core && { core: [...core.members].sort() }) }, cause)
    kernel.at(kernel.now, () => {
      lives.revive(core?.members)
      if (core?.rest !== 'dead') return
      for (const { name } of participants) if (!core.members.has(name)) lives.lose(name, outsideCore)
    })
  }
}
