import type { Micros } from '../time/micros.js'
import type { SlowHook } from './fault.js'

/** Parts of a microsecond that sums of fractions may be off by; less than this never rounds an end up. */
const tolerance = 1e-6

/**
 * When `cost` microseconds of undisturbed work end that begin at `start`, under all of `slow` at once (factors
 * multiply): the work done is the integral of 1 / factor over time, piece by piece; the end is rounded up.
 */
export const endOfWork = (
  start: Micros,
  cost: Micros,
  slow: readonly Pick<SlowHook, 'changes' | 'factor'>[],
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
