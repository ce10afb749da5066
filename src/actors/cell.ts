import type { Name } from '../roster/participant.js'
import type { Behaviour } from './actor.js'
import type { Computation } from './compute-queue.js'
import type { Item, Parcel } from './parcel.js'

/**
 * One incarnation of an actor. A dead cell never wakes and never sends; its timers and computations die with it, while
 * its name lives on for the next incarnation.
 */
export class Cell {
  alive = true
  /** The last state that the behaviour returned. */
  state: unknown
  /** The kernel's last turn in which this cell was given a message. */
  turn = 0
  /** What it was handed in that turn and has not handled yet, in order. */
  readonly handed: Item[] = []
  /** The actor as guard errors name it. */
  readonly label: string
  /** Timers and computations under way, by number. Made when first used: most of ten thousand clients are idle. */
  timers: Map<number, Parcel> | undefined
  /** Never empty: there is one at a time, as a rule. */
  computations: Computation[] | undefined
  /** The host's handle on nact's actor. */
  ref: unknown
  #numbers = 0

  constructor(
    readonly name: Name,
    readonly incarnation: number,
    readonly behaviour: Behaviour<unknown>,
    initialState: unknown,
  ) {
    this.state = initialState
    this.label = `actor ${name}`
  }

  began(computation: Computation): void {
    if (this.computations === undefined) this.computations = [computation]
    else this.computations.push(computation)
  }

  ended(computation: Computation): void {
    const { computations = [] } = this
    this.computations = computations.length > 1 ? computations.filter((other) => other !== computation) : undefined
  }

  /** A number that no timer or computation of this cell had before. */
  number(): number {
    return ++this.#numbers
  }
}
