import { fitted, isOfCondition } from '../comparison/label.js'
import type { Point } from '../study/study.js'
import type { Choice, PointChoices } from './points.js'

/** Points that share all choices of one side: a condition or a variant of the study. */
export interface Group {
  readonly label: string
  readonly choices: readonly Choice[]
}

/** A sweep's points as conditions, variants, and which of them go together. */
export interface Grouped {
  readonly conditions: readonly Group[]
  readonly variants: readonly Group[]
  readonly pairs: readonly (readonly [condition: string, variant: string])[]
}

/** What a study's manifests say of a group's place. */
export const levelsOf = ({ choices }: Pick<Group, 'choices'>): Point =>
  Object.fromEntries(choices.map(({ path, name, value }) => [path, name ?? value]))

const told = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing'))

/** `strategy.mu=0.1`; a name and a kind stand for themselves, unless there are others like them. */
const labelOf = (choices: readonly Choice[], whole: boolean): string =>
  choices
    .map(({ path, name, value }) => (!whole && (name !== undefined || path.endsWith('.kind')) ? told(name ?? value) : `${path}=${told(name ?? value)}`))
    .join(', ')
    .replaceAll('"', '')

const keyOf = (choices: readonly Choice[]): string => JSON.stringify(choices.map(({ path, name, value }) => [path, name ?? value]))

/** The distinct groups of one side, named apart; `otherwise` names the one that chooses nothing. */
const groupsOf = (sides: readonly (readonly Choice[])[], otherwise: string): Map<string, Group> => {
  const distinct = new Map(sides.map((choices) => [keyOf(choices), choices]))
  const labelled = (whole: boolean): Map<string, Group> => new Map([...distinct].map(([key, choices]) =>
    [key, { label: choices.length === 0 ? otherwise : fitted(labelOf(choices, whole)), choices }]))
  const short = labelled(false)
  const names = new Set([...short.values()].map(({ label }) => label.toLowerCase()))
  return names.size === short.size ? short : labelled(true)
}

/**
 * Where points differ in the world, the labels, the weather, the network or the devices they differ in condition, elsewhere in
 * variant. Where nothing but conditions differs, they are what is compared.
 */
export const grouped = (points: readonly PointChoices[], names: { readonly condition: string; readonly variant: string }): Grouped => {
  const many = points.some((point) => point.some(({ path }) => !isOfCondition(path)))
  const fits = ({ path }: Choice): boolean => many && isOfCondition(path)
  const sides = points.map((point) => ({ condition: point.filter(fits), variant: point.filter((one) => !fits(one)) }))
  const conditions = groupsOf(sides.map(({ condition }) => condition), names.condition)
  const variants = groupsOf(sides.map(({ variant }) => variant), names.variant)
  return {
    conditions: [...conditions.values()],
    variants: [...variants.values()],
    pairs: sides.map(({ condition, variant }) => [conditions.get(keyOf(condition))!.label, variants.get(keyOf(variant))!.label] as const),
  }
}
