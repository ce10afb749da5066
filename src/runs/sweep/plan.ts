import { parsePath } from '../../documents/path.js'
import { shown } from '../../documents/problem.js'
import type { Source } from '../../documents/source.js'
import { SpecificationError } from '../../errors.js'
import { applied, resolve, type ResolveOptions } from '../../simulation/resolve.js'
import type { Setting } from '../../simulation/set.js'
import type { Specification } from '../../simulation/specification.js'
import type { Patch, StudyPlan } from '../study/study.js'
import { grouped, levelsOf, type Group } from './groups.js'
import { pointsOf, type AxisField, type Choice, type PointChoices, type Refuse } from './points.js'
import type { SweepPlan } from './sweep.js'

/** A sweep that was read, and what its errors name. */
export interface Swept {
  readonly base: Partial<Specification>
  readonly plan: SweepPlan
  /** The file's name without its ending. */
  readonly name: string
  /** What is flown on in place of the base's world, where it is. */
  readonly data?: string
  /** Where the base was written. */
  readonly source: Source
  /** Whether values were typed, so that times must have a unit: a script has constants for them. */
  readonly typed: boolean
  /** What a message about an axis begins with: `--grid `, `mine.yaml:7:5: sweep.grid `. */
  readonly where: (field: AxisField, axis: string) => string
}

/** A whole field before what lies in it, and a kind before what else its group holds. */
const order = ({ path }: Choice): number => path.split('.').length * 2 - (path.endsWith('.kind') ? 1 : 0)

/** The choices of a point as settings, in the order in which they can be put in. */
const settingsOf = (choices: readonly Choice[], { where }: Swept): Setting[] =>
  choices.toSorted((a, b) => order(a) - order(b)).map(({ field, axis, path, name, value }) => ({
    text: `${where(field, axis)}${axis}=${name ?? shown(value)}`, path: parsePath(path), value,
  }))

/** Throws all that is wrong with any point, each thing once. */
const checkPoints = (points: readonly PointChoices[], about: ResolveOptions, swept: Swept): void => {
  const told = new Set<string>()
  let wrong = 0
  for (const point of points) {
    try {
      resolve(swept.base as Specification, { ...about, settings: settingsOf(point, swept) })
    } catch (error) {
      if (!(error instanceof SpecificationError)) throw error
      // What is wrong with a value is wrong at all its points: a problem is a line with what is indented below it.
      for (const problem of error.message.split(/\n(?! )/)) told.add(problem)
      // Enough to mend, and what is wrong with one value is wrong at a thousand points.
      if (told.size >= 4 || ++wrong === 8) break
    }
  }
  if (told.size > 0) throw new SpecificationError([...told].join('\n'))
}

/** The fields that a group's choices change, whole: those of conditions and variants are never the same. */
const patchOf = ({ choices }: Group, about: ResolveOptions, swept: Swept): Patch => {
  const { value } = applied(swept.base as Specification, { ...about, settings: settingsOf(choices, swept) })
  const fields = new Set(choices.map(({ path }) => String(parsePath(path)[0])))
  return Object.fromEntries([...fields].map((field) => [field, value[field as keyof Specification]]))
}

const kindOf = (field: unknown): string | undefined => {
  const { kind } = (field ?? {}) as { readonly kind?: unknown }
  return typeof kind === 'string' ? kind : undefined
}

/** `a`, `a and b`, `a, b and c`. */
const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

const axesOf = (points: readonly PointChoices[]): string[] => [...new Set(points.flatMap((point) => point.map(({ path }) => path)))]

/** A sweep as the study that it is. */
export interface SweptStudy {
  readonly plan: StudyPlan
  /** Paths of its axes, in the order in which they were given. */
  readonly axes: readonly string[]
  /** Points that were drawn again, and are flown once. */
  readonly repeated: number
}

/**
 * Every point of a sweep, checked, as conditions and variants of a study: what its paths change becomes whole fields. Throws a
 * `SpecificationError` that says which axis is wrong, and where it was given.
 */
export const studyOf = (swept: Swept): SweptStudy => {
  const { base, plan: { name = base.name ?? `${swept.name}-sweep`, question, seeds = 1, metric, until, ...axes }, source, typed, where } = swept
  const refuse: Refuse = (field, axis, why) => {
    throw new SpecificationError(`${where(field, axis)}${axis}: ${why}.`)
  }
  const { points, repeated } = pointsOf(axes, refuse)
  const about: ResolveOptions = { source, typed, name: swept.name }
  checkPoints(points, about, swept)
  const { conditions, variants, pairs } = grouped(points, { condition: swept.data ?? kindOf(base.world) ?? 'base', variant: kindOf(base.strategy) ?? swept.name })
  const patches = (groups: readonly Group[]): Record<string, Patch> => Object.fromEntries(groups.map((group) => [group.label, patchOf(group, about, swept)]))
  const leveled = [...conditions, ...variants].filter(({ choices }) => choices.length > 0)
  const names = axesOf(points)
  const plan: StudyPlan = {
    name, base,
    question: question ?? (names.length > 0 ? `What does it change: ${listed(names)}?` : 'How much do seeds differ?'),
    conditions: patches(conditions), variants: patches(variants), baselines: [variants[0].label], seeds,
    ...(metric !== undefined && { metric }), ...(until !== undefined && { until }),
    levels: Object.fromEntries(leveled.map((group) => [group.label, levelsOf(group)])),
    ...(pairs.length < conditions.length * variants.length && { pairs }),
  }
  return { plan, axes: names, repeated }
}
