import type { Name } from '../roster/participant.js'
import { Delivery } from '../time/kernel.js'
import type { Received } from './actor.js'
import type { Cell, Item } from './cell.js'
import type { Doorstep, Landing } from './door.js'

/**
 * A message on the heap. With a timer's number it belongs to the one incarnation that set the timer; without, to
 * whoever lives under the name when it arrives.
 */
export class Letter extends Delivery implements Item {
  /** Handed to nact, and not opened: it can still be taken back. */
  #handed = false
  /** What was being acted on when it was sent, or its timer set. */
  readonly #cause: number

  constructor(
    private readonly door: Doorstep,
    private readonly to: Name,
    private readonly content: Received,
    private readonly landing: Landing | undefined,
    private cell?: Cell,
    private readonly timer = 0,
  ) {
    super()
    this.#cause = door.record.cause
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
    this.door.record.cause = this.#cause
    this.landing?.arrives(false)
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
    this.door.record.cause = this.#cause
    return this.landing === undefined || this.landing.arrives(true) !== false
  }

  received(): Received {
    return this.content
  }
}
