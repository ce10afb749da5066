import { asError } from '../errors.js'
import type { TrainingEnd } from '../record/rows.js'
import type { Name } from '../roster/participant.js'
import { Delivery } from '../time/kernel.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { ActorError } from './actor-error.js'
import type { Computed, Interrupted, Received } from './actor.js'
import type { Cell, Item, UnderWay } from './cell.js'
import type { Doorstep } from './door.js'

/** A job as the engine gets it: whose it is, when it began, and what to do. */
export interface Job {
  readonly actor: Name
  readonly incarnation: number
  readonly start: Micros
  readonly job: unknown
}

/** Does jobs for real: one promise per job, in their order. */
export type Execute = (jobs: readonly Job[]) => readonly Promise<unknown>[]

/**
 * A message from the future: the completion of a computation, on the heap since the computation began. Only when the
 * kernel reaches it does its result have to be there. One that the weather interrupts never runs at all.
 */
export class Computation extends Delivery implements Item, UnderWay {
  #result: { readonly value: unknown } | undefined
  #failure: { readonly error: unknown } | undefined
  #running: Promise<void> | undefined
  /** Handed to nact, and not opened: it can still be taken back. */
  #handed = false
  /** The event of its beginning. */
  readonly #cause: number

  constructor(
    private readonly door: Doorstep,
    private readonly queue: ComputeQueue,
    readonly cell: Cell,
    readonly number: number,
    readonly start: Micros,
    readonly job: unknown,
    private readonly interrupted: string | undefined,
    /** When it would have ended had nothing come between. */
    public whole: Micros,
    private readonly pending: {
      withdraw(computation: Computation): void
      charge(computation: Computation, outcome: TrainingEnd): void
    },
  ) {
    super()
    this.#cause = door.record.cause
  }

  override waits(): Promise<void> | undefined {
    if (this.interrupted !== undefined || this.#result !== undefined) return undefined
    if (this.#running === undefined) this.queue.flush()
    if (this.#failure !== undefined) throw this.#failed(this.#failure.error)
    return this.#running
  }

  /** One whose result is not there opens a turn of its own, where it can be waited for. */
  override joins(turn: number, taken: number): boolean {
    if (taken > 0 && this.interrupted === undefined && this.#result === undefined) return false
    return this.door.admits(this.cell, turn)
  }

  override dispatch(): void {
    this.#handed = true
    this.door.hand(this.cell, this)
  }

  override miss(): void {
    // Never: a dead cell's computations are off the heap, and an empty turn holds no message for a living one.
  }

  override recall(): boolean {
    const recalled = this.#handed
    this.#handed = false
    return recalled
  }

  opened(): boolean {
    if (!this.#handed) return false
    this.#handed = false
    this.cell.ended(this)
    this.door.record.cause = this.#cause
    this.charge(this.interrupted === undefined ? 'computed' : 'interrupted')
    return true
  }

  withdraw(): void {
    this.pending.withdraw(this)
  }

  later(by: Micros): void {
    this.whole += by
  }

  charge(outcome: TrainingEnd): void {
    this.pending.charge(this, outcome)
  }

  received(): Received {
    const message: Computed | Interrupted =
      this.interrupted === undefined
        ? { kind: 'computed', job: this.job, result: this.#result!.value }
        : { kind: 'interrupted', job: this.job, reason: this.interrupted }
    return { from: this.cell.name, message }
  }

  /** Takes the real work's promise; its rejection counts only if and when the kernel gets here. */
  runs(work: PromiseLike<unknown>): void {
    this.#running = Promise.resolve(work).then(
      (value) => {
        this.#result = { value }
      },
      (error: unknown) => {
        this.#failure = { error }
      },
    )
  }

  #failed(thrown: unknown): ActorError {
    const error = asError(thrown)
    const what = `began a computation at ${formatMicros(this.start)} that failed: ${error.message}`
    return new ActorError(this.cell.name, 'computed', this.time, what, { cause: error })
  }
}

/** Jobs that have begun in virtual time and not yet for real. */
export class ComputeQueue {
  readonly #waiting = new Set<Computation>()
  readonly #execute: Execute

  constructor(execute: Execute) {
    this.#execute = execute
  }

  add(computation: Computation): void {
    this.#waiting.add(computation)
  }

  /** Forgets a job whose result can no longer matter: it never runs, unless it does already. */
  withdraw(computation: Computation): void {
    this.#waiting.delete(computation)
  }

  /** Sends off all that waits, ordered by (start, actor), so that the engine can form the same cohorts in every run. */
  flush(): void {
    const batch = [...this.#waiting].sort(byStartAndActor)
    this.#waiting.clear()
    const jobs = batch.map(({ cell, start, job }): Job => {
      return { actor: cell.name, incarnation: cell.incarnation, start, job }
    })
    const promises = this.#execute(jobs)
    const count = `${promises.length} promises for ${jobs.length} jobs`
    const missing = (): Promise<never> => Promise.reject(new Error(`execute() returned ${count}; it owes one each`))
    batch.forEach((computation, i) => computation.runs(promises[i] ?? missing()))
  }
}

/** Sorting is stable: computations that one actor began at one instant keep the order in which it began them. */
const byStartAndActor = (a: Computation, b: Computation): number =>
  a.start - b.start || (a.cell.name < b.cell.name ? -1 : a.cell.name > b.cell.name ? 1 : 0)
