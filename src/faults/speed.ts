import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Draws } from './draws.js'
import type { FaultOf } from './fault.js'
import type { PlannedFault } from './plan.js'
import { strikes } from './window.js'

/** A straggler fault made ready: how many times slower the device is over time. */
export interface Slowness {
  readonly planned: PlannedFault
  readonly draws: Draws
  /** Does it strike this client in this round? */
  strikes(client: Name, round: number): boolean
  /** Instants at which the factor changes, in order. */
  readonly changes: readonly Micros[]
  /** Time per work at `at`: 1 when the fault is off, 8 when the device is eight times slower. */
  factor(at: Micros): number
}

export const createSlowness = (planned: PlannedFault, fault: FaultOf<'slow'>, draws: Draws): Slowness => {
  const from = fault.from ?? 0
  const until = fault.until ?? Infinity
  const profile = fault.profile ?? [[0, fault.by ?? 1] as [Micros, number]]
  const inside = profile.map(([at]) => at).filter((at) => at > from && at < until)
  const changes = [from, ...inside, ...(until === Infinity ? [] : [until])]
  return {
    planned,
    draws,
    strikes: (client, round) => strikes(fault, draws, client, round),
    changes,
    factor: (at) => {
      if (at < from || at >= until) return 1
      let factor = 1
      for (const [begin, value] of profile) if (begin <= at) factor = value
      return factor
    },
  }
}

/** Parts of a microsecond that sums of fractions may be off by; less than this never rounds an end up. */
const tolerance = 1e-6

/**
 * When `cost` microseconds of undisturbed work end that begin at `start`, under all of `slow` at once (factors
 * multiply): the work done is the integral of 1 / factor over time, piece by piece; the end is rounded up.
 */
export const endOfWork = (start: Micros, cost: Micros, slow: readonly Slowness[]): Micros => {
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
