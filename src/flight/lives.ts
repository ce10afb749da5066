import type { NactHost } from '../actors/nact-host.js'
import type { Core } from '../faults/core.js'
import type { Life } from '../faults/fault.js'
import type { AnyLife } from '../federation/life.js'
import type { Network } from '../network/network.js'
import type { Weather } from '../faults/weather.js'
import { OUTSIDE } from '../record/event.js'
import type { FlightRecorder } from '../record/flight-recorder.js'
import { fateOf } from '../record/happenings.js'
import type { Name } from '../roster/participant.js'
import type { Kernel } from '../time/kernel.js'
import type { Micros } from '../time/micros.js'
import type { Checkpoints, Kept } from './checkpoints.js'

export interface LivesOptions {
  readonly kernel: Kernel
  readonly host: NactHost
  readonly network: Network
  readonly record: FlightRecorder
  /** Everybody's life, by name. */
  readonly lives: ReadonlyMap<Name, AnyLife>
  readonly checkpoints: Checkpoints
  readonly weather: Pick<Weather, 'absence' | 'forgotten'>
  /** True once the last round has closed: nobody dies or comes back after that. */
  readonly over: () => boolean
  /** True once the calm phase has begun: nobody dies, sleeps or is cut off by a fault after that. */
  readonly calm: () => boolean
  /** Told when an event has brought somebody back, or may have. */
  readonly returned: () => void
  /** Who is healed then; undefined: everybody is. */
  readonly core?: Core | undefined
}

/** What makes good, and happens in a calm phase, too. */
const mends: ReadonlySet<Life['kind']> = new Set(['restart', 'back', 'rates', 'heal', 'release'] as const)

/**
 * Births, deaths and returns of actors of every role, through one door. A crash is fail-stop: state, timers, work and
 * what is on the lines are lost. Who comes back does so with its checkpoint or with nothing, and is told so. Who is put to
 * sleep loses nothing: its timers and its work wait, and so does what arrives.
 */
export class Lives {
  readonly #options: LivesOptions
  /** Who sleeps or is busy, and until when. */
  readonly #closed = new Map<Name, Micros>()
  /** Brings one of the dead back. */
  readonly #dead = new Map<Name, () => void>()
  /** Who has come back, once at least. */
  readonly #reborn = new Set<Name>()
  /** Of the dead: what they would be if they came back now. */
  readonly #remains = new Map<Name, unknown>()

  constructor(options: LivesOptions) {
    this.#options = options
  }

  /** Everybody begins. */
  begin(): void {
    const { host, lives, checkpoints } = this.#options
    for (const [name, life] of lives) {
      host.spawn(name, life.behaviour, life.begin())
      checkpoints.begin(name)
    }
  }

  life(name: Name): AnyLife {
    return this.#options.lives.get(name)!
  }

  alive(name: Name): boolean {
    return this.#options.host.alive(name)
  }

  /** An actor's state; of a dead one, what it would come back with. */
  state<State>(name: Name): State {
    const { host, lives } = this.#options
    if (host.alive(name)) return host.state<State>(name)
    return (this.#remains.get(name) ?? lives.get(name)!.begin()) as State
  }

  isReborn(name: Name): boolean {
    return this.#reborn.size > 0 && this.#reborn.has(name)
  }

  /** Until when an actor's door is closed, because it sleeps or is busy. */
  closedUntil(name: Name): Micros | undefined {
    return this.#closed.size === 0 ? undefined : this.#closed.get(name)
  }

  /** An actor does something until then, and takes nothing in meanwhile. */
  close(name: Name, until: Micros): void {
    this.#closed.set(name, Math.max(until, this.#closed.get(name) ?? 0))
  }

  /** Has a life event happen at its time, or now if that is past. */
  schedule(event: Life): void {
    const { kernel, record, calm } = this.#options
    kernel.at(Math.max(event.at, kernel.now), () => {
      record.cause = OUTSIDE
      if (calm() && !mends.has(event.kind)) return
      if ('stopped' in event && event.stopped?.() === true) return
      if (event.kind === 'crash') this.#crash(event)
      else if (event.kind === 'restart') this.#dead.get(event.who)?.()
      else if (event.kind === 'back') this.#options.returned()
      else if (event.kind === 'rates') this.#options.network.rerate(event.whose, event.place)
      else if (event.kind === 'pause') this.#pause(event)
      else if (event.kind === 'leave') this.#leave(event)
      else this.#links(event)
    })
  }

  /** Brings those back who are dead; everybody, where nobody is named. */
  revive(whom?: ReadonlySet<Name>): void {
    for (const [name, restart] of this.#dead) if (whom === undefined || whom.has(name)) restart()
  }

  /** Somebody dies for good. */
  lose(who: Name, fault: string): void {
    this.#crash({ kind: 'crash', who, at: this.#options.kernel.now, keeps: 'nothing', fault })
  }

  /** It is calm, and this one is not healed. */
  #isBroken(who: Name): boolean {
    const { calm, core } = this.#options
    return core !== undefined && calm() && !core.members.has(who)
  }

  #crash({ who, restartAt, keeps, fault }: Extract<Life, { kind: 'crash' }>): void {
    const { kernel, host, network, record, lives, checkpoints, weather, over } = this.#options
    if (over() || !host.alive(who)) return
    const life = lives.get(who)!
    const state = host.state(who)
    const kept = keeps === 'checkpoint' ? checkpoints.take(who, state, weather.forgotten(who, kernel.now)) : undefined
    const undone = life.undone?.(state, kept?.checkpoint) ?? []
    network.cut(who, fault)
    host.kill(who)
    this.#closed.delete(who)
    this.#remains.set(who, kept === undefined ? life.begin() : life.restore(kept.checkpoint))
    const back = restartAt === undefined ? undefined : Math.max(restartAt, kernel.now)
    const death = record.tell(who, { kind: 'life', what: 'crash', fault, keeps, back })
    for (const envelope of undone) record.tell(who, fateOf(envelope, 'undone'), death)
    const restart = (): void => {
      if (over() || this.#dead.get(who) !== restart || this.#isBroken(who)) return
      this.#dead.delete(who)
      this.#restart(who, keeps, fault, kept)
    }
    this.#dead.set(who, restart)
    if (back === undefined) return
    if (back === kernel.now) restart()
    else {
      kernel.at(back, () => {
        record.cause = OUTSIDE
        restart()
      })
    }
  }

  #restart(who: Name, keeps: 'nothing' | 'checkpoint', fault: string, kept: Kept | undefined): void {
    const { kernel, host, record, lives } = this.#options
    const life = lives.get(who)!
    this.#remains.delete(who)
    this.#reborn.add(who)
    host.spawn(who, life.behaviour, kept === undefined ? life.begin() : life.restore(kept.checkpoint))
    record.tell(who, { kind: 'life', what: 'restart', fault, keeps, back: kernel.now, ...(kept?.whole === true && { whole: true }) })
    // Before a message that comes in this instant: it must not be taken in by one that does not know where the others are.
    if (life.wake !== undefined) host.tellFirst(who, { from: who, message: life.wake(kept?.whole === true) })
    this.#options.returned()
  }

  #pause({ who, until, fault }: Extract<Life, { kind: 'pause' }>): void {
    const { kernel, host, record, over } = this.#options
    if (over() || !host.alive(who) || until <= kernel.now) return
    record.tell(who, { kind: 'life', what: 'pause', fault, keeps: 'checkpoint', back: until })
    this.close(who, until)
    host.pause(who, until)
    kernel.at(until, () => {
      record.cause = OUTSIDE
      if (over() || !host.alive(who) || this.#closed.get(who) !== until) return
      record.tell(who, { kind: 'life', what: 'resume', fault, keeps: 'checkpoint', back: until })
    })
  }

  /** Links are cut or whole again, or what was held at doors is let go. */
  #links(event: Extract<Life, { kind: 'cut' | 'heal' | 'release' }>): void {
    const { network, record, over } = this.#options
    const { kind, who, fault } = event
    if (kind !== 'release' && over()) return
    record.tell(who, { kind: 'link', what: kind, fault })
    if (kind === 'cut') network.sever((from, to) => event.crosses(from, to), fault)
    else if (kind === 'release') network.release(fault)
  }

  /** A client goes out of reach: what is on its lines is cut, unless something has called it back meanwhile. */
  #leave({ who, fault }: Extract<Life, { kind: 'leave' }>): void {
    const { kernel, network, record, weather } = this.#options
    if (weather.absence(who, kernel.now) === undefined) return
    record.tell(who, { kind: 'leave', fault })
    network.cut(who, fault)
  }
}
