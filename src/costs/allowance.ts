import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Tariff } from './schema.js'

/** What clients have used of the bytes that cost them nothing, in the order in which messages were sent. */
export class Allowance {
  readonly #used = new Map<Name, { period: number; bytes: number }>()

  /** How many of these bytes are to be paid for. */
  beyond(client: Name, tariff: Tariff | undefined, at: Micros, bytes: number): number {
    if (tariff === undefined || tariff.free === 0) return bytes
    const period = tariff.every === undefined ? 0 : Math.floor(at / tariff.every)
    let used = this.#used.get(client)
    if (used === undefined) this.#used.set(client, (used = { period, bytes: 0 }))
    if (used.period !== period) Object.assign(used, { period, bytes: 0 })
    const left = Math.max(0, tariff.free * 1e9 - used.bytes)
    used.bytes += bytes
    return Math.max(0, bytes - left)
  }
}
