import { z } from 'zod'

/*
 * Every schema that the specification takes from elsewhere, in one place. Shapes of their own until the areas land.
 */
export const durationSchema = z.int().min(0)
export const selectorSchema = z.looseObject({ kind: z.string() })
export const worldSchema = z.looseObject({ kind: z.string() })
export const modelSchema = z.looseObject({ kind: z.string() })
export { strategySchema } from '../federation/strategies/registry.js'
export const networkSchema = z.looseObject({}).prefault({})
export const devicesSchema = z.looseObject({}).prefault({})
export const scheduleSchema = z.looseObject({}).prefault({})
export const faultsSchema = z.array(z.looseObject({ kind: z.string() })).prefault([])
