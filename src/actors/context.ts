import type { Streams } from '../random/streams.js'
import type { FlightRecorder, Told } from '../record/flight-recorder.js'
import type { Guard } from '../time/guard.js'
import type { Kernel } from '../time/kernel.js'
import type { Micros } from '../time/micros.js'
import { ActorError } from './actor-error.js'
import type { Name } from '../roster/participant.js'
import type { Context, Message } from './actor.js'
import type { Cell } from './cell.js'
import type { Pending } from './pending.js'

/** What a handler's wishes are passed on to. */
export interface Surroundings {
  readonly kernel: Kernel
  readonly streams: Streams
  readonly guard: Guard | undefined
  readonly pending: Pending
  readonly record: Pick<FlightRecorder, 'tell' | 'cause'>
  send(from: Name, to: Name, message: Message): void
}

/**
 * The context of one message. It is revoked when the handler returns: a later use throws, and ends the run as well,
 * because whatever woke up then (a promise, a callback) has the real clock in it.
 *
 * What it passes on to is no part of the handler: the guard is lifted there, and comes back with the handler.
 */
export class HandlerContext implements Context {
  #live = true

  constructor(
    private readonly around: Surroundings,
    private readonly cell: Cell,
    private readonly kind: string,
  ) {}

  get self(): Name {
    this.#check('self')
    return this.cell.name
  }

  get incarnation(): number {
    this.#check('incarnation')
    return this.cell.incarnation
  }

  get now(): Micros {
    this.#check('now')
    const { now } = this.around.kernel
    const { clock } = this.cell
    return clock === undefined ? now : clock.read(now)
  }

  get streams(): Streams {
    this.#check('streams')
    return this.around.streams
  }

  send(to: Name, message: Message): void {
    this.#check('send')
    const { guard } = this.around
    const who = guard?.enter(undefined)
    try {
      this.around.send(this.cell.name, to, message)
    } finally {
      guard?.leave(who)
    }
  }

  after(delay: Micros, message: Message): number {
    this.#check('after')
    return this.around.pending.after(this.cell, delay, message)
  }

  cancel(timer: number): void {
    this.#check('cancel')
    this.around.pending.cancel(this.cell, timer)
  }

  compute(job: unknown, cost: Micros): number {
    this.#check('compute')
    const { guard, pending } = this.around
    const who = guard?.enter(undefined)
    try {
      return pending.compute(this.cell, job, cost)
    } finally {
      guard?.leave(who)
    }
  }

  abandon(computation: number): void {
    this.#check('abandon')
    const { guard, pending } = this.around
    const who = guard?.enter(undefined)
    try {
      pending.abandon(this.cell, computation)
    } finally {
      guard?.leave(who)
    }
  }

  record(what: Told): void {
    this.#check('record')
    this.around.record.tell(this.cell.name, what)
  }

  /** Called by the host when the handler has returned. */
  static revoke(context: HandlerContext): void {
    context.#live = false
  }

  #check(member: string): void {
    if (this.#live) return
    const { kernel } = this.around
    const what =
      `used ctx.${member} after its handler had returned; what takes time must come back as a message: ` +
      'use ctx.compute, ctx.after or ctx.send while the handler runs'
    const error = new ActorError(this.cell.name, this.kind, kernel.now, what)
    kernel.fail(error)
    throw error
  }
}
