import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Course, SlowHook } from './fault.js'
import { longerBy } from './speed.js'

/** What makes one training slower, and how it goes for this one. */
export interface Slowed {
  readonly hook: SlowHook
  readonly course: Course
}

/** Trainings under way of devices that are slower: what that cost is known when they have ended, or were ended. */
export class Slowness {
  /** By client and beginning. */
  readonly #underWay = new Map<string, { readonly cost: Micros; readonly slowed: readonly Slowed[] }>()

  begins(client: Name, start: Micros, cost: Micros, slowed: readonly Slowed[]): void {
    this.#underWay.set(`${client} ${start}`, { cost, slowed })
  }

  /** Tells every fault that slowed the training by how much. */
  ended({ actor, at, round, start }: EventOf<'trained'>): void {
    if (this.#underWay.size === 0) return
    const key = `${actor} ${start}`
    const training = this.#underWay.get(key)
    if (training === undefined) return
    this.#underWay.delete(key)
    for (const { hook, course } of training.slowed) {
      const longer = longerBy(start, training.cost, at, course)
      if (longer !== 0) hook.slowed(actor, round, start, longer)
    }
  }
}
