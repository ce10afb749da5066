import type { ClientState } from '../federation/client.js'
import type { Course } from '../federation/course.js'
import { type PartTemplate, putPart } from '../federation/parts.js'
import type { PartState } from '../federation/strategies/strategy.js'
import type { Terms } from '../federation/terms.js'
import { fillUntrained } from '../models/untrained.js'
import type { Name } from '../roster/participant.js'
import type { Lives } from './lives.js'
import type { Setup } from './setup.js'

/** The models of a flight under way, put together from what its actors hold. Flat vectors that nobody changes afterwards. */
export class Serving {
  constructor(
    private readonly setup: Setup,
    private readonly terms: Terms,
    private readonly course: Course,
    private readonly lives: Pick<Lives, 'state' | 'alive'>,
  ) {}

  /** A part as it is held. */
  held(part: PartTemplate): PartState {
    return this.course.held(part, this.lives)
  }

  /**
   * The model that a client would serve now: the parts as their owners would send them to it, and what it keeps itself.
   * Or, if the strategy says so, a model that the client has kept. Rows of words that it was never trained on stand for
   * the mean of the others.
   */
  of(client: Name): Float32Array {
    return this.#filled(this.#assembled(client))
  }

  /** What is held for everybody, as it would be served. */
  common(): Float32Array {
    const flat = this.setup.initial.slice()
    for (const part of this.terms.travelling) putPart(this.held(part).values, part, flat)
    return this.#filled(flat)
  }

  #assembled(client: Name): Float32Array {
    const { strategy: { serves }, beginnings: { initial, clients } } = this.setup
    const state = this.lives.alive(client) ? this.lives.state<ClientState>(client) : undefined
    const kept = serves === 'received' ? undefined : (state?.kept[serves.kept] as Float32Array | undefined)
    if (kept !== undefined) return kept
    const flat = (state?.personal ?? clients.get(client) ?? initial).slice()
    this.course.assemble(client, flat, this.lives)
    return flat
  }

  #filled(flat: Float32Array): Float32Array {
    const { drawn } = this.terms
    return drawn === undefined ? flat : fillUntrained(this.setup.layout, drawn, flat)
  }
}
