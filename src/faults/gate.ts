import type { FlightEvent } from '../record/event.js'
import type { Micros } from '../time/micros.js'
import type { Hooks } from './fault.js'
import { watcher } from './trigger.js'
import type { When } from './window.js'

/** When a fault is on that waits for an event, and that it is off once it is calm. */
export class Gate {
  readonly #sets: ((event: FlightEvent) => boolean) | undefined
  readonly #lasts: Micros
  /** [from, until) of virtual time, one after the other. */
  readonly #on: [Micros, Micros][] = []
  #calmFrom = Infinity
  #now: Micros = 0

  constructor({ when, lasts = Infinity, repeat }: When, parts: readonly string[]) {
    this.#sets = when && watcher(when, parts, repeat?.times)
    this.#lasts = lasts
    if (when === undefined) this.#on.push([0, Infinity])
  }

  see(event: FlightEvent): void {
    this.#now = event.at
    if (event.kind === 'calm') this.#calmFrom = event.at
    if (this.#sets?.(event) === true) this.#on.push([event.at, event.at + this.#lasts])
  }

  /** At an instant; now, where none is given. */
  isOn(at = this.#now): boolean {
    return at < this.#calmFrom && this.#on.some(([from, until]) => at >= from && at < until)
  }
}

/** A fault's hooks, heard only while its gate is open. Lives are stopped elsewhere. */
export const gated = (hooks: Hooks, gate: Gate): Hooks => {
  const { messages, slow, partial, narrow, absence, poison, forge, inbox, clock, door } = hooks
  return {
    ...hooks,
    ...(messages && {
      messages: {
        ...messages,
        ...(messages.lost && { lost: (envelope, copy) => (gate.isOn(envelope.sent) ? messages.lost!(envelope, copy) : undefined) }),
        ...(messages.delay && { delay: (envelope, copy) => (gate.isOn(envelope.sent) ? messages.delay!(envelope, copy) : 0) }),
        ...(messages.copies && { copies: (envelope) => (gate.isOn(envelope.sent) ? messages.copies!(envelope) : []) }),
        ...(messages.flips && { flips: (envelope, copy) => (gate.isOn(envelope.sent) ? messages.flips!(envelope, copy) : []) }),
      },
    }),
    ...(slow && { slow: { ...slow, course: (began) => slow.course(began), slowed: slow.slowed.bind(slow), strikes: (client, round) => gate.isOn() && slow.strikes(client, round) } }),
    ...(partial && { partial: (client, round) => (gate.isOn() ? partial(client, round) : undefined) }),
    ...(narrow && { narrow: { ...narrow, narrowed: narrow.narrowed.bind(narrow), strikes: (client, round) => gate.isOn() && narrow.strikes(client, round) } }),
    ...(absence && { absence: { ...absence, strikes: (client: string, round: number, at?: Micros) => gate.isOn(at) && absence.strikes(client, round, at as Micros) } }),
    ...(poison && { poison: (values, about) => (gate.isOn() ? poison(values, about) : values) }),
    ...(forge && { forge: (fold) => (gate.isOn() ? forge(fold) : new Map()) }),
    ...(inbox && { inbox: { ...inbox, ask: (envelope, now) => (gate.isOn(now) ? inbox.ask(envelope, now) : 'deliver') } }),
    ...(clock && {
      clock: { ...clock, offset: (at) => (gate.isOn(at) ? clock.offset(at) : 0), drift: (at) => (gate.isOn(at) ? clock.drift(at) : 0), waited: clock.waited.bind(clock) },
    }),
    ...(door && { door: (envelope, now) => (gate.isOn(now) ? door(envelope, now) : 'deliver') }),
  }
}
