import type { Name } from '../roster/participant.js'
import type { TrainingEnd } from '../record/rows.js'
import type { Clock } from '../time/clock.js'
import type { Delivery } from '../time/kernel.js'
import type { Behaviour, Received } from './actor.js'

/** A delivery on its way into an actor. */
export interface Item {
  /** Called just before the handler, in the order of delivery. False: the handler is spared it. */
  opened(): boolean
  /** What the handler is given. */
  received(): Received
}

/** A computation, as its actor's cell knows it. */
export interface UnderWay {
  readonly number: number
  /** Takes it off the heap, and its job off the queue: nothing comes of it. */
  withdraw(): void
  readonly time: number
  /** It ends so much later than it would have. */
  later(by: number): void
  /** Says how it ended. */
  charge(outcome: TrainingEnd): void
}

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
  /** What it was handed in that turn and has not handled yet: the first `waiting` of these, in order. */
  readonly handed: (Item | undefined)[] = []
  waiting = 0
  /** The actor as guard errors name it. */
  readonly label: string
  /** Timers and computations under way, by number. Made when first used: most of ten thousand clients are idle. */
  timers: Map<number, Delivery> | undefined
  /** Never empty: there is one at a time, as a rule. */
  computations: UnderWay[] | undefined
  /** The host's handle on nact's actor. */
  ref: unknown
  #numbers = 0

  constructor(
    readonly name: Name,
    readonly incarnation: number,
    readonly behaviour: Behaviour<unknown>,
    initialState: unknown,
    /** What it takes for the time; undefined: the kernel's. */
    readonly clock?: Clock,
  ) {
    this.state = initialState
    this.label = `actor ${name}`
  }

  began(computation: UnderWay): void {
    if (this.computations === undefined) this.computations = [computation]
    else this.computations.push(computation)
  }

  ended(computation: UnderWay): void {
    const { computations = [] } = this
    this.computations = computations.length > 1 ? computations.filter((other) => other !== computation) : undefined
  }

  /** Takes something in that is to be handled. How much waits now. */
  hand(item: Item): number {
    this.handed[this.waiting++] = item
    return this.waiting
  }

  /** All that was handed in has been handled. The list keeps its length: one that grows anew each turn costs more than a message. */
  clear(): void {
    for (let i = 0; i < this.waiting; i++) this.handed[i] = undefined
    this.waiting = 0
  }

  /** A number that no timer or computation of this cell had before. */
  number(): number {
    return ++this.#numbers
  }
}
