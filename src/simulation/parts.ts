/*
 * Every schema that the specification takes from elsewhere, in one place.
 */
export { worldSchema } from '../../scenarios/registry.js'
export { faultsSchema } from '../faults/fault.js'
export { selectorSchema } from '../faults/select.js'
export { strategySchema } from '../federation/strategies/registry.js'
export { durationSchema } from '../time/duration.js'
export { modelSchema } from './model.js'
import { z } from 'zod'
export const networkSchema = z.looseObject({}).prefault({})
export const devicesSchema = z.looseObject({}).prefault({})
export const scheduleSchema = z.looseObject({}).prefault({})
