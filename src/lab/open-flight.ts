import { NondeterminismError, SpecificationError } from '../errors.js'
import type { Injection, Planned } from '../faults/fault.js'
import type { Plan } from '../faults/plan.js'
import type { Fault, FaultInput } from '../faults/registry.js'
import type { AggregatorState } from '../federation/aggregator-state.js'
import type { ClientState } from '../federation/client.js'
import type { ExpertState } from '../federation/expert-network.js'
import type { Flight } from '../flight/flight.js'
import { type FlyOptions, plannedAnother, ready } from '../flight/fly.js'
import type { Setup } from '../flight/setup.js'
import type { Simulator } from '../flight/simulator.js'
import type { FlightEvent } from '../record/event.js'
import { show, shown } from '../record/shown.js'
import type { Name } from '../roster/participant.js'
import { didYouMean } from '../documents/did-you-mean.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { copyOf } from '../record/copy.js'

/** A place of a flight: that which was there, or where it is. */
export interface Place extends Injection {
  /** The digest of all canonical events before it. */
  readonly past: string
}

/**
 * Where a flight is to halt: at an instant, when a round has opened or closed, or directly after an event. It halts between
 * two things that happen, so that several events may have been told by then.
 */
export type Halt = Micros | { readonly opened: number } | { readonly closed: number } | ((event: FlightEvent) => boolean)

export interface OpenFlightOptions {
  readonly setup: Setup
  readonly fly: FlyOptions & { readonly plan: Plan }
}

const isReached = (halt: Exclude<Halt, number>): ((event: FlightEvent) => boolean) => {
  if (typeof halt === 'function') return (event) => show(event, 'the function that says where to halt', halt)
  if ('opened' in halt) return (event) => event.kind === 'round-open' && event.round >= halt.opened
  return (event) => event.kind === 'round-close' && event.row.round >= halt.closed
}

const isPlace = (to: Halt | Place): to is Place => typeof to === 'object' && 'past' in to

const comesBefore = (a: Injection, b: Injection): boolean => a.event < b.event || (a.event === b.event && a.at < b.at)

/**
 * A flight that goes on step by step: `const flight = await lab.start()`. Between steps its actors can be looked at, and
 * faults injected and healed. What was done is in its `plan`, which flown with `lab.fly` is this flight, to the digest.
 *
 * There is no other kind of flight behind it: a fault that is injected is put into the plan with its place, and the flight
 * is flown again up to here under that plan before it goes on. So are forks and rewinds. That its past is the same is seen
 * each time, by its digest.
 */
export class OpenFlight {
  readonly #options: OpenFlightOptions
  #plan: Plan
  #place: Place
  #flying: Simulator | undefined
  /** The plan has changed since the simulator took off. */
  #stale = false
  /** What was told in this leg. */
  #events: FlightEvent[] = []
  #halts: ((event: FlightEvent) => boolean) | undefined
  #halted = false
  #busy = false
  #landed = false

  private constructor(options: OpenFlightOptions, plan: Plan, place: Place) {
    this.#options = options
    this.#plan = plan
    this.#place = place
  }

  /** A flight that has begun, and of which nothing has happened. */
  static async begin(options: OpenFlightOptions): Promise<OpenFlight> {
    const flight = new OpenFlight(options, options.fly.plan, { at: 0, event: 0, past: '' })
    await flight.#takeOff()
    flight.#note()
    return flight
  }

  /** What is flown: the faults of the plan that it began with, and what was injected and healed since. Plain JSON. */
  get plan(): Plan {
    return this.#plan
  }

  /** Virtual time. */
  get now(): Micros {
    return this.#place.at
  }

  /** Where it is: to come back to with `rewind`. */
  get place(): Place {
    return this.#place
  }

  /** Is nothing left to happen? */
  get over(): boolean {
    return this.#landed || this.#simulator.exhausted
  }

  /** Does an actor live? */
  alive(name: Name): boolean {
    return this.#simulator.alive(this.#known(name))
  }

  /** An actor's state as it is now, as a copy; of a dead one, what it would come back with. */
  state(name: 'aggregator'): AggregatorState
  state(name: `expert-${number}`): ExpertState
  state(name: `client-${string}`): ClientState
  state(name: Name): unknown
  state(name: Name): unknown {
    return copyOf(this.#simulator.state(this.#known(name)))
  }

  /** Lets the next thing happen of which there is an event, or all that happens until a round closes. Returns the events. */
  step(to: 'event' | 'round' = 'event'): Promise<readonly FlightEvent[]> {
    return this.until(to === 'event' ? () => true : ({ kind }) => kind === 'round-close')
  }

  /** Goes on until then, or to the end. Returns the events that were told, scores not among them. */
  until(halt: Halt): Promise<readonly FlightEvent[]> {
    return this.#alone(async () => {
      await this.#catchUp()
      return this.#leg(halt)
    })
  }

  /**
   * A fault from here on, drawn as a plan draws it. It leaves alone what has begun, such as a training or a message under
   * way, unless it kills. Times in it are virtual times, as in a script: `crash('expert-1', { at: flight.now })`.
   */
  inject(fault: FaultInput): Planned<Fault> {
    this.#demandOpen()
    const { setup, fly: { cwd } } = this.#options
    const { at, event } = this.#place
    const planned: Planned<Fault> = { ...plannedAnother(setup, this.#plan, fault, cwd), injected: { at, event } }
    const { at: when, repeat } = planned.fault as { at?: Micros; repeat?: unknown }
    if (when !== undefined && when < at && repeat === undefined) {
      throw new SpecificationError(`inject: '${planned.id}' is set for ${formatMicros(when)}, and it is ${formatMicros(at)}. Give at: flight.now, or later.`)
    }
    this.#change([...this.#plan.faults, planned])
    return planned
  }

  /** From here on a fault is gone, of the plan or injected: a partition is healed. Who is dead by its doing stays so. */
  heal(id: string): void {
    this.#demandOpen()
    const { faults } = this.#plan
    const ids = faults.map((planned) => planned.id)
    const of = faults.find((planned) => planned.id === id)
    if (of === undefined) throw new SpecificationError(`heal: no fault is called '${id}'. ${didYouMean(id, ids)} There are ${ids.join(', ') || 'none'}.`)
    if (of.healed !== undefined) throw new SpecificationError(`heal: '${id}' was healed at ${formatMicros(of.healed.at)}.`)
    const { at, event } = this.#place
    this.#change(faults.map((planned) => (planned === of ? { ...planned, healed: { at, event } } : planned)))
  }

  /** Another flight with the same past, by flying that past again. Both go their own ways from here. */
  fork(): Promise<OpenFlight> {
    return this.#alone(async () => {
      this.#demandOpen()
      const other = new OpenFlight(this.#options, this.#plan, this.#place)
      await other.#flyTo(this.#place)
      return other
    })
  }

  /**
   * Goes back, by flying again from the beginning up to there. What was injected or healed there or later is undone: other
   * faults can take its place.
   */
  rewind(to: Halt | Place): Promise<readonly FlightEvent[]> {
    return this.#alone(async () => {
      if (typeof to === 'number') this.#undo(({ at }) => at < to)
      else if (isPlace(to)) this.#undo((edge) => comesBefore(edge, to))
      this.#landed = false
      if (isPlace(to)) {
        await this.#flyTo(to)
        return []
      }
      await this.#takeOff()
      const told = await this.#leg(to)
      this.#undo((edge) => comesBefore(edge, this.#place))
      return told
    })
  }

  /** Flies what is left. Nothing more can be done with it then, but to rewind. */
  finish(): Promise<Flight & { readonly plan: Plan }> {
    return this.#alone(async () => {
      this.#demandOpen()
      await this.#catchUp()
      this.#halts = undefined
      const flight = await this.#simulator.end()
      this.#landed = true
      // Canonical events stay a getter: they are written out when somebody reads them.
      return Object.defineProperty(flight, 'plan', { value: this.#plan, enumerable: true }) as Flight & { readonly plan: Plan }
    })
  }

  /** Lets go of it. */
  close(): void {
    this.#landed = true
    this.#simulator.dispose()
  }

  get #simulator(): Simulator {
    return this.#flying!
  }

  /** From the beginning, under the plan as it is now. */
  async #takeOff(): Promise<void> {
    const { setup, fly } = this.#options
    this.#flying?.dispose()
    this.#flying = await ready(setup, {
      ...fly,
      plan: this.#plan,
      stepped: true,
      onEvent: (event) => {
        if (this.#halts !== undefined && event.kind !== 'evaluated') {
          this.#events.push(shown(event))
          if (!this.#halted && this.#halts(event)) this.#halted = true
        }
        fly.onEvent?.(event)
      },
    })
    this.#stale = false
    await this.#flying.begin()
  }

  /** One leg, with what was told on it. */
  async #leg(halt: Halt): Promise<readonly FlightEvent[]> {
    const simulator = this.#simulator
    this.#events = []
    this.#halted = false
    this.#halts = typeof halt === 'number' ? () => false : isReached(halt)
    try {
      await simulator.advance(typeof halt === 'number' ? { until: Math.max(halt, simulator.now) } : { stop: () => this.#halted })
    } finally {
      this.#halts = undefined
      this.#note()
    }
    return this.#events
  }

  #note(): void {
    const { now: at, count: event, past } = this.#simulator
    this.#place = { at, event, past }
  }

  #change(faults: Plan['faults']): void {
    this.#plan = { ...this.#plan, faults }
    this.#stale = true
  }

  /** Takes out of the plan what was injected or healed at places that are not kept. */
  #undo(isKept: (edge: Injection) => boolean): void {
    const before = this.#plan.faults
    const faults = before.flatMap((planned) => {
      const { injected, healed, ...rest } = planned
      if (injected !== undefined && !isKept(injected)) return []
      if (healed === undefined || isKept(healed)) return [planned]
      return [{ ...rest, ...(injected && { injected }) }]
    })
    if (faults.length < before.length || faults.some((planned, i) => planned !== before[i])) this.#change(faults)
  }

  /** Flies the past again where the plan has changed. */
  async #catchUp(): Promise<void> {
    if (this.#stale) await this.#flyTo(this.#place)
  }

  /** From the beginning to a place that was there. */
  async #flyTo(place: Place): Promise<void> {
    await this.#takeOff()
    const again = this.#simulator
    const { at, event, past } = place
    if (again.count < event) await again.advance({ stop: () => again.count >= event })
    if (again.now < at) {
      // What is injected at this very instant is to happen on the leg after it.
      const edges = this.#plan.faults.flatMap(({ injected, healed }) => [injected, healed]).filter((edge) => edge !== undefined)
      const crossed = edges.filter((edge) => !comesBefore(place, edge)).length
      const here = edges.some((edge) => edge.event === event && edge.at === at)
      await again.advance({ until: at, stop: () => here && again.crossed >= crossed })
    }
    if (again.count !== event || again.past !== past) {
      throw new NondeterminismError(`Flown again to ${formatMicros(at)}, the flight was another: ${again.count} events where there were ${event}.`)
    }
    this.#place = place
  }

  #known(name: Name): Name {
    const names = this.#options.setup.participants.map((participant) => participant.name)
    if (names.includes(name)) return name
    throw new SpecificationError(`Nobody is called '${name}'. ${didYouMean(name, names)} There are ${names.slice(0, 24).join(', ')}.`)
  }

  #demandOpen(): void {
    if (this.#landed) throw new SpecificationError('This flight is over. Rewind it, or start another.')
  }

  /** One thing after the other: who forgets to await a step is told. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new SpecificationError('This flight is under way: await the step before.')
    this.#busy = true
    try {
      return await work()
    } finally {
      this.#busy = false
    }
  }
}
