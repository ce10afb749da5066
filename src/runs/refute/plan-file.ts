import { SpecificationError } from '../../errors.js'
import type { Plan } from '../../faults/plan.js'
import { type FaultInput, faultsSchema } from '../../faults/registry.js'
import { fromZod } from '../../documents/problem.js'
import type { JsonSchema } from '../../documents/names.js'
import { pinned } from '../../lab/shrink/pin.js'
import { z } from 'zod'
import type { PlanFile } from '../simulate.js'

const isPlan = (value: unknown): value is Plan =>
  typeof value === 'object' && value !== null && Array.isArray((value as { faults?: unknown }).faults) &&
  (value as Plan).faults.every((one) => typeof one === 'object' && one !== null && 'fault' in one && 'targets' in one)

/**
 * Faults of a file: a list as a specification has it, or a plan as `plan --json` writes it, whose faults are about those whom
 * it has drawn. Errors name the place in the file.
 */
export const faultsOf = ({ value, source }: PlanFile): readonly FaultInput[] => {
  const given: unknown = isPlan(value) ? pinned(value, '').case.faults : value
  const parsed = faultsSchema.safeParse(given)
  if (!parsed.success) {
    throw fromZod(parsed.error, given, z.toJSONSchema(faultsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, source, { whole: 'the plan' })
  }
  const faults = given as readonly FaultInput[] | undefined
  if (faults === undefined || faults.length === 0) throw new SpecificationError('--plan: there is no fault in it. Give a list of faults.')
  return faults.map((fault, i) => ({ ...fault, id: fault.id ?? `f${i + 1}` }))
}
