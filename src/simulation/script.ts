import type { Specification } from './specification.js'

export { check } from '../checks/check.js'
export * from '../faults/all.js'
export type { FaultInput } from '../faults/registry.js'
export * from '../federation/rounds/all.js'
export * from '../codecs/all.js'
export * from '../federation/selection/all.js'
export { roundMachine } from '../federation/rounds/own.js'
export { all, fraction, named, one, region, role, scenario, share, type SelectorInput } from '../roster/selectors.js'
export { gbps, kbps, kib, mbps, mib } from '../network/units.js'
export { burstPresets } from '../faults/bursts.js'
export { device, deviceTrace } from '../schedules/devices.js'
export { bandwidthTrace, latencyTrace, lognormal, uniform } from '../schedules/network.js'
export { always, availabilityTrace, diurnal, periods, windows } from '../schedules/schedule.js'
export * from '../models/all.js'
export * from '../federation/strategies/all.js'
export * from '../federation/topologies/all.js'
export { defineStrategy } from '../federation/strategies/define.js'
export * from '../balancing/constructors.js'
export { adagrad, adam, sgd } from '../engine/program/optimizer.js'
export { defineModel } from '../models/define.js'
export { days, hours, micros, minutes, ms, seconds } from '../time/micros.js'
export type { Specification } from './specification.js'

/*
 * What a script imports: constructors of plain data, so that a script, a YAML file and a JSON file mean the same.
 */

/** A simulation, checked by the compiler. What it says is checked when it is run, so that errors name its path. */
export const simulation = (specification: Specification): Specification => specification
