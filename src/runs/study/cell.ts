import { join } from 'node:path'

import { didYouMean } from '../../documents/did-you-mean.js'
import { SpecificationError } from '../../errors.js'
import type { Specification } from '../../simulation/specification.js'
import type { Point, StudyPlan } from './study.js'

/** One run of a study. */
export interface Cell {
  readonly condition: string
  readonly variant: string
  readonly seed: string
  /** Within the study's folder. */
  readonly folder: string
}

/** A name as a folder: what is not a letter, digit, dot, sign or underscore becomes a sign, and so do dots alone. */
export const folderName = (name: string): string => name.replace(/[^\w.-]+/g, '-').replace(/^\.+$/, '-')

/** Where trials of tuning lie: no runs of a table. */
const ofTuning = 'tuning'

/** The base, then the condition, then the variant; the study's runs are named after it. */
export const specificationOf = (plan: StudyPlan, condition: string, variant: string): Specification => {
  const fields = { ...plan.base, ...plan.conditions[condition], ...plan.variants[variant], name: folderName(plan.name) }
  // What a condition or variant takes away is not there.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as Specification
}

/** The variants that are flown under each condition, in the plan's order. */
export const pairsOf = ({ conditions, variants, pairs }: Pick<StudyPlan, 'conditions' | 'variants' | 'pairs'>): readonly (readonly [condition: string, variant: string])[] =>
  pairs ?? Object.keys(conditions).flatMap((condition) => Object.keys(variants).map((variant) => [condition, variant] as const))

/** What a condition and a variant stand for, where the plan says it. */
export const pointOf = ({ levels = {} }: StudyPlan, condition: string, variant: string): Point | undefined => {
  const point = { ...levels[condition], ...levels[variant] }
  return Object.keys(point).length > 0 ? point : undefined
}

/** Every run of a study: seed by seed, so that what is flown so far is always paired. */
export const cellsOf = (plan: StudyPlan): Cell[] =>
  Array.from({ length: plan.seeds }, (_, i) => String(i + 1)).flatMap((seed) =>
    pairsOf(plan).map(([condition, variant]) => ({
      condition, variant, seed, folder: join(folderName(condition), folderName(variant), `seed-${seed}`),
    })),
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
    const taken = names.find((name) => folderName(name) === ofTuning || name.trim() === '')
    if (taken !== undefined) refuse(plan, `one of its ${what} is called "${taken}"${taken.trim() === '' ? '' : ', as the folder of trials is'}. Rename it.`)
    if (twice !== undefined) refuse(plan, `two ${what} have the folder "${folderName(twice)}". Rename one.`)
  }
  const variants = Object.keys(plan.variants)
  if (plan.baselines.length === 0) refuse(plan, 'name at least one variant in baselines.')
  for (const name of [...plan.baselines, ...Object.keys(plan.tuning?.own ?? {})]) {
    if (!variants.includes(name)) refuse(plan, `"${name}" is not one of its variants: ${variants.join(', ')}.`)
  }
  const conditions = Object.keys(plan.conditions)
  for (const name of Object.keys(plan.levels ?? {})) {
    if (!conditions.includes(name) && !variants.includes(name)) {
      refuse(plan, `levels: "${name}" is none of its conditions and variants. ${didYouMean(name, [...conditions, ...variants])}`.trim())
    }
  }
  for (const [condition, variant] of plan.pairs ?? []) {
    if (!conditions.includes(condition) || !variants.includes(variant)) refuse(plan, `pairs: there is no ${variant} under ${condition}.`)
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

/** What is left of pairs and levels where some conditions or variants are left out. */
const onlyPairs = (
  { pairs, levels, conditions, variants }: StudyPlan, fits: (pair: readonly [string, string]) => boolean,
): Pick<StudyPlan, 'pairs' | 'levels'> => {
  const own = new Set(pairsOf({ conditions, variants, ...(pairs && { pairs }) }).filter(fits).flat())
  return {
    ...(pairs && { pairs: pairs.filter(fits) }),
    ...(levels && { levels: Object.fromEntries(Object.entries(levels).filter(([name]) => own.has(name))) }),
  }
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
    ...onlyPairs(plan, ([, variant]) => names.includes(variant)),
    ...(tuning && { tuning: { ...tuning, own: Object.fromEntries(own) } }),
  }
}

/** The plan under these conditions alone. */
export const onlyConditions = (plan: StudyPlan, names: readonly string[]): StudyPlan => ({
  ...plan,
  conditions: kept(plan, 'conditions', plan.conditions, names),
  ...onlyPairs(plan, ([condition]) => names.includes(condition)),
})
