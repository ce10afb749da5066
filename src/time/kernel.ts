import { asError, EndlessError, WindtunnelError } from '../errors.js'
import { ClockError } from './clock-error.js'
import { EventQueue, Scheduled } from './event-queue.js'
import { clockEnd, formatMicros, type Micros } from './micros.js'

/** A time that cannot be, or a kernel used against its rules. */
export class KernelError extends WindtunnelError {}

/** A plain event: `run` is called at its time, and awaited when it returns a promise. */
export class PlainEvent extends Scheduled {
  constructor(
    readonly run: () => unknown,
    /** Nothing waits for it by itself, such as the timer of an operator that looks again and again. */
    readonly idle = false,
  ) {
    super()
  }
}

/** Something that an actor is told at one instant. Several of one instant may share a turn of Node's event loop. */
export abstract class Delivery extends Scheduled {
  /** A promise while it cannot be handed over, because what it carries is still being computed. */
  abstract waits(): Promise<void> | undefined
  /** May it be handled in this turn, after the `taken` deliveries that are in it? If so, `dispatch` follows at once. */
  abstract joins(turn: number, taken: number): boolean
  /** Hands it over: its handler runs in the next immediate of the event loop. */
  abstract dispatch(): void
  /** Called instead of `dispatch` when it could not even open a turn: there is nobody to hand it to. */
  abstract miss(): void
  /** Takes it back after `dispatch`, which only works until its handler begins; true if it did. */
  abstract recall(): boolean
}

/** The largest tie of a delivery. */
export const ties = 2 ** 18 - 2

/** Events that need no turn of the event loop, after which it has one all the same: signals and streams wait for it. */
const breath = 1024

/** Ranks of one tie: more than any run schedules. */
const apart = 2 ** 35

export interface KernelOptions {
  /** Called after every event and every turn; an error that it throws ends the run. This is where checks look. */
  readonly afterEvent?: () => void
  /** Asked when nothing is left to happen: true where something is after all, which has just been scheduled. */
  readonly exhausted?: () => boolean
  /** The most deliveries that one turn takes. Default: no limit. 1 is the slow, obvious way, for tests. */
  readonly deliveriesPerTurn?: number
  /** The most events and deliveries that happen at one instant: more are without end. Default: 10 million. */
  readonly mostAtOnce?: number
  /** The most that happen in all. Default: no limit. */
  readonly most?: number
}

export interface RunOptions {
  /** Events up to this instant happen, itself included; afterwards it is `now`. Default: all events. */
  readonly until?: Micros
  /** Asked before every event and every turn: true ends the run there. */
  readonly stop?: () => boolean
}

/**
 * The only clock, and the order of everything: it takes the earliest event, lets all that the event caused settle, and
 * takes the next. Events of one instant happen in the order in which they were scheduled, but for deliveries with a tie:
 * those come after all else that was scheduled before that instant began, and among each other by their ties. What is
 * scheduled for the instant that it is has a cause in it, and comes last.
 *
 * A turn is the longest run of deliveries at the head of the queue that fall on one instant and in which no actor comes
 * again after another one. Their handlers run in that order in immediates of the event loop, so a turn is only cheaper,
 * never different.
 */
export class Kernel {
  /** Called after every event and every turn; see {@link KernelOptions.afterEvent}. */
  afterEvent: (() => void) | undefined
  readonly #queue = new EventQueue<PlainEvent | Delivery>()
  readonly #exhausted: (() => boolean) | undefined
  readonly #deliveriesPerTurn: number
  readonly #mostAtOnce: number
  readonly #most: number
  /** How many had happened when it became the instant that it is. */
  #before = 0
  #now: Micros = 0
  #executed = 0
  /** Idle events that are still to happen, and those that have happened since anything else did. */
  #idle = 0
  #idled = 0
  /** Events since the event loop had a turn. */
  #held = 0
  #ranks = 0
  #turn = 0
  /** An event or a turn has begun and has not been settled. */
  #open = false
  #failure: { readonly error: unknown } | undefined
  /** The failure has ended a run. */
  #aborted = false
  #until = Infinity
  #stop: (() => boolean) | undefined
  #landed: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined

  constructor(options: KernelOptions = {}) {
    this.afterEvent = options.afterEvent
    this.#exhausted = options.exhausted
    this.#deliveriesPerTurn = options.deliveriesPerTurn ?? Infinity
    this.#mostAtOnce = options.mostAtOnce ?? 1e7
    this.#most = options.most ?? Infinity
  }

  /** Virtual time: microseconds since the start of the run. */
  get now(): Micros {
    return this.#now
  }

  /** Events and deliveries that are still to happen. */
  get pending(): number {
    return this.#queue.size
  }

  /** Those of them that are not idle. */
  get busy(): number {
    return this.#queue.size - this.#idle
  }

  /** How many idle events have happened since anything else did. */
  get idled(): number {
    return this.#idled
  }

  /** When the next of them does; Infinity where none is. */
  get next(): Micros {
    return this.#queue.peek()?.time ?? Infinity
  }

  /** Events and deliveries that have happened. */
  get executed(): number {
    return this.#executed
  }

  /** Schedules a plain event; the result is for `cancel`. Errors if `time` is no integer or lies before `now`. */
  at(time: Micros, run: () => unknown): PlainEvent {
    const event = new PlainEvent(run)
    this.#schedule(time, event)
    return event
  }

  after(delay: Micros, run: () => unknown): PlainEvent {
    return this.at(this.#now + delay, run)
  }

  /** Schedules an event that nothing waits for by itself. */
  idly(delay: Micros, run: () => unknown): PlainEvent {
    const event = new PlainEvent(run, true)
    this.#schedule(this.#now + delay, event)
    this.#idle++
    return event
  }

  /**
   * Schedules a delivery. `tie`: an integer from 0 up to `ties`, for deliveries that no cause orders; -1: before all else of its
   * instant. Errors if `time` is
   * no integer or lies before `now`.
   */
  deliver(time: Micros, delivery: Delivery, tie = 0): void {
    this.#schedule(time, delivery, tie)
  }

  /** Withdraws an event or a delivery; false if it has happened or was withdrawn before. */
  cancel(event: PlainEvent | Delivery): boolean {
    if (this.#queue.remove(event)) {
      if (event instanceof PlainEvent && event.idle) this.#idle--
      return true
    }
    // It may be in the present turn, with its handler still to come: then it has not happened yet.
    if (!this.#open || event instanceof PlainEvent || !event.recall()) return false
    this.#executed--
    return true
  }

  /** Ends this run or the next: it rejects with `error` once the present event or turn is over. The first counts. */
  fail(error: unknown): void {
    this.#failure ??= { error: asError(error) }
  }

  /** Has an event failed? Then nothing more happens here. */
  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Flies until nothing is left, or `until`, or `stop`. Rejects with the first error of an event, handler or check. */
  async run(options: RunOptions = {}): Promise<void> {
    if (this.#landed) throw new KernelError('run() was called while the kernel is running; await the first call')
    if (this.#failure && this.#aborted) {
      const time = formatMicros(this.#now)
      throw new KernelError(`this kernel failed at ${time}; start again with a new one`, { cause: this.#failure.error })
    }
    this.#until = options.until ?? Infinity
    this.#stop = options.stop
    if (!Number.isSafeInteger(this.#until) && this.#until !== Infinity) {
      throw new KernelError(`run({ until: ${this.#until} }): until is an instant in integer microseconds`)
    }
    await new Promise<void>((resolve, reject) => {
      this.#landed = { resolve, reject }
      this.#pump()
    })
  }

  #schedule(time: Micros, event: PlainEvent | Delivery, tie = 0): void {
    if (time < this.#now) throw new KernelError(`an event at ${time} would be in the past: it is ${this.#now} now`)
    if (time > clockEnd && time < Infinity) throw new ClockError(`At ${formatMicros(this.#now)} something was set for ${formatMicros(time)}`)
    if (!Number.isSafeInteger(time)) {
      const rule = 'times are integer microseconds; round with ms(), seconds() or micros()'
      throw new KernelError(`an event at ${time}: ${rule}`)
    }
    this.#queue.push(event, time, (tie >= 0 && time === this.#now ? ties + 1 : tie) * apart + this.#ranks++)
  }

  /** Goes on until something must be waited for. A field, so that a turn allocates no closure. */
  readonly #pump = (): void => {
    try {
      if (this.#open) this.#settle()
      for (;;) {
        if (this.#failure) throw this.#failure.error
        const event = this.#queue.peek()
        if (event === undefined && this.#exhausted?.() === true) continue
        if (event === undefined || event.time > this.#until) return this.#land(true)
        if (this.#stop?.() === true) return this.#land(false)
        if (event.time !== this.#now) this.#before = this.#executed
        this.#now = event.time
        if (this.#executed - this.#before >= this.#mostAtOnce || this.#executed >= this.#most) throw this.#endless()
        const waiting = event instanceof PlainEvent ? this.#happen(event) : this.#take(event)
        if (waiting === immediate) return void setImmediate(this.#pump)
        if (waiting !== undefined) return void waiting.then(this.#pump, this.#abort)
        this.#settle()
        if (++this.#held < breath) continue
        this.#held = 0
        return void setImmediate(this.#pump)
      }
    } catch (error) {
      this.#abort(error)
    }
  }

  #endless(): EndlessError {
    const still = this.#executed - this.#before >= this.#mostAtOnce
    const what = still ? `${this.#mostAtOnce} events have happened at ${formatMicros(this.#now)}, and time does not go on` : `${this.#most} events have happened by ${formatMicros(this.#now)}`
    return new EndlessError(`This has no end: ${what}. Somebody waits for what comes at once, or asks again and again.`, { time: this.#now })
  }

  #happen(event: PlainEvent): PromiseLike<unknown> | undefined {
    this.#queue.pop()
    this.#executed++
    this.#open = true
    if (event.idle) {
      this.#idle--
      this.#idled++
    } else this.#idled = 0
    const work = event.run()
    return isThenable(work) ? work : undefined
  }

  /** Takes a turn that begins with `first`, or waits for what `first` carries. */
  #take(first: Delivery): PromiseLike<unknown> | typeof immediate | undefined {
    const waiting = first.waits()
    if (waiting) return waiting
    const queue = this.#queue
    const turn = ++this.#turn
    this.#idled = 0
    this.#held = 0
    queue.pop()
    this.#executed++
    this.#open = true
    if (!first.joins(turn, 0)) {
      first.miss()
      return undefined
    }
    first.dispatch()
    for (let taken = 1; taken < this.#deliveriesPerTurn; taken++) {
      const next = queue.peek()
      if (next === undefined || next.time !== this.#now) break
      if (next instanceof PlainEvent || !next.joins(turn, taken)) break
      queue.pop()
      this.#executed++
      next.dispatch()
    }
    return immediate
  }

  #settle(): void {
    this.#open = false
    if (!this.#failure) this.afterEvent?.()
  }

  #land(exhausted: boolean): void {
    if (exhausted && Number.isFinite(this.#until)) this.#now = Math.max(this.#now, this.#until)
    const { resolve } = this.#landed!
    this.#landed = undefined
    resolve()
  }

  readonly #abort = (error: unknown): void => {
    this.fail(error)
    this.#aborted = true
    this.#open = false
    const { reject } = this.#landed!
    this.#landed = undefined
    reject(this.#failure!.error)
  }
}

/** What `take` answers when handlers will run in immediates: one immediate later they have all ended. */
const immediate = Symbol('immediate')

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function'
