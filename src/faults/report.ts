import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import type { Planned } from './fault.js'
import { describe, entryOf } from './registry.js'

/** What became of one fault of a plan. */
export interface FaultReport {
  readonly id: string
  readonly kind: string
  /** The fault in words: `away client-2, client-5 in training, rounds 5-12`. */
  readonly text: string
  readonly targets: readonly Name[]
  /** How often it struck: a client in a round, an envelope, a death. */
  readonly fired: number
  /** What became of it: `5 trainings cut short (38.2 s charged for nothing)`. */
  readonly outcome: string
  /** What of it was still to come when the flight ended: `its window (rounds 5-12)`. */
  readonly outlived?: string
  /** What an event is to be about for which it waits, and is not there. */
  readonly waitsFor?: string
}

interface Count {
  times: number
  amount: number
}

/** How often each fault of a plan truly struck, and what of: read from the events of a flight. */
export class FaultCount {
  readonly #fired = new Map<string, number>()
  readonly #effects = new Map<string, Map<string, Count>>()

  see({ fault, unit, effect, amount }: EventOf<'fault'>): void {
    if (unit !== undefined) this.#fired.set(fault, (this.#fired.get(fault) ?? 0) + 1)
    if (effect === undefined) return
    let own = this.#effects.get(fault)
    if (own === undefined) this.#effects.set(fault, (own = new Map()))
    const count = own.get(effect)
    if (count === undefined) own.set(effect, { times: 1, amount })
    else {
      count.times++
      count.amount += amount
    }
  }

  /** Every fault, in the order of the plan. */
  report(faults: readonly Planned[]): FaultReport[] {
    return faults.map((planned) => {
      const { id, fault, targets } = planned
      const own = this.#effects.get(id)
      const parts = Object.entries(entryOf(fault).effects).flatMap(([effect, words]) => {
        const count = own?.get(effect)
        return count === undefined ? [] : [words(count.times, count.amount)]
      })
      return {
        id, kind: fault.kind, text: describe(planned), targets,
        fired: this.#fired.get(id) ?? 0,
        outcome: parts.length === 0 ? 'never fired' : parts.join('; '),
      }
    })
  }
}
