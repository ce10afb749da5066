import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs'
import { KernelError, type Kernel, type PlainEvent } from './kernel.js'
import type { Micros } from './micros.js'

/** What an action does when its time has come. */
type Act<T> = (this: SchedulerAction<T>, state?: T) => void

/**
 * rxjs on the virtual clock: every time operator that is given this scheduler runs in virtual microseconds, among the
 * kernel's other events. An error thrown in an action ends the kernel's run.
 *
 * Operators must be given it: `retry({ delay: 5 })` and `repeat({ delay: 5 })` take none and use real timers; give them
 * a notifier, `retry({ delay: () => timer(5, scheduler) })`.
 */
export class KernelScheduler implements SchedulerLike {
  constructor(private readonly kernel: Kernel) {}

  /** Virtual microseconds, where rxjs's own schedulers say milliseconds. A field: rxjs passes it on unbound. */
  readonly now = (): Micros => this.kernel.now

  /** `delay` in microseconds: negative counts as 0, infinite as never. */
  schedule<T>(work: Act<T>, delay: Micros = 0, state?: T): Subscription {
    return new KernelAction(this.kernel, work).schedule(state, delay)
  }
}

/** One action: pending at most once, so that scheduling it again replaces what was pending. */
class KernelAction<T> extends Subscription implements SchedulerAction<T> {
  #pending: PlainEvent | undefined
  #state: T | undefined

  constructor(
    private readonly kernel: Kernel,
    private readonly work: Act<T>,
  ) {
    super()
  }

  schedule(state?: T, delay: Micros = 0): Subscription {
    if (this.closed) return this
    this.#withdraw()
    this.#state = state
    if (delay === Infinity) return this
    if (!Number.isSafeInteger(delay)) throw this.#refuse(delay)
    this.#pending = this.kernel.idly(Math.max(0, delay), this.#run)
    return this
  }

  override unsubscribe(): void {
    if (this.closed) return
    this.#withdraw()
    this.#state = undefined
    super.unsubscribe()
  }

  readonly #run = (): void => {
    this.#pending = undefined
    try {
      this.work(this.#state)
    } catch (error) {
      this.unsubscribe()
      throw error
    }
  }

  /** rxjs makes a notification of what is thrown while subscribing, which may go unheard: the run ends all the same. */
  #refuse(delay: number): KernelError {
    const rule = 'times are integer microseconds; round with ms(), seconds() or micros()'
    const error = new KernelError(`an rxjs operator was given a delay of ${delay}: ${rule}`)
    this.kernel.fail(error)
    return error
  }

  #withdraw(): void {
    if (this.#pending !== undefined) this.kernel.cancel(this.#pending)
    this.#pending = undefined
  }
}
