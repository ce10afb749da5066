import { basename, resolve as absolute } from 'node:path'

import { z } from 'zod'

import type { JsonSchema } from '../../documents/names.js'
import { fromZod, specificationError, type Problem } from '../../documents/problem.js'
import { applied } from '../../simulation/resolve.js'
import { type LoadedSweep, loadSwept } from '../load.js'
import { axesOfFlags, type SweepFlags } from './flags.js'
import { studyOf, type Swept, type SweptStudy } from './plan.js'
import { sweepFieldSchema, sweepScriptSchema } from './schema.js'
import type { Axes, Sweep, SweepPlan } from './sweep.js'

const jsonOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema

/** What a file says of its sweep, checked. Errors name file, line and path. */
const planIn = ({ sweep, source, in: kind }: LoadedSweep): SweepPlan => {
  if (sweep === undefined) return {}
  const [schema, value] = kind === 'document' ? [sweepFieldSchema, { sweep }] : [sweepScriptSchema, sweep]
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw fromZod(parsed.error, value, jsonOf(schema), source, { whole: 'the sweep' })
  const { kind: _, base: __, ...plan } = sweep as Sweep
  return plan
}

/** An axis that a flag gives takes the place of the file's. */
const withFlags = (plan: SweepPlan, axes: Axes, { metric }: SweepFlags): SweepPlan => {
  const grid = { ...plan.grid, ...axes.grid }
  const random = { ...plan.random, ...axes.random }
  const given = new Set([...Object.keys(axes.grid ?? {}), ...Object.keys(axes.random ?? {})])
  const left = <T>(own: Readonly<Record<string, T>>, flags: Readonly<Record<string, T>> | undefined): Record<string, T> =>
    Object.fromEntries(Object.entries(own).filter(([path]) => !given.has(path) || Object.hasOwn(flags ?? {}, path)))
  const [crossed, draws] = [left(grid, axes.grid), left(random, axes.random)]
  const { grid: _, random: __, ...others } = { ...plan, ...axes }
  return {
    ...others,
    ...(Object.keys(crossed).length > 0 && { grid: crossed }), ...(Object.keys(draws).length > 0 && { random: draws }),
    ...(metric !== undefined && { metric }),
  }
}

/** What cannot be known of one field alone. */
const problemsIn = ({ grid, list, random, draws, seeds = 1 }: SweepPlan): Pick<Problem, 'rule' | 'advice'>[] => {
  if (random !== undefined && draws === undefined) return [{ rule: 'draws values and does not say how many', advice: 'Give draws (--draws), such as 20.' }]
  if (random === undefined && draws !== undefined) return [{ rule: 'says how many values are drawn, and draws none', advice: "Give random (--random 'local.optimizer.rate=log(1e-4,1e-1)')." }]
  if (grid ?? list ?? random) return []
  return seeds > 1 ? [] : [{ rule: 'has one point and one seed', advice: 'Give grid (--grid strategy.mu=.01,.1), list (--point), random (--random) or seeds (--seeds 3).' }]
}

/** What a message about an axis begins with. */
const whereIn = ({ source, in: kind, sweep }: LoadedSweep, flags: Axes): Swept['where'] => (field, axis) => {
  const ofFlag = field === 'list' ? flags.list !== undefined : Object.hasOwn(flags[field] ?? {}, axis)
  if (ofFlag || sweep === undefined) return field === 'list' ? '--point ' : `--${field} `
  const path = kind === 'document' ? ['sweep', field] : [field]
  const { where } = source.place(field === 'list' ? path : [...path, axis], 'name')
  return `${where ? `${where}: ` : ''}${path.join('.')} `
}

/** A sweep that a file says, or flags over any simulation, as the study that it is. */
export const loadSweep = async (
  file: string, cwd: string, flags: SweepFlags,
): Promise<SweptStudy & { readonly script: LoadedSweep['script'] }> => {
  const loaded = await loadSwept(file, cwd)
  const { source, script, name, specification } = loaded
  const axes = axesOfFlags(flags)
  const plan = withFlags(planIn(loaded), axes, flags)
  const [wrong] = problemsIn(plan)
  if (wrong) throw specificationError([{ path: [], at: 'value', ...wrong }], { ...source, place: () => ({ where: script.file }) }, 'the sweep')
  if (typeof specification !== 'object' || specification === null) {
    throw specificationError([{ path: [], at: 'value', rule: 'must be a group of fields' }], source)
  }
  const { value: base, source: told } = applied(specification, { ...(flags.set && { set: flags.set }), source })
  const typed = loaded.in === 'document' || loaded.sweep === undefined
  const data = flags.data === undefined ? undefined : basename(absolute(cwd, flags.data))
  return { ...studyOf({ base, plan, name, ...(data !== undefined && { data }), source: told, typed, where: whereIn(loaded, axes) }), script }
}
