import type { EventOf } from '../record/event.js'
import type { Name } from '../roster/participant.js'
import { EventQueue, Scheduled } from '../time/event-queue.js'
import type { Micros } from '../time/micros.js'
import type { Core } from './core.js'

/** Who is dead, and when it will be back: read from what happens. A death that is planned for the dead does not happen. */
export class Deaths {
  readonly #dead = new Map<Name, Scheduled>()
  readonly #returns = new EventQueue()
  #deaths = 0

  readonly see = ({ actor, what, back = Infinity }: EventOf<'life'>): void => {
    if (what === 'pause' || what === 'resume') return
    if (what === 'restart') {
      const dead = this.#dead.get(actor)
      if (dead !== undefined) this.#returns.remove(dead)
      this.#dead.delete(actor)
      return
    }
    const dead = new Scheduled()
    this.#returns.push(dead, back, this.#deaths++)
    this.#dead.set(actor, dead)
  }

  /** It is calm, and whoever is dead and not in the core stays so. */
  calm(core: Core): void {
    for (const [who, dead] of this.#dead) {
      if (core.members.has(who) || dead.time === Infinity) continue
      this.#returns.remove(dead)
      const gone = new Scheduled()
      this.#returns.push(gone, Infinity, this.#deaths++)
      this.#dead.set(who, gone)
    }
  }

  /** When a dead one comes back, Infinity for never; undefined: it lives. */
  back(who: Name): Micros | undefined {
    return this.#dead.get(who)?.time
  }

  /** The next instant at which somebody comes back; Infinity: none. */
  nextReturn(): Micros {
    return this.#returns.peek()?.time ?? Infinity
  }
}
