import { availableParallelism } from 'node:os'
import type { World } from '../data/world.js'
import { mostWorkers, type EngineName } from '../engine/open.js'
import { SpecificationError } from '../errors.js'
import { bareTimes } from './bare-times.js'
import { functionsOf } from './functions.js'
import { fromZod, shown, specificationError } from '../documents/problem.js'
import { clientProblems, crossRules } from './rules.js'
import { applySettings, parseSetting, type Setting, settingSource } from './set.js'
import { scriptSource, type Source } from '../documents/source.js'
import {
  jsonSchema,
  specificationSchema,
  type Resolved,
  type SeedPurpose,
  type Settled,
  type Specification,
} from './specification.js'

/** What one run adds to a specification. */
export interface ResolveOptions {
  /** Default 1. */
  readonly seed?: string | number
  /** Default `onnx`. */
  readonly engine?: EngineName
  /** Default: as many as the machine has cores. */
  readonly workers?: number
  /** Name where the specification gives none. Default `simulation`. */
  readonly name?: string
  /** `PATH=VALUE`, applied in order before anything is checked. */
  readonly set?: readonly string[]
  /** More of them, as somebody else has read them: put in after those of `set`. */
  readonly settings?: readonly Setting[]
  /** Whether somebody typed `set`, so that times in it must have a unit. Default: true; a study's grid is of numbers. */
  readonly typed?: boolean
  /** Where the specification was written, for error messages. */
  readonly source?: Source
}

/** Fields that are data unless a script makes them functions; `link`, `checks` and `choose` are never data. */
const masks = { model: true, strategy: true, rounds: true } as const

const neverData = {
  link: {
    rule: 'must be a function, which files cannot hold',
    advice: 'A script can give one: (envelopes$, { scheduler, streams }) => envelopes$.pipe(...).',
  },
  choose: {
    rule: 'must be a function, which files cannot hold',
    advice: 'A script can give one: (candidates, { wanted }) => candidates.slice(0, wanted).map(({ name }) => name).',
  },
  checks: {
    rule: 'must be a list of checks, which files cannot hold',
    advice: 'A script can give some: [check({ name, promise, see: (event, view) => ... })].',
  },
} as const

/** Checks the data of a specification and fills in defaults; function fields pass as they are. */
const settle = (value: unknown, source: Source): Omit<Settled, 'name'> & { readonly name?: string } => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw specificationError([{ path: [], at: 'value', rule: 'must be a group of fields' }], source)
  }
  const functions = functionsOf(value)
  for (const [field, { rule, advice }] of Object.entries(neverData)) {
    if (Object.hasOwn(value, field) && !Object.hasOwn(functions, field)) throw specificationError([{ path: [field], at: 'name', rule, advice }], source)
  }
  const mask = Object.fromEntries(Object.entries(masks).filter(([name]) => Object.hasOwn(functions, name)))
  const data = Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(functions, name)))
  // A schema is compiled when it first parses: one that is made anew costs many times what it reads.
  const whole = Object.keys(mask).length === 0
  const schema = whole ? specificationSchema : specificationSchema.omit(mask as typeof masks)
  const parsed = schema.safeParse(data)
  if (!parsed.success) throw fromZod(parsed.error, data, jsonSchema(), source, { more: Object.keys(neverData) })
  const problems = bareTimes(data, source, (other) => {
    const again = schema.safeParse(other)
    return again.success ? JSON.stringify(again.data) : undefined
  })
  if (problems.length > 0) throw specificationError(problems, source)
  return { ...parsed.data, ...functions } as unknown as Settled
}

const purposes: readonly SeedPurpose[] = ['world', 'initialisation', 'batches', 'selection', 'faults']

/** The seed of one purpose, where a specification gives it none: whoever draws anything for a run's seed draws from it. */
export const derivedSeed = (seed: string | number, purpose: SeedPurpose): string => `${seed}/${purpose}`

/** The seeds of all purposes: those that are given, and the others derived from the run's. */
export const seedsOf = (seed: string | number, given: Resolved['ownSeeds']): Resolved['seeds'] =>
  Object.fromEntries(purposes.map((purpose) => [purpose, given[purpose] ?? derivedSeed(seed, purpose)])) as Record<SeedPurpose, string>

const checkedWorkers = (workers: number): number => {
  if (Number.isInteger(workers) && workers >= 1 && workers <= mostWorkers) return workers
  throw new SpecificationError(`workers must be a whole number from 1 to ${mostWorkers}, got ${shown(workers)}.`)
}

/** A specification with settings put in, not checked yet, and what errors about it name. */
export const applied = (
  specification: Specification, { set = [], settings: more = [], source: written = scriptSource(''), typed }: ResolveOptions,
): { readonly value: Specification; readonly source: Source } => {
  const settings = [...set.map(parseSetting), ...more]
  const source = settingSource(written, settings, specification, typed)
  const before = (): unknown => {
    try {
      return settle(specification, written)
    } catch {
      return undefined
    }
  }
  return { value: settings.length === 0 ? specification : (applySettings(specification, settings, before) as Specification), source }
}

/**
 * The specification with settings put in, which go on being what somebody wrote: no default is filled in. Throws a
 * SpecificationError that lists what is wrong with it then, as `resolve` does.
 */
export const withSettings = (specification: Specification, options: Pick<ResolveOptions, 'set' | 'source'>): Specification => {
  resolve(specification, options)
  return applied(specification, options).value
}

/**
 * All that decides a run: the specification with settings and defaults, checked, a seed per purpose, the engine.
 * Throws a SpecificationError that lists what is wrong, with path and, for files, line and column.
 */
export const resolve = (specification: Specification, options: ResolveOptions = {}): Resolved => {
  const { value, source } = applied(specification, options)
  const settled = settle(value, source)
  const named: Settled = { ...settled, name: settled.name ?? options.name ?? 'simulation' }
  const { problems, warnings } = crossRules(named)
  if (problems.length > 0) throw specificationError(problems, source)
  const seed = String(options.seed ?? 1)
  return {
    ...named,
    seed,
    seeds: seedsOf(seed, named.seeds),
    ownSeeds: named.seeds,
    engine: options.engine ?? 'onnx',
    workers: checkedWorkers(options.workers ?? Math.min(availableParallelism(), mostWorkers)),
    warnings,
  }
}

/** The same with another seed: purposes that have a seed of their own keep it, as do those of `kept`. */
export const reseed = (
  resolved: Resolved,
  seed: string | number,
  kept: Resolved['ownSeeds'] = {},
): Resolved => {
  const ownSeeds = { ...resolved.ownSeeds, ...kept }
  return { ...resolved, seed: String(seed), seeds: seedsOf(seed, ownSeeds), ownSeeds }
}

/** Clients there will be, as far as can be told without asking a strategy of the simulation's own. */
const clientsOf = ({ strategy }: Resolved, { scenarios }: World): number | undefined => {
  if ('fold' in strategy) return undefined
  return strategy.kind === 'pooled' ? 1 : scenarios.length
}

/** Checks what can be known only when the world is there: a quorum or a selection above its clients. */
export const checkWorld = (resolved: Resolved, world: World, source: Source = scriptSource('')): void => {
  const clients = clientsOf(resolved, world)
  const problems = clients === undefined ? [] : clientProblems(resolved.rounds, clients)
  if (problems.length > 0) throw specificationError(problems, source)
}
