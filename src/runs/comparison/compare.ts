import { SpecificationError } from '../../errors.js'
import { effectOf, minimumDetectableEffect, type Component, type Effect } from '../../statistics/effect.js'
import { holm } from '../../statistics/holm.js'
import { mean } from '../../statistics/moments.js'
import { signedRankP } from '../../statistics/wilcoxon.js'
import type { ScoredRun } from './gather.js'
import { scopesOf, type Scope, type Scoping } from './scope.js'

/** One paired comparison: a line of the table. */
export interface Comparison {
  readonly condition: string
  readonly scope: Scope
  /** A scenario's name, or in a word what the scope is. */
  readonly scenario: string
  readonly task: string
  readonly variant: string
  readonly baseline: string
  /** Seeds that both have. */
  readonly seeds: number
  /** Users behind the interval; undefined where it comes from the seeds alone. */
  readonly users: number | undefined
  /** Mean over those seeds; NaN where there is a difference only. */
  readonly score: number
  readonly against: number
  readonly effect: Effect
  /** p after Holm's correction over the family. */
  readonly adjusted: number
  /** The difference that this study would have found with a probability of .8, at alpha over the family's size. */
  readonly detectable: number
  /** p of the signed-rank test over seeds, uncorrected. */
  readonly signedRank: number
}

export interface CompareOptions extends Scoping {
  readonly baselines: readonly string[]
  /** Of the intervals. Default .95. */
  readonly level?: number
  /** What sampling the users of a common test set adds to the variance of a comparison, where it can be known. */
  readonly usersOf?: (about: Pick<Comparison, 'condition' | 'scope' | 'scenario' | 'task' | 'variant' | 'baseline'>) =>
    Component | undefined
}

/** Runs of one condition by variant and seed, in their order of appearance. */
const byVariant = (runs: readonly ScoredRun[]): Map<string, Map<string, ScoredRun>> => {
  const found = new Map<string, Map<string, ScoredRun>>()
  for (const run of runs) {
    if (!found.has(run.variant)) found.set(run.variant, new Map())
    found.get(run.variant)!.set(run.seed, run)
  }
  return found
}

const checkBaselines = (runs: readonly ScoredRun[], baselines: readonly string[]): void => {
  const variants = [...new Set(runs.map(({ variant }) => variant))]
  const strange = baselines.find((name) => !variants.includes(name))
  if (strange !== undefined) {
    throw new SpecificationError(`No run is of the baseline "${strange}". Variants: ${variants.join(', ')}.`)
  }
  if (variants.length < 2) {
    throw new SpecificationError(`All runs are of one variant (${variants.join()}): there is nothing to compare.`)
  }
}

/** The same scenarios and tasks in every run of a condition, or an error that names the run that differs. */
const checkAlike = (runs: readonly ScoredRun[]): void => {
  const told = ({ scores }: ScoredRun): string =>
    scores.map(({ scenario, task }) => `${scenario}/${task}`).sort().join(', ')
  const odd = runs.find((run) => told(run) !== told(runs[0]))
  if (odd === undefined) return
  throw new SpecificationError(
    `${odd.folder} is scored on ${told(odd)}, but ${runs[0].folder} on ${told(runs[0])}: ` +
      'they are not of one condition.',
  )
}

type Raw = Omit<Comparison, 'adjusted' | 'detectable'>

/** Every comparison of a variant with a baseline under one condition. */
const pair = (
  condition: string,
  [variant, own]: readonly [string, Map<string, ScoredRun>],
  [baseline, theirs]: readonly [string, Map<string, ScoredRun>],
  { level, usersOf, ...scoping }: CompareOptions,
): Raw[] => {
  const seeds = [...own.keys()].filter((seed) => theirs.has(seed))
  if (seeds.length === 0) {
    throw new SpecificationError(
      `${variant} and ${baseline} of ${condition} share no seed (${[...own.keys()].join(', ')}; ` +
        `${[...theirs.keys()].join(', ')}): nothing can be paired.`,
    )
  }
  return scopesOf([...own.values()], scoping).flatMap(({ scope, scenario, task, valueOf, differenceOf }) => {
    const pairs = seeds
      .map((seed) => [own.get(seed)!, theirs.get(seed)!] as const)
      .filter((both) => differenceOf(...both) !== null)
    if (pairs.length === 0) return []
    const about = { condition, scope, scenario, task, variant, baseline }
    const differences = pairs.map((both) => differenceOf(...both)!)
    const users = usersOf?.(about)
    return [{
      ...about,
      seeds: pairs.length,
      users: users && users.df + 1,
      score: mean(pairs.map(([run]) => valueOf(run) ?? NaN)),
      against: mean(pairs.map(([, run]) => valueOf(run) ?? NaN)),
      effect: effectOf(differences, level, users),
      signedRank: signedRankP(differences),
    }]
  })
}

/**
 * All paired comparisons of variants with baselines, in the order: condition, baseline, task, scope, variant.
 *
 * Two families are corrected for by Holm, each by itself: the summaries over scenarios (`mean` and `worst` of every
 * task), which are what a study claims, and the single scenarios.
 */
export const compare = (runs: readonly ScoredRun[], options: CompareOptions): Comparison[] => {
  checkBaselines(runs, options.baselines)
  const conditions = [...new Set(runs.map(({ condition }) => condition))]
  const raw = conditions.flatMap((condition) => {
    const here = runs.filter((run) => run.condition === condition)
    checkAlike(here)
    const variants = byVariant(here)
    return options.baselines.flatMap((baseline, b) => {
      const theirs = variants.get(baseline)
      if (theirs === undefined) return []
      // Two baselines are compared once: a comparison that stood twice would count twice in its family.
      const before = new Set(options.baselines.slice(0, b + 1))
      const others = [...variants].filter(([variant]) => !before.has(variant))
      const rows = others.flatMap((own) => pair(condition, own, [baseline, theirs], options))
      const scopes = [...new Set(rows.map(({ task, scope, scenario }) => JSON.stringify([task, scope, scenario])))]
      return scopes.flatMap((key) =>
        rows.filter(({ task, scope, scenario }) => JSON.stringify([task, scope, scenario]) === key))
    })
  })
  return correct(raw, 1 - (options.level ?? 0.95))
}

const familyOf = ({ scope }: Raw): string => (scope === 'scenario' ? 'scenarios' : 'summaries')

const correct = (raw: readonly Raw[], alpha: number): Comparison[] => {
  const sizes = new Map<string, number>()
  const adjusted = new Map<Raw, number>()
  for (const family of ['summaries', 'scenarios']) {
    const members = raw.filter((row) => familyOf(row) === family)
    const corrected = holm(members.map(({ effect }) => effect.p))
    members.forEach((row, i) => adjusted.set(row, corrected[i]))
    sizes.set(family, Math.max(1, corrected.filter((p) => !Number.isNaN(p)).length))
  }
  return raw.map((row) => ({
    ...row,
    adjusted: adjusted.get(row)!,
    detectable: minimumDetectableEffect(row.effect, alpha / sizes.get(familyOf(row))!),
  }))
}
