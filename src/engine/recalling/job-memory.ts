import type { JobStore } from './job-store.js'

const megabytes = 1e6

/**
 * Results of the newest jobs in memory, for flights one after the other that train the same: a plan whose first fault strikes
 * in round 5 trains four rounds as no plan does. Holds at most so many bytes; what was asked for longest ago goes first.
 */
export class JobMemory implements JobStore {
  readonly #values = new Map<string, Uint8Array>()
  readonly #most: number
  #bytes = 0
  #recalled = 0
  #done = 0

  constructor(most = 256 * megabytes) {
    this.#most = most
  }

  /** Jobs whose results were there. */
  get recalled(): number {
    return this.#recalled
  }

  /** Jobs that were carried out. */
  get done(): number {
    return this.#done
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    this.#recalled++
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  put(key: string, value: Uint8Array): void {
    this.#done++
    // Two flights at once may have done the same job.
    if (value.length > this.#most || this.#values.has(key)) return
    this.#values.set(key, value)
    this.#bytes += value.length
    for (const [oldest, { length }] of this.#values) {
      if (this.#bytes <= this.#most) break
      this.#values.delete(oldest)
      this.#bytes -= length
    }
  }
}
