import type { Micros } from '../time/micros.js'
import type { Course } from './fault.js'

/** Parts of a microsecond that sums of fractions may be off by; less than this never rounds an end up. */
const tolerance = 1e-6

/**
 * When `cost` microseconds of undisturbed work end that begin at `start`, under all of `slow` at once (factors
 * multiply): the work done is the integral of 1 / factor over time, piece by piece; the end is rounded up.
 */
export const endOfWork = (
  start: Micros,
  cost: Micros,
  slow: readonly Course[],
): Micros => {
  if (slow.length === 0) return start + cost
  const changes = [...new Set(slow.flatMap((s) => s.changes))].filter((at) => at > start).sort((a, b) => a - b)
  let time = start
  let left = cost
  for (const next of [...changes, Infinity]) {
    const factor = slow.reduce((product, s) => product * s.factor(time), 1)
    const needed = left * factor
    if (needed <= next - time + tolerance) return time + Math.ceil(needed - tolerance)
    left -= (next - time) / factor
    time = next
  }
  return time
}

/** Undisturbed microseconds of work that are done at `at` of work that begins at `start`. */
export const workDone = (start: Micros, at: Micros, slow: Course): number => {
  let time = start
  let done = 0
  for (const next of [...slow.changes.filter((change) => change > start && change < at), at]) {
    done += (next - time) / slow.factor(time)
    time = next
  }
  return done
}

/** How much longer work of `cost` takes than it would undisturbed, as far as it has come at `at`. */
export const longerBy = (
  start: Micros, cost: Micros, at: Micros, slow: Course,
): Micros => {
  const end = endOfWork(start, cost, [slow])
  return at >= end ? end - start - cost : Math.round(at - start - workDone(start, at, slow))
}
