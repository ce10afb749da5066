import { z } from 'zod'

import { SpecificationError } from '../../errors.js'
import { didYouMean } from '../../documents/did-you-mean.js'
import type { JsonSchema } from '../../documents/names.js'
import { fromZod, type Problem, specificationError } from '../../documents/problem.js'
import { resolve } from '../../simulation/resolve.js'
import { scriptSource, type Source } from '../../documents/source.js'
import { functionFields, specificationSchema } from '../../simulation/specification.js'
import { ats, type At } from '../comparison/gather.js'
import { untilMetric, untilSchema } from '../comparison/until.js'
import { pairsOf, specificationOf } from './cell.js'
import type { StudyPlan } from './study.js'
import { configurationsOf, type Configuration } from './tuning.js'

const groupOf = <T extends z.ZodType>(of: T) => z.record(z.string(), of)
const patch = groupOf(z.unknown())
const values = z.array(z.unknown()).min(1)

/** A study's plan, so far as it can be judged without what it flies. */
const planSchema = z.strictObject({
  name: z.string().min(1),
  question: z.string().min(1),
  base: patch,
  conditions: groupOf(patch),
  variants: groupOf(patch),
  baselines: z.array(z.string()).min(1),
  seeds: z.int().min(1),
  metric: z.string().optional(),
  until: untilSchema.optional(),
  within: z.string().optional(),
  at: z.enum(Object.keys(ats) as [At, ...At[]]).optional(),
  byRows: z.boolean().optional(),
  gain: z.boolean().optional(),
  tuning: z.strictObject({
    configurations: z.int().min(1),
    space: groupOf(values),
    own: groupOf(groupOf(values)).optional(),
    seeds: z.int().min(1),
  }).optional(),
  levels: groupOf(patch).optional(),
  pairs: z.array(z.tuple([z.string(), z.string()])).min(1).optional(),
})

const fields: readonly string[] = [...new Set([...Object.keys(specificationSchema.shape), ...functionFields])]

/** Fields of a patch that no specification has. */
const strangers = (plan: StudyPlan): Problem[] => {
  const patches: (readonly [readonly string[], object])[] = [
    [['base'], plan.base],
    ...Object.entries(plan.conditions).map(([name, of]) => [['conditions', name], of] as const),
    ...Object.entries(plan.variants).map(([name, of]) => [['variants', name], of] as const),
  ]
  return patches.flatMap(([path, of]) => Object.keys(of).filter((field) => !fields.includes(field)).map((field) => ({
    path: [...path, field], at: 'name' as const, rule: 'is not a field of a simulation',
    advice: `${didYouMean(field, fields)} Known: ${fields.join(', ')}.`.trim(),
  })))
}

/** A level is compared in place of a metric. */
const bothAsked = ({ metric, until }: StudyPlan): Problem[] =>
  metric === undefined || until === undefined ? [] : [{ path: ['until'], at: 'name', rule: 'is given beside metric, which says what is compared too', advice: 'Give one of them.' }]

/** What is compared: the plan's metric, or the time to its level; undefined where it says neither. */
export const metricOf = ({ metric, until }: Pick<StudyPlan, 'metric' | 'until'>): string | undefined => metric ?? (until && untilMetric(until))

/** The plan that a script gave. Throws a `SpecificationError` with file, path and the nearest known name. */
export const readPlan = (value: unknown, file: string): StudyPlan => {
  const source = scriptSource(file)
  const schema = z.toJSONSchema(planSchema, { unrepresentable: 'any' }) as JsonSchema
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw specificationError([{ path: [], at: 'value', rule: 'must be a group of fields' }], source, 'the study')
  }
  const parsed = planSchema.safeParse(value)
  if (!parsed.success) throw fromZod(parsed.error, value, schema, source, { whole: 'the study', more: [] })
  const plan = value as StudyPlan
  const strange = [...strangers(plan), ...bothAsked(plan)]
  if (strange.length > 0) throw specificationError(strange, source)
  return plan
}

/** Where a field of a cell's specification was written: errors name the variant, the condition or the base. */
const sourceOf = (plan: StudyPlan, condition: string, variant: string, file: string): Source => ({
  isText: () => false,
  place: ([field]) => {
    const has = (of: object | undefined): boolean => of !== undefined && field !== undefined && Object.hasOwn(of, field)
    const place = has(plan.variants[variant]) ? `variants.${variant}` : has(plan.conditions[condition]) ? `conditions.${condition}` : ''
    const within = place || (has(plan.base) ? 'base' : `${variant} under ${condition}`)
    return { where: file ? `${file}: ${within}` : within }
  },
})

/**
 * Resolves every run that will be flown, tuning's among them, so that a typo in the last variant is told before the first
 * one flies, and no hours are lost. What only the data can tell is left.
 */
export const checkCells = (plan: StudyPlan, file: string): void => {
  const { tuning } = plan
  const told = new Set<string>()
  const attempt = (run: () => unknown, about = ''): void => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof SpecificationError)) throw error
      told.add(`${about}${error.message}`)
    }
  }
  const seed = '1'
  for (const [condition, variant] of pairsOf(plan)) {
    const specification = specificationOf(plan, condition, variant)
    const source = sourceOf(plan, condition, variant, file)
    attempt(() => resolve(specification, { seed, source }))
    if (told.size > 0 || tuning === undefined) continue
    const about = `${file ? `${file}: ` : ''}tuning of ${variant} under ${condition}: `
    const all: Configuration[] = []
    attempt(() => all.push(...configurationsOf(tuning, plan.name, variant)))
    for (const set of all) attempt(() => resolve(specification, { seed, source, set: [...set] }), about)
  }
  if (told.size > 0) throw new SpecificationError([...told].slice(0, 4).join('\n'))
}
