import type { Name } from '../roster/participant.js'
import type { Weather } from '../faults/weather.js'
import type { Micros } from '../time/micros.js'

/** When a transfer occupies a client's link: first to last byte. */
export interface Transfer {
  readonly start: Micros
  readonly end: Micros
}

/**
 * The access links of the clients: one up and one down each, first come, first served, so that the parts of one model
 * share the client's bandwidth as they do on a real line. The server side has no limit of its own.
 */
export class Links {
  readonly #weather: Pick<Weather, 'rate'>
  readonly #busy = { up: new Map<Name, Micros>(), down: new Map<Name, Micros>() }

  constructor(weather: Pick<Weather, 'rate'>) {
    this.#weather = weather
  }

  /** Books `bytes` on the client's link from `now` on. Rates may change on the way; ends are rounded up. */
  book(client: Name, direction: 'up' | 'down', bytes: number, now: Micros): Transfer {
    const start = Math.max(now, this.#busy[direction].get(client) ?? 0)
    const end = this.#drain(client, direction, bytes, start)
    this.#busy[direction].set(client, end)
    return { start, end }
  }

  /** Bytes of a transfer of `bytes` that have passed by `at`. */
  passed(client: Name, direction: 'up' | 'down', bytes: number, transfer: Transfer, at: Micros): number {
    if (at >= transfer.end) return bytes
    if (at <= transfer.start) return 0
    let passed = 0
    let time = transfer.start
    while (time < at) {
      const { bytesPerSecond, until } = this.#weather.rate(client, direction, time)
      const next = Math.min(until, at)
      passed += (bytesPerSecond * (next - time)) / 1e6
      time = next
    }
    return Math.min(bytes, Math.floor(passed))
  }

  /** Forgets what is booked after `at`: the client has left, and its line is free when it comes back. */
  release(client: Name, at: Micros): void {
    for (const busy of [this.#busy.up, this.#busy.down]) if ((busy.get(client) ?? 0) > at) busy.set(client, at)
  }

  #drain(client: Name, direction: 'up' | 'down', bytes: number, start: Micros): Micros {
    let left = bytes
    let time = start
    for (;;) {
      const { bytesPerSecond, until } = this.#weather.rate(client, direction, time)
      const needed = bytesPerSecond > 0 ? (left * 1e6) / bytesPerSecond : Infinity
      if (time + needed <= until) return Math.ceil(time + needed)
      if (until === Infinity) return Infinity
      left -= (bytesPerSecond * (until - time)) / 1e6
      time = until
    }
  }
}
