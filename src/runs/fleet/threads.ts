import { Piscina } from 'piscina'

import { resourceLimits, threadFile } from '../threads.js'
import type { Commission, Fleet, Order, Outcome } from './fleet.js'
import { failed } from './outcome.js'

/** What a thread is started with. */
export interface ThreadData {
  readonly commission: Commission
  /** One number that all threads see: 1 once they are to stop. */
  readonly stopped: SharedArrayBuffer
}

/** How often a thread looks whether it is to stop, in milliseconds of real time. No result depends on it. */
const period = 50

/** Flies with a signal that is given as soon as the threads are to stop. */
export const stopWith = async <T>(stopped: SharedArrayBuffer, fly: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const stop = new AbortController()
  const seen = new Int32Array(stopped)
  const look = (): void => {
    if (Atomics.load(seen, 0) === 1) stop.abort()
  }
  look()
  const timer = setInterval(look, period)
  try {
    return await fly(stop.signal)
  } finally {
    clearInterval(timer)
  }
}

/**
 * Flies in so many threads, each of which loads the script for itself. A thread that dies, of too little memory or a script
 * that ends it, fails the order that it flew, and another takes its place.
 */
export const flyInThreads = (commission: Commission, size: number): Fleet => {
  const stopped = new SharedArrayBuffer(4)
  const workerData: ThreadData = { commission, stopped }
  let pool: Piscina<Order, Outcome> | undefined
  // Not before there is something to fly: of a study that is there, nothing is.
  const opened = (): Piscina<Order, Outcome> => (pool ??= new Piscina<Order, Outcome>({
    ...threadFile('worker', import.meta.url), minThreads: 1, maxThreads: size, maxQueue: Infinity, idleTimeout: Infinity, workerData, resourceLimits,
  }))
  return {
    size,
    fly: (order) => opened().run(order).catch(failed),
    stop: () => void Atomics.store(new Int32Array(stopped), 0, 1),
    close: async () => pool?.destroy(),
  }
}
