import type { NactHost } from '../actors/nact-host.js'
import type { Life } from '../faults/fault.js'
import type { AnyLife } from '../federation/life.js'
import type { Network } from '../network/network.js'
import type { Weather } from '../network/weather.js'
import { OUTSIDE } from '../record/event.js'
import type { FlightRecorder } from '../record/flight-recorder.js'
import type { Name } from '../roster/participant.js'
import type { Kernel } from '../time/kernel.js'

export interface LivesOptions {
  readonly kernel: Kernel
  readonly host: NactHost
  readonly network: Network
  readonly record: FlightRecorder
  /** Everybody's life, by name. */
  readonly lives: ReadonlyMap<Name, AnyLife>
  readonly weather: Pick<Weather, 'absence'>
  /** True once the last round has closed: nobody dies or comes back after that. */
  readonly over: () => boolean
}

/**
 * Births, deaths and returns of actors of every role, through one door. A crash is fail-stop: state, timers, work and
 * what is on the lines are lost. Who comes back does so with its checkpoint or with nothing, and sets its timers again.
 */
export class Lives {
  readonly #options: LivesOptions

  constructor(options: LivesOptions) {
    this.#options = options
  }

  /** Everybody begins. */
  begin(): void {
    const { host, lives } = this.#options
    for (const [name, life] of lives) host.spawn(name, life.behaviour, life.begin())
  }

  /** Has a life event happen at its time, or now if that is past. */
  schedule(event: Life): void {
    const { kernel, record } = this.#options
    kernel.at(Math.max(event.at, kernel.now), () => {
      record.cause = OUTSIDE
      if (event.kind === 'crash') this.#crash(event)
      else this.#leave(event)
    })
  }

  #crash({ who, restartAt, keeps, fault }: Extract<Life, { kind: 'crash' }>): void {
    const { kernel, host, network, record, lives, over } = this.#options
    if (over() || !host.alive(who)) return
    const life = lives.get(who)!
    const kept = keeps === 'checkpoint' ? { checkpoint: life.checkpoint(host.state(who)) } : undefined
    network.cut(who, fault)
    host.kill(who)
    const back = restartAt === undefined ? undefined : Math.max(restartAt, kernel.now)
    record.tell(who, { kind: 'life', what: 'crash', fault, keeps, back })
    if (back === undefined) return
    kernel.at(back, () => {
      record.cause = OUTSIDE
      if (over()) return
      host.spawn(who, life.behaviour, kept === undefined ? life.begin() : life.restore(kept.checkpoint))
      record.tell(who, { kind: 'life', what: 'restart', fault, keeps, back })
      if (kept !== undefined && life.wake !== undefined) host.tell(who, { from: who, message: life.wake })
    })
  }

  /** A client goes out of reach: what is on its lines is cut, unless something has called it back meanwhile. */
  #leave({ who, fault }: Extract<Life, { kind: 'leave' }>): void {
    const { kernel, network, record, weather } = this.#options
    if (weather.absence(who, kernel.now) === undefined) return
    record.tell(who, { kind: 'leave', fault })
    network.cut(who, fault)
  }
}
