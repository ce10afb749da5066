import type { Context, Message } from '../../actors/actor.js'
import type { Streams } from '../../random/streams.js'
import type { Told } from '../../record/flight-recorder.js'
import type { Name } from '../../roster/participant.js'
import type { Micros } from '../../time/micros.js'

/** What is a round to an aggregator is, of a region's, one of its region: the flight's rounds are another's. */
const ofRegion = (what: Told): Told => {
  if (what.kind === 'round-open') return { ...what, kind: 'region-open' }
  if (what.kind === 'round-close') return { kind: 'region-close', row: what.row }
  return what
}

/** The context of a regional aggregator for what it does as one. */
export class RegionContext implements Context {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  get self(): Name {
    return this.#context.self
  }

  get incarnation(): number {
    return this.#context.incarnation
  }

  get now(): Micros {
    return this.#context.now
  }

  get streams(): Streams {
    return this.#context.streams
  }

  send(to: Name, message: Message): void {
    this.#context.send(to, message)
  }

  after(delay: Micros, message: Message): number {
    return this.#context.after(delay, message)
  }

  cancel(timer: number): void {
    this.#context.cancel(timer)
  }

  compute(job: unknown, cost: Micros): number {
    return this.#context.compute(job, cost)
  }

  abandon(computation: number): void {
    this.#context.abandon(computation)
  }

  record(what: Told): void {
    this.#context.record(ofRegion(what))
  }
}
