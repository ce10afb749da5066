import type { RoundsInput } from './rounds.js'
import type { Specification } from './specification.js'

export {
  away,
  crash,
  delay,
  duplicate,
  lose,
  narrow,
  partial,
  slow,
  type FaultInput,
} from '../faults/fault.js'
export { all, fraction, named, one, role, scenario, type SelectorInput } from '../roster/selectors.js'
export { gbps, kbps, kib, mbps, mib } from '../network/units.js'
export { device, deviceTrace } from '../schedules/devices.js'
export { bandwidthTrace, latencyTrace, lognormal, uniform } from '../schedules/network.js'
export { always, availabilityTrace, diurnal, periods, windows } from '../schedules/schedule.js'
export * from '../models/all.js'
export * from '../federation/strategies/all.js'
export { defineStrategy } from '../federation/strategies/define.js'
export * from '../balancing/constructors.js'
export { adam, sgd } from '../engine/program/optimizer.js'
export { defineModel } from '../models/define.js'
export { days, hours, micros, minutes, ms, seconds } from '../time/micros.js'
export type { Specification } from './specification.js'

/*
 * What a script imports: constructors of plain data, so that a script, a YAML file and a JSON file mean the same.
 */

/** A simulation, checked by the compiler. What it says is checked when it is run, so that errors name its path. */
export const simulation = (specification: Specification): Specification => specification

type Terms<Kind> = Omit<Extract<RoundsInput, { kind: Kind }>, 'kind'>

/** Rounds that wait for every selected client. */
export const synchronous = (terms: Terms<'synchronous'>): RoundsInput => ({ kind: 'synchronous', ...terms })

/** Rounds that close when all have answered or `after` has passed, and abort below `quorum`. */
export const deadline = (terms: Terms<'deadline'>): RoundsInput => ({ kind: 'deadline', ...terms })

/** Rounds that close as soon as `quorum` updates are there. */
export const quorum = (terms: Terms<'quorum'>): RoundsInput => ({ kind: 'quorum', ...terms })

/** No common rounds: every update is mixed into the model as it comes (FedAsync). */
export const asynchronous = (terms: Terms<'asynchronous'>): RoundsInput => ({ kind: 'asynchronous', ...terms })

/** No common rounds: `buffer` updates at a time are folded, however old their models (FedBuff). */
export const buffered = (terms: Terms<'buffered'>): RoundsInput => ({ kind: 'buffered', ...terms })

