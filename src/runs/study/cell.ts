import { join } from 'node:path'

import { SpecificationError } from '../../errors.js'
import type { Specification } from '../../simulation/specification.js'
import type { StudyPlan } from './study.js'

/** One run of a study. */
export interface Cell {
  readonly condition: string
  readonly variant: string
  readonly seed: string
  readonly specification: Specification
  /** Within the study's folder. */
  readonly folder: string
}

/** A name as a folder: what is not a letter, digit, dot, sign or underscore becomes a sign. */
export const folderName = (name: string): string => name.replace(/[^\w.-]+/g, '-')

/** The base, then the condition, then the variant; the study's runs are named after it. */
export const specificationOf = (plan: StudyPlan, condition: string, variant: string): Specification => ({
  ...plan.base,
  ...plan.conditions[condition],
  ...plan.variants[variant],
  name: folderName(plan.name),
}) as Specification

/** Every run of a study: seed by seed, so that what is flown so far is always paired. */
export const cellsOf = (plan: StudyPlan): Cell[] =>
  Array.from({ length: plan.seeds }, (_, i) => String(i + 1)).flatMap((seed) =>
    Object.keys(plan.conditions).flatMap((condition) =>
      Object.keys(plan.variants).map((variant) => ({
        condition, variant, seed,
        specification: specificationOf(plan, condition, variant),
        folder: join(folderName(condition), folderName(variant), `seed-${seed}`),
      })),
    ),
  )

const refuse = (plan: StudyPlan, what: string): never => {
  throw new SpecificationError(`${plan.name}: ${what}`)
}

/** Refuses a plan that cannot be flown, or whose table would say nothing. */
export const checkPlan = (plan: StudyPlan): void => {
  for (const [what, group] of [['conditions', plan.conditions], ['variants', plan.variants]] as const) {
    const names = Object.keys(group)
    if (names.length === 0) refuse(plan, `there are no ${what}.`)
    const folders = names.map(folderName)
    const twice = names.find((name, i) => folders.indexOf(folders[i]) !== i)
    if (twice !== undefined) refuse(plan, `two ${what} have the folder "${folderName(twice)}". Rename one.`)
  }
  const variants = Object.keys(plan.variants)
  if (plan.baselines.length === 0) refuse(plan, 'name at least one variant in baselines.')
  for (const name of [...plan.baselines, ...Object.keys(plan.tuning?.own ?? {})]) {
    if (!variants.includes(name)) refuse(plan, `"${name}" is not one of its variants: ${variants.join(', ')}.`)
  }
  if (!Number.isInteger(plan.seeds) || plan.seeds < 1) refuse(plan, `seeds is ${plan.seeds}: it must be 1 or more.`)
}

/** The entries with these names; refuses a name that none has. */
const kept = <T>(
  plan: StudyPlan,
  what: string,
  group: Readonly<Record<string, T>>,
  names: readonly string[],
): Record<string, T> => {
  const strange = names.find((name) => !Object.hasOwn(group, name))
  if (strange !== undefined) {
    refuse(plan, `"${strange}" is not one of its ${what}: ${Object.keys(group).join(', ') || 'it has none'}.`)
  }
  return Object.fromEntries(Object.entries(group).filter(([name]) => names.includes(name)))
}

/** The plan with these variants alone; baselines and search spaces of others go with them. Where no baseline is left, the first is one. */
export const onlyVariants = (plan: StudyPlan, names: readonly string[]): StudyPlan => {
  const { tuning } = plan
  const baselines = plan.baselines.filter((name) => names.includes(name))
  const own = Object.entries(tuning?.own ?? {}).filter(([name]) => names.includes(name))
  return {
    ...plan,
    variants: kept(plan, 'variants', plan.variants, names),
    baselines: baselines.length > 0 ? baselines : names.slice(0, 1),
    ...(tuning && { tuning: { ...tuning, own: Object.fromEntries(own) } }),
  }
}

/** The plan under these conditions alone. */
export const onlyConditions = (plan: StudyPlan, names: readonly string[]): StudyPlan => ({
  ...plan,
  conditions: kept(plan, 'conditions', plan.conditions, names),
})
