import type { Edge } from '../faults/by-hand.js'
import type { FlightEvent } from '../record/event.js'
import type { Kernel } from '../time/kernel.js'

/** Places of a flight that is stepped: events are counted one by one, and faults are injected and healed where they are to be. */
export class Steps {
  #count = 0
  #edges: readonly Edge[] = []
  #all = 0

  constructor(
    private readonly kernel: Pick<Kernel, 'now' | 'next'>,
    /** The number that the next envelope will have. */
    private readonly nextEnvelope: () => number,
  ) {}

  begin(edges: readonly Edge[]): void {
    this.#edges = edges
    this.#all = edges.length
  }

  /** Events so far, scores not among them. */
  get count(): number {
    return this.#count
  }

  /** How many of the places where faults are injected or healed are behind the flight. */
  get crossed(): number {
    return this.#all - this.#edges.length
  }

  /** When a score is known depends on the machine: it has no place among events. */
  see({ kind }: FlightEvent): void {
    if (kind !== 'evaluated') this.#count++
  }

  /** Injects and heals what is to be at this place. */
  cross(): void {
    if (this.#edges.length === 0) return
    // What one of them sets off does not keep the next of the same place waiting.
    const { now, next } = this.kernel
    for (let edge = this.#edges.at(0); edge !== undefined; edge = this.#edges.at(0)) {
      const { at, event } = edge
      if (this.#count < event || (now < at && next <= at)) return
      this.#edges = this.#edges.slice(1)
      edge.cross(this.nextEnvelope())
    }
  }
}
