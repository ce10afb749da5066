import type { FlightEvent } from '../record/event.js'
import type { EventKind, Reader } from '../record/flight-recorder.js'
import type { Micros } from '../time/micros.js'
import type { Hooks, OnOff } from './fault.js'
import { kindsOf, watcher, type Watcher } from './trigger.js'
import { endOf, stopOf, type When } from './window.js'

/**
 * When a fault is on that waits for an event, or stops at one, and that it is off once it is calm. What it stops at is counted
 * from when it begins: by the event that it waits for, which is not counted, by the opening of its first round, or by its
 * time.
 */
export class Gate implements OnOff, Reader {
  readonly #when: When
  readonly #parts: readonly string[]
  readonly #sets: Watcher | undefined
  /** Of a fault that is on now, and stops at an event. */
  #stops: Watcher | undefined
  /** Whether it has begun, of one that waits for no event. */
  #begun = false
  /** [from, until) of virtual time, one after the other. */
  readonly #on: [Micros, Micros][] = []
  #calmFrom = Infinity
  #now: Micros = 0

  constructor(when: When, parts: readonly string[]) {
    this.#when = when
    this.#parts = parts
    this.#sets = when.when && watcher(when.when, parts, when.repeat?.times)
    if (when.when === undefined) this.#on.push([0, Infinity])
  }

  /** All kinds where it goes by the time of every event. */
  get kinds(): readonly EventKind[] | undefined {
    const { when, rounds, lasts } = this.#when
    const stop = stopOf(this.#when)
    if (when === undefined && stop === undefined) return ['calm']
    const byTime = when === undefined ? rounds === undefined : lasts !== undefined
    return byTime ? undefined : ['calm', 'round-open', ...kindsOf(when, stop)]
  }

  see(event: FlightEvent): void {
    const { lasts = Infinity } = this.#when
    this.#now = event.at
    if (event.kind === 'calm') this.#calmFrom = event.at
    if (this.#stops?.(event) === true) {
      this.#stops = undefined
      for (const one of this.#on) one[1] = Math.min(one[1], event.at)
    }
    if (this.#sets?.(event) === true) {
      if (!this.isOn()) this.#stops = this.#watch()
      this.#on.push([event.at, event.at + lasts])
    } else if (this.#sets === undefined && !this.#begun && this.#begins(event)) {
      this.#begun = true
      this.#stops = this.#watch()
      if (this.#when.rounds === undefined) this.see(event)
    }
  }

  /** At an instant; now, where none is given. */
  isOn(at = this.#now): boolean {
    return at < this.#calmFrom && this.#on.some(([from, until]) => at >= from && at < until)
  }

  endsAt(at: Micros): Micros {
    const ends = this.#on.flatMap(([from, until]) => (at >= from && at < until ? [until] : []))
    return Math.min(endOf(this.#when) ?? Infinity, this.#calmFrom, ...(ends.length > 0 ? [Math.max(...ends)] : []))
  }

  #watch(): Watcher | undefined {
    const stop = stopOf(this.#when)
    return stop && watcher(stop, this.#parts)
  }

  #begins(event: FlightEvent): boolean {
    const { rounds, from = 0 } = this.#when
    if (rounds === undefined) return event.at >= from
    return event.kind === 'round-open' && event.round >= rounds[0]
  }
}

/** A fault's hooks, heard only while its gate is open. Lives are stopped elsewhere, and doors see for themselves. */
export const gated = (hooks: Hooks, gate: Gate): Hooks => {
  const { messages, slow, partial, narrow, absence, poison, forge, inbox, clock, forgotten } = hooks
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
    ...(narrow && { narrow: { ...narrow, narrowed: narrow.narrowed.bind(narrow), isOn: (at) => gate.isOn(at), endsAt: (at) => gate.endsAt(at) } }),
    ...(absence && { absence: { ...absence, varies: true, isOn: (at) => gate.isOn(at) } }),
    ...(poison && { poison: (values, about) => (gate.isOn() ? poison(values, about) : values) }),
    ...(forge && { forge: (fold) => (gate.isOn() ? forge(fold) : new Map()) }),
    ...(inbox && { inbox: { ...inbox, ask: (envelope, now) => (gate.isOn(now) ? inbox.ask(envelope, now) : 'deliver') } }),
    ...(clock && {
      clock: { ...clock, offset: (at) => (gate.isOn(at) ? clock.offset(at) : 0), drift: (at) => (gate.isOn(at) ? clock.drift(at) : 0), waited: clock.waited.bind(clock) },
    }),
    ...(forgotten && { forgotten: (who, at) => (gate.isOn(at) ? forgotten(who, at) : 0) }),
  }
}
