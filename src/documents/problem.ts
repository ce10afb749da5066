import type { z } from 'zod'
import { SpecificationError } from '../errors.js'
import { knownNames, type JsonSchema } from './names.js'
import { didYouMean } from './did-you-mean.js'
import { formatPath, valueAt, type Path } from './path.js'
import type { Place, Source } from './source.js'

/** One broken rule: where, what, and what to do. */
export interface Problem {
  readonly path: Path
  readonly at: 'name' | 'value'
  readonly rule: string
  readonly advice?: string
}

type Issue = z.core.$ZodIssue

const articles: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
  null: 'nothing',
}
const named = (expected: string): string => articles[expected] ?? expected

/** A value as JSON; what JSON cannot say (a circle, a bigint) by its type. */
const asJson = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? typeof value
  } catch {
    return `a ${typeof value}`
  }
}

/** A value in a message: short, and on one line. */
export const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number') return String(value)
  const text = asJson(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const bound = (issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, value: unknown): string => {
  const [limit, words] =
    issue.code === 'too_small'
      ? [issue.minimum, issue.inclusive === false ? 'above' : 'at least']
      : [issue.maximum, issue.inclusive === false ? 'below' : 'at most']
  if (issue.origin === 'array') return `must have ${words} ${limit} entr${Number(limit) === 1 ? 'y' : 'ies'}`
  if (issue.origin === 'string') return `must have ${words} ${limit} characters, got ${shown(value)}`
  return `must be ${words} ${limit}, got ${shown(value)}`
}

const choice = (path: Path, value: unknown, options: readonly string[]): Problem => ({
  path,
  at: 'value',
  rule: value === undefined ? 'is missing' : `cannot be ${shown(value)}`,
  advice: `${typeof value === 'string' ? didYouMean(value, options) : ''} Known: ${options.join(', ')}.`.trim(),
})

/** A union that no branch of fits: what the branch says that came furthest, or all the types that would do. */
const union = (issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, root: unknown, schema: JsonSchema) => {
  const value = valueAt(root, path)
  if (issue.message !== 'Invalid input') {
    const rule = value === undefined ? 'is missing' : `cannot be ${shown(value)}`
    return [{ path, at: 'value' as const, rule, advice: `${issue.message[0].toUpperCase()}${issue.message.slice(1)}.` }]
  }
  const branches = issue.errors.filter((branch) => branch.length > 0)
  const further = branches.filter((branch) => !branch.some((i) => i.code === 'invalid_type' && i.path.length === 0))
  const depth = (branch: readonly Issue[]): number => Math.max(...branch.map((i) => i.path.length))
  const [best] = (value === undefined ? [] : further).sort((a, b) => depth(b) - depth(a) || a.length - b.length)
  if (best) return best.flatMap((inner) => problemsOf(inner, root, schema, path))
  const types = branches.flat().flatMap((i) => (i.code === 'invalid_type' ? [named(i.expected)] : []))
  const expected = [...new Set(types)].join(' or ')
  if (value === undefined) return [{ path, at: 'value' as const, rule: 'is missing', advice: `Give ${expected}.` }]
  return [{ path, at: 'value' as const, rule: `must be ${expected}, got ${shown(value)}` }]
}

/** What one issue of zod says, in this project's words. `base` is the path of the value that the issue speaks about. */
const problemsOf = (issue: Issue, root: unknown, schema: JsonSchema, base: Path = [], more: readonly string[] = []): Problem[] => {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))]
  const value = valueAt(root, path)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = [...knownNames(schema, root, path), ...(path.length === 0 ? more : [])]
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: 'name',
        rule: 'is not a field',
        advice: `${didYouMean(key, known)} ${known.length === 0 ? 'Nothing can be said here: take it away' : `Known here: ${known.join(', ')}`}.`.trim(),
      }))
    }
    case 'invalid_type':
      return value === undefined
        ? [{ path, at: 'value', rule: 'is missing', advice: `Give ${named(issue.expected)}.` }]
        : [{ path, at: 'value', rule: `must be ${named(issue.expected)}, got ${shown(value)}` }]
    case 'invalid_value':
      return [choice(path, value, issue.values.map(String))]
    case 'too_small':
    case 'too_big':
      return [{ path, at: 'value', rule: bound(issue, value) }]
    case 'invalid_union': {
      const { discriminator, options } = issue as { discriminator?: string; options?: readonly unknown[] }
      if (discriminator === undefined) return union(issue, path, root, schema)
      if (valueAt(root, path.slice(0, -1)) === undefined && path.length > 0) {
        return [choice(path.slice(0, -1), undefined, (options ?? []).map(String))]
      }
      return [choice(path, value, (options ?? []).map(String))]
    }
    case 'invalid_format':
      return [{ path, at: 'value', rule: `cannot be ${shown(value)}`, advice: `It must be: ${issue.message}.` }]
    case 'custom': {
      const own = issue.params as Partial<Problem> | undefined
      return own?.rule === undefined
        ? [{ path, at: 'value', rule: `is not possible: ${issue.message.replace(/\.$/, '')}` }]
        : [{ path, at: own.at ?? 'value', rule: own.rule, ...(own.advice !== undefined && { advice: own.advice }) }]
    }
    default:
      return [{ path, at: 'value', rule: issue.message.replace(/\.$/, '') }]
  }
}

/** `plan.yaml:4:5: rounds.cuont is not a field.` with the line and the advice below. */
const format = ({ path, at, rule, advice }: Problem, source: Source, whole: string): string => {
  const place: Place = source.place(path, at)
  const subject = path.length === 0 ? whole : formatPath(path)
  const head = `${place.where ? `${place.where}: ` : ''}${subject} ${rule}.`
  const more = source.advice?.(path, at)
  return [head, place.excerpt, advice && `  ${advice}`, more && `  ${more}`].filter(Boolean).join('\n')
}

const most = 8

/** All problems of a document, the first few of them in full. `whole` is what it is called as a whole. */
export const problemsText = (problems: readonly Problem[], source: Source, whole: string): string => {
  const texts = problems.slice(0, most).map((problem) => format(problem, source, whole))
  const more = problems.length > most ? [`... and ${problems.length - most} more.`] : []
  return [...texts, ...more].join('\n')
}

/** What zod found, in this project's words. `more` are fields that the schema does not know. */
export const problemsIn = (error: z.ZodError, value: unknown, schema: JsonSchema, more: readonly string[] = []): Problem[] =>
  error.issues.flatMap((issue) => problemsOf(issue, value, schema, [], more))

/** One error for all problems of a specification, the first few of them in full. */
export const specificationError = (
  problems: readonly Problem[], source: Source, whole = 'the specification',
): SpecificationError => new SpecificationError(problemsText(problems, source, whole))

/** What a value is called as a whole, and its fields that its schema does not know. */
interface About {
  readonly whole?: string
  readonly more?: readonly string[]
}

/** The same, from what zod found. */
export const fromZod = (
  error: z.ZodError, value: unknown, schema: JsonSchema, source: Source, { whole, more }: About = {},
): SpecificationError => specificationError(problemsIn(error, value, schema, more), source, whole)
