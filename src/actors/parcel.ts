import { Delivery } from '../time/kernel.js'
import type { Name } from '../roster/participant.js'
import type { Received } from './actor.js'
import type { Cell } from './cell.js'

/** Whom a name means now, and how a cell is handed what has arrived for it. The host is one. */
export interface Doorstep {
  living(name: Name): Cell | undefined
  /** May the cell be handed something in this turn? Once, or again directly after itself; the answer counts as done. */
  admits(cell: Cell, turn: number): boolean
  hand(cell: Cell, item: Item): void
}

/** A delivery on its way into an actor. */
export interface Item {
  /** Called just before the handler, in the order of delivery. False: the handler is spared it. */
  opened(): boolean
  /** What the handler is given. */
  received(): Received
}

/**
 * A message on the heap. With a timer's number it belongs to the one incarnation that set the timer; without, to
 * whoever lives under the name when it arrives.
 */
export class Parcel extends Delivery implements Item {
  /** Handed to nact, and not opened: it can still be taken back. */
  #handed = false

  constructor(
    private readonly door: Doorstep,
    private readonly to: Name,
    private readonly content: Received,
    private readonly arrived: ((alive: boolean) => boolean | void) | undefined,
    private cell?: Cell,
    private readonly timer = 0,
  ) {
    super()
  }

  override waits(): undefined {
    return undefined
  }

  override joins(turn: number): boolean {
    // The timers of a dead cell are off the heap: only a name has to be looked up.
    const cell = this.timer === 0 ? this.door.living(this.to) : this.cell
    if (cell === undefined || !this.door.admits(cell, turn)) return false
    this.cell = cell
    return true
  }

  override dispatch(): void {
    this.#handed = true
    this.door.hand(this.cell!, this)
  }

  override miss(): void {
    this.arrived?.(false)
  }

  override recall(): boolean {
    const recalled = this.#handed
    this.#handed = false
    return recalled
  }

  opened(): boolean {
    if (!this.#handed) return false
    this.#handed = false
    if (this.timer !== 0) this.cell!.timers!.delete(this.timer)
    return this.arrived?.(true) !== false
  }

  received(): Received {
    return this.content
  }
}
