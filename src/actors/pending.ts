import type { TrainingEnd } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import { ClockError } from '../time/clock-error.js'
import { KernelError, type Kernel } from '../time/kernel.js'
import { clockEnd, formatMicros, type Micros } from '../time/micros.js'
import type { Message } from './actor.js'
import type { Cell } from './cell.js'
import { Computation, type ComputeQueue } from './compute-queue.js'
import type { Doorstep } from './door.js'
import { Letter } from './letter.js'

/** How long a computation takes on its device. */
export interface Span {
  readonly until: Micros
  /** Set when the device leaves before the end: the reason for the `interrupted` message. */
  readonly interrupted?: string
  /** With `interrupted`: when the computation would have ended had the device stayed. */
  readonly whole?: Micros
}

/** When and how a computation of `cost` undisturbed microseconds ends that an actor begins at `start`. */
export type SpanOf = (actor: Name, start: Micros, cost: Micros, job: unknown) => Span

/** Virtual time that a computation used, and what came of it. */
export interface Charge {
  readonly actor: Name
  readonly incarnation: number
  readonly job: unknown
  readonly start: Micros
  readonly end: Micros
  /** When it would have ended had nothing come between. */
  readonly whole: Micros
  readonly outcome: TrainingEnd
}

/** All that actors have set going and that comes back to them alone: timers and computations. */
export class Pending {
  #halted = false

  constructor(
    private readonly kernel: Kernel,
    private readonly door: Doorstep,
    private readonly queue: ComputeQueue,
    private readonly spanOf: SpanOf,
    private readonly charged: ((charge: Charge) => void) | undefined,
  ) {}

  after(cell: Cell, delay: Micros, message: Message): number {
    const number = cell.number()
    const timer = new Letter(this.door, cell.name, { from: cell.name, message }, undefined, cell, number)
    const { now } = this.kernel
    this.kernel.deliver(now + (cell.clock === undefined ? delay : cell.clock.wait(now, delay)), timer)
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
    if (cost > clockEnd && cost < Infinity) {
      throw new ClockError(`A computation of ${cell.name} would take ${formatMicros(cost)}`)
    }
    if (!Number.isSafeInteger(cost) || cost < 0) {
      throw new KernelError(`a computation that costs ${cost}: costs are integer microseconds, 0 or more; round up`)
    }
    if (this.#halted) return cell.number()
    const start = this.kernel.now
    const { until, interrupted, whole = until } = this.spanOf(cell.name, start, cost, job)
    if (until > clockEnd) throw new ClockError(`A computation of ${cell.name} would end ${until < Infinity ? `at ${formatMicros(until)}` : 'never'}`)
    const number = cell.number()
    const computation = new Computation(
      this.door, this.queue, cell, number, start, job, interrupted, whole, this,
    )
    this.kernel.deliver(until, computation)
    cell.began(computation)
    if (interrupted === undefined) this.queue.add(computation)
    return number
  }

  abandon(cell: Cell, number: number): void {
    const computation = cell.computations?.find((one) => one.number === number)
    if (computation === undefined) return
    cell.ended(computation)
    computation.withdraw()
    computation.charge('abandoned')
  }

  /** The cell has died, and all that it had under way with it. */
  perish(cell: Cell): void {
    for (const timer of cell.timers?.values() ?? []) this.kernel.cancel(timer)
    const computations = cell.computations ?? []
    cell.timers = undefined
    cell.computations = undefined
    for (const computation of computations) computation.withdraw()
    for (const computation of computations) computation.charge('crashed')
  }

  /** The cell sleeps until then. */
  pause(cell: Cell, until: Micros): void {
    const { now } = this.kernel
    const late = [...(cell.timers?.values() ?? [])].filter(({ time }) => time < until).sort((a, b) => a.time - b.time)
    for (const timer of late) if (this.kernel.cancel(timer)) this.kernel.deliver(until, timer)
    for (const computation of cell.computations ?? []) {
      const { time } = computation
      if (this.kernel.cancel(computation as Computation)) this.kernel.deliver(time + until - now, computation as Computation)
      computation.later(until - now)
    }
  }

  /** From now on nobody computes: what is under way is charged until now, what is asked for never begins. */
  halt(cells: Iterable<Cell>): void {
    this.#halted = true
    for (const cell of cells) {
      const computations = cell.computations ?? []
      cell.computations = undefined
      for (const computation of computations) {
        computation.withdraw()
        computation.charge('abandoned')
      }
    }
  }

  withdraw(computation: Computation): void {
    this.kernel.cancel(computation)
    this.queue.withdraw(computation)
  }

  /** An end that came early is now; any other was on the heap, and so is now as well. */
  charge(computation: Computation, outcome: TrainingEnd): void {
    const { cell, job, start, whole } = computation
    const { name: actor, incarnation } = cell
    this.charged?.({ actor, incarnation, job, start, end: this.kernel.now, whole, outcome })
  }
}
