import { KernelError, type Kernel } from '../time/kernel.js'
import type { Micros } from '../time/micros.js'
import type { Name } from '../roster/participant.js'
import type { Message } from './actor.js'
import type { Cell } from './cell.js'
import { Computation, type ComputeQueue, type Outcome } from './compute-queue.js'
import { Parcel, type Doorstep } from './parcel.js'

/** When and how a computation that begins at `start` ends on the actor's device. */
export type Work = (
  actor: Name,
  start: Micros,
  cost: Micros,
  job: unknown,
) => { readonly until: Micros; readonly interrupted?: string }

/** Virtual time that a computation used, and what came of it. */
export interface Charge {
  readonly actor: Name
  readonly incarnation: number
  readonly job: unknown
  readonly start: Micros
  readonly end: Micros
  readonly outcome: Outcome
}

/** All that actors have set going and that comes back to them alone: timers and computations. */
export class Undertakings {
  constructor(
    private readonly kernel: Kernel,
    private readonly door: Doorstep,
    private readonly queue: ComputeQueue,
    private readonly work: Work,
    private readonly charged: ((charge: Charge) => void) | undefined,
  ) {}

  after(cell: Cell, delay: Micros, message: Message): number {
    const number = cell.number()
    const timer = new Parcel(this.door, cell.name, { from: cell.name, message }, undefined, cell, number)
    this.kernel.deliver(this.kernel.now + delay, timer)
    cell.timers ??= new Map()
    cell.timers.set(number, timer)
    return number
  }

  cancel(cell: Cell, number: number): void {
    const timer = cell.timers?.get(number)
    if (timer === undefined) return
    cell.timers!.delete(number)
    this.kernel.cancel(timer)
  }

  compute(cell: Cell, job: unknown, cost: Micros): number {
    if (!Number.isSafeInteger(cost) || cost < 0) {
      throw new KernelError(`a computation that costs ${cost}: costs are integer microseconds, 0 or more; round up`)
    }
    const start = this.kernel.now
    const { until, interrupted } = this.work(cell.name, start, cost, job)
    const number = cell.number()
    const computation = new Computation(this.door, this.queue, cell, number, start, job, interrupted, this.#charge)
    this.kernel.deliver(until, computation)
    cell.began(computation)
    if (interrupted === undefined) this.queue.add(computation)
    return number
  }

  abandon(cell: Cell, number: number): void {
    const computation = cell.computations?.find((one) => one.number === number)
    if (computation === undefined) return
    cell.ended(computation)
    this.#withdraw(computation)
    this.#charge(computation, 'abandoned')
  }

  /** The cell has died, and all that it had under way with it. */
  perish(cell: Cell): void {
    for (const timer of cell.timers?.values() ?? []) this.kernel.cancel(timer)
    const computations = cell.computations ?? []
    cell.timers = undefined
    cell.computations = undefined
    for (const computation of computations) this.#withdraw(computation)
    for (const computation of computations) this.#charge(computation, 'crashed')
  }

  #withdraw(computation: Computation): void {
    this.kernel.cancel(computation)
    this.queue.withdraw(computation)
  }

  /** An end that came early is now; any other was on the heap, and so is now as well. */
  readonly #charge = (computation: Computation, outcome: Outcome): void => {
    const { cell, job, start } = computation
    const { name: actor, incarnation } = cell
    this.charged?.({ actor, incarnation, job, start, end: this.kernel.now, outcome })
  }
}
