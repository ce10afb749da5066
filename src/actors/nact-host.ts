import { randomUUID } from 'node:crypto'
import nact, { type Ref } from 'nact'
import { asError, WindtunnelError } from '../errors.js'
import type { Streams } from '../random/streams.js'
import { FlightRecorder } from '../record/flight-recorder.js'
import type { Clock } from '../time/clock.js'
import type { Guard } from '../time/guard.js'
import type { Delivery, Kernel } from '../time/kernel.js'
import type { Micros } from '../time/micros.js'
import { ActorError } from './actor-error.js'
import type { Name } from '../roster/participant.js'
import type { Behaviour, Message, Received } from './actor.js'
import { Cell } from './cell.js'
import { ComputeQueue, type Execute } from './compute-queue.js'
import { HandlerContext, type Surroundings } from './context.js'
import type { Doorstep, Landing } from './door.js'
import { Letter } from './letter.js'
import { type Charge, Pending, type SpanOf } from './pending.js'

export interface HostOptions {
  readonly kernel: Kernel
  readonly streams: Streams
  /** Forbids the wall clock and unnamed randomness while a handler runs. Installing it is the caller's. */
  readonly guard?: Guard
  /** The network: `ctx.send` calls it. */
  send(from: Name, to: Name, message: Message): void
  /** The devices: when a computation that begins now ends. */
  readonly spanOf: SpanOf
  /** Clocks of actors that do not have the true time; by default everybody has it. */
  readonly clockOf?: ((actor: Name) => Clock | undefined) | undefined
  /** The engine: does jobs for real, one promise each. */
  readonly execute: Execute
  /** Told when a handler begins, with the state that it finds. */
  readonly handles?: ((actor: Name, state: unknown, message: Message) => void) | undefined
  /** Told when a handler has returned, and with which state. */
  readonly handled?: ((actor: Name, state: unknown) => void) | undefined
  /** Told of every computation's end, in the order of virtual time. */
  readonly charged?: (charge: Charge) => void
  /** Where actors tell what happens; by default nobody reads it. */
  readonly record?: Pick<FlightRecorder, 'tell' | 'cause'>
}

/** An actor that is spawned twice, or asked for where none lives. */
export class HostError extends WindtunnelError {}

/** Systems of this process, each with a name of its own: nact would draw sixteen random bytes for each. */
const systems = randomUUID()
let opened = 0

/** nact's own `dispatch` takes a sender; without one it builds a `Nobody` for every message. */
const dispatch = nact.dispatch as (actor: Ref<unknown>, message: Cell, sender: unknown) => void

/**
 * Actors in virtual time. nact owns behaviours, state and delivery; the kernel owns time, order and backlog, so that
 * nact's mailboxes never hold more than the one message that is being handled. Deliveries to one actor that directly
 * follow each other at one instant are handed to nact as one: twenty updates for the aggregator cost one turn.
 *
 * Every incarnation has a cell and a nact name of its own (`client-NL.2`). Faults of handlers never reach nact, whose
 * supervision would print and go on: they end the kernel's run.
 */
export class NactHost {
  readonly #system = nact.start({ name: `${systems}.${opened++}` } as unknown as string)
  readonly #sender = new nact.Nobody()
  readonly #kernel: Kernel
  readonly #guard: Guard | undefined
  readonly #around: Surroundings
  readonly #pending: Pending
  readonly #clockOf: HostOptions['clockOf']
  readonly #cells = new Map<Name, Cell>()
  readonly #incarnations = new Map<Name, number>()
  /** Handlers that were dispatched in this turn and have not ended. */
  #running = 0
  /** Who was handed something last. */
  #last: Cell | undefined
  readonly #door: Doorstep
  readonly #handles: HostOptions['handles']
  readonly #handled: HostOptions['handled']

  constructor(options: HostOptions) {
    const { kernel, streams, guard, charged, record = new FlightRecorder(() => kernel.now) } = options
    this.#kernel = kernel
    this.#guard = guard
    this.#handles = options.handles
    this.#handled = options.handled
    this.#clockOf = options.clockOf
    this.#door = {
      living: (name) => this.#cells.get(name),
      admits: (cell, turn) => {
        if (cell.turn === turn) return cell === this.#last
        cell.turn = turn
        return true
      },
      hand: (cell, item) => {
        this.#last = cell
        if (cell.hand(item) > 1) return
        this.#running++
        dispatch(cell.ref as Ref<unknown>, cell, this.#sender)
      },
      record,
    }
    const queue = new ComputeQueue((jobs) => options.execute(jobs))
    const spanOf: SpanOf = (actor, start, cost, job) => options.spanOf(actor, start, cost, job)
    this.#pending = new Pending(kernel, this.#door, queue, spanOf, charged)
    const send = options.send.bind(options)
    this.#around = { kernel, streams, guard, pending: this.#pending, record, send }
  }

  /** Brings the next incarnation of `name` to life. An error if one lives. */
  spawn<State, M extends Message = Message>(name: Name, behaviour: Behaviour<State, M>, initialState: State): void {
    if (name === '') throw new HostError("spawn(''): an actor needs a name")
    if (this.#cells.has(name)) throw new HostError(`spawn('${name}'): it is alive; kill it first`)
    const incarnation = this.incarnation(name) + 1
    const cell = new Cell(name, incarnation, behaviour as unknown as Behaviour<unknown>, initialState, this.#clockOf?.(name))
    cell.ref = nact.spawn(this.#system, this.#handle, nactName(name, incarnation), { initialState })
    this.#incarnations.set(name, incarnation)
    this.#cells.set(name, cell)
  }

  /**
   * Fail-stop: the incarnation never wakes and never sends; its timers and waiting jobs die with it. Killing the dead
   * changes nothing. Only between turns: a handler that must kill schedules it with `kernel.at(kernel.now, ...)`.
   */
  kill(name: Name): void {
    if (!this.#incarnations.has(name)) throw new HostError(`kill('${name}'): no actor of that name was ever spawned`)
    if (this.#running > 0) {
      const how = `kernel.at(kernel.now, () => host.kill('${name}'))`
      throw new HostError(`kill('${name}') while handlers run: a death is an event of its own; use ${how}`)
    }
    const cell = this.#cells.get(name)
    if (cell === undefined) return
    this.#bury(cell)
    this.#pending.perish(cell)
  }

  /** An actor sleeps until then: its timers are late, and its computations take so much longer. Only between turns. */
  pause(name: Name, until: Micros): void {
    const cell = this.#cells.get(name)
    if (cell === undefined) throw new HostError(`pause('${name}'): nobody of that name is alive; ask alive() first`)
    this.#pending.pause(cell, until)
  }

  /** The flight is over: computations end here, charged until now, and none begins any more. Only between turns. */
  halt(): void {
    this.#pending.halt(this.#cells.values())
  }

  alive(name: Name): boolean {
    return this.#cells.has(name)
  }

  /** The number of the last incarnation, from 1; 0 if there was none. */
  incarnation(name: Name): number {
    return this.#incarnations.get(name) ?? 0
  }

  /** The state that the living incarnation's last handler returned. For evaluation: read it, never change it. */
  state<State>(name: Name): State {
    const cell = this.#cells.get(name)
    if (cell === undefined) throw new HostError(`state('${name}'): nobody of that name is alive; ask alive() first`)
    return cell.state as State
  }

  /**
   * Puts a message on the heap, for whoever lives under `to` at that time. `landing` is then asked just before the
   * handler, which it may spare; `tie`: see `Kernel.deliver`. `kernel.cancel` withdraws what is returned.
   */
  deliver(at: Micros, to: Name, received: Received, landing?: Landing, tie?: number): Delivery {
    const letter = new Letter(this.#door, to, received, landing)
    this.#kernel.deliver(at, letter, tie)
    return letter
  }

  /** Delivers now, after what was scheduled for this instant before. For events of the environment. */
  tell(to: Name, received: Received): void {
    this.deliver(this.#kernel.now, to, received)
  }

  /** Delivers now, before all else that is to happen in this instant. */
  tellFirst(to: Name, received: Received): void {
    this.deliver(this.#kernel.now, to, received, undefined, -1)
  }

  /**
   * Lets go of all actors; computations under way are charged to nobody. The system goes with its actors in it: to stop
   * them one by one would cost as much as to spawn them.
   */
  dispose(): void {
    for (const cell of this.#cells.values()) cell.alive = false
    this.#cells.clear()
    this.#last = undefined
    nact.stop(this.#system)
  }

  #bury(cell: Cell): void {
    cell.alive = false
    nact.stop(cell.ref as Ref<unknown>)
    this.#cells.delete(cell.name)
  }

  /**
   * Runs one cell's handler inside nact, once for each item that it was handed. After a fault, nothing that shares its
   * turn is run.
   */
  readonly #handle = (before: unknown, cell: Cell): unknown => {
    let state = before
    try {
      for (let i = 0; i < cell.waiting; i++) {
        if (this.#kernel.failed || !cell.alive) break
        const item = cell.handed[i]!
        if (!item.opened()) continue
        cell.state = state = this.#call(cell, state, item.received())
        this.#handled?.(cell.name, state)
      }
    } catch (error) {
      this.#kernel.fail(error)
    }
    cell.clear()
    this.#running--
    return state
  }

  #call(cell: Cell, state: unknown, received: Received): unknown {
    const guard = this.#guard
    const { kind } = received.message
    this.#handles?.(cell.name, state, received.message)
    const context = new HandlerContext(this.#around, cell, kind)
    const outer = guard?.enter(cell.label)
    let next: unknown
    try {
      next = cell.behaviour(state, received, context)
    } catch (thrown) {
      const error = asError(thrown)
      throw new ActorError(cell.name, kind, this.#kernel.now, `failed: ${error.message}`, { cause: error })
    } finally {
      guard?.leave(outer)
      HandlerContext.revoke(context)
    }
    if (isThenable(next)) {
      next.then(undefined, () => {})
      const what =
        'returned a promise; handlers are synchronous: let ctx.compute, ctx.after or ctx.send bring the result'
      throw new ActorError(cell.name, kind, this.#kernel.now, what)
    }
    return next
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function'

const escape = (unit: string): string => `$${unit.charCodeAt(0).toString(16)}$`

/** A name that nact takes: what it does not allow (and `$`) becomes `$` and the hexadecimal code unit. */
const nactName = (name: Name, incarnation: number): string => {
  return `${name.replace(/[^a-zA-Z0-9_.+!*'(),-]/g, escape)}.${incarnation}`
}
