import { z } from 'zod'
import { SpecificationError } from '../errors.js'
import * as all from './all.js'
import type { ModelEntry } from './entry.js'
import type { Model } from './model.js'

export * from './all.js'

type Entry = (typeof all)[keyof typeof all]

/** Every model of the library, in the order of their kinds. */
export const modelEntries: readonly Entry[] = Object.values(all).sort((a, b) => (a.kind < b.kind ? -1 : 1))

type Schemas = readonly [Entry['schema'], ...Entry['schema'][]]

/** A model as data, by its kind. */
export const modelSchema = z.discriminatedUnion('kind', modelEntries.map(({ schema }) => schema) as unknown as Schemas)

/** A model as plain data: what a script's constructor or a file gives. */
export type ModelSpec = z.input<typeof modelSchema>

/** An issue of the branch of a union that came furthest, where the union says nothing itself. */
const innermost = (issue: z.core.$ZodIssue): z.core.$ZodIssue => {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return issue
  const [best] = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length)
  return best === undefined ? issue : { ...best, path: [...issue.path, ...best.path] }
}

/** What zod says of one option, in a sentence that names kind, option and value. */
const complaint = (kind: string, options: Readonly<Record<string, unknown>>, issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys') {
    return `model.${[...issue.path, issue.keys[0]].join('.')}: '${kind}' has no such option.`
  }
  const [option] = issue.path
  const value = options[String(option)]
  if (value === undefined) return `model.${String(option)} of '${kind}' is missing: it must be ${issue.message}.`
  return `model.${String(option)} of '${kind}' is ${JSON.stringify(value)}: it must be ${issue.message}.`
}

/**
 * The model that a specification names; a `Model` of the researcher's own passes through. Throws `SpecificationError`
 * for a kind or an option that there is not.
 */
export const buildModel = (spec: ModelSpec | Model): Model => {
  if ('forward' in spec) return spec
  const entry = modelEntries.find(({ kind }) => kind === spec.kind) as ModelEntry | undefined
  if (entry === undefined) {
    const known = modelEntries.map(({ kind }) => kind).join(', ')
    throw new SpecificationError(`model.kind is '${spec.kind}': it must be one of ${known}.`)
  }
  const parsed = entry.schema.safeParse(spec)
  if (!parsed.success) throw new SpecificationError(complaint(spec.kind, { ...spec }, innermost(parsed.error.issues[0])))
  return entry.build(parsed.data)
}
