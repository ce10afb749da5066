import { clockEnd, type Micros } from '../../time/micros.js'
import type { Rate } from '../weather.js'

/** Something that has a rate at any time. */
export interface Rated {
  rate(at: Micros): Rate
}

/**
 * When the last of `bytes` has passed, if they begin at `start` with nothing in their way: rates may change, ends are
 * rounded up to a microsecond. No bytes pass at once, also at rate 0. Others never do (Infinity) at rate 0 for good, or where
 * they would still be passing when the clock ends.
 */
export const drain = (bytes: number, start: Micros, rated: Rated): Micros => {
  if (bytes === 0) return start
  let left = bytes
  let time = start
  for (;;) {
    const { bytesPerSecond, until } = rated.rate(time)
    const needed = bytesPerSecond > 0 ? (left * 1e6) / bytesPerSecond : Infinity
    if (time + needed <= until) return time + needed <= clockEnd ? Math.ceil(time + needed) : Infinity
    if (until > clockEnd) return Infinity
    left -= (bytesPerSecond * (until - time)) / 1e6
    time = until
  }
}

/** Whole bytes that have passed at `at`, of those that began at `start` with nothing in their way. */
export const passed = (start: Micros, at: Micros, rated: Rated): number => {
  let bytes = 0
  let time = start
  while (time < at) {
    const { bytesPerSecond, until } = rated.rate(time)
    const next = Math.min(until, at)
    bytes += (bytesPerSecond * (next - time)) / 1e6
    time = next
  }
  return Math.floor(bytes)
}
