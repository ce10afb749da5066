import type { Context, Message } from '../../actors/actor.js'
import type { Content } from '../../network/network.js'
import type { Streams } from '../../random/streams.js'
import type { Told } from '../../record/flight-recorder.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'

/** The handler's context, but what is sent goes through the outbox. */
export class PostContext implements Context {
  constructor(
    private readonly context: Context,
    private readonly post: (to: Name, content: Content) => void,
  ) {}

  get self(): Name {
    return this.context.self
  }

  get incarnation(): number {
    return this.context.incarnation
  }

  get now(): Micros {
    return this.context.now
  }

  get streams(): Streams {
    return this.context.streams
  }

  send(to: Name, message: Message): void {
    this.post(to, message as Content)
  }

  after(delay: Micros, message: Message): number {
    return this.context.after(delay, message)
  }

  cancel(timer: number): void {
    this.context.cancel(timer)
  }

  compute(job: unknown, cost: Micros): number {
    return this.context.compute(job, cost)
  }

  abandon(computation: number): void {
    this.context.abandon(computation)
  }

  record(what: Told): void {
    this.context.record(what)
  }
}
