import type { At } from '../comparison/gather.js'
import type { Until } from '../comparison/until.js'
import type { Specification } from '../../simulation/specification.js'

/** How large a study is to be, and on what: the command's flags. */
export interface Size {
  /** `--full`: the size that a claim needs; otherwise one that is done in minutes. */
  readonly full: boolean
  /** `--data DIR`: where data that must be read lies; a study leaves out the worlds that need it when it is absent. */
  readonly data: string | undefined
}

/** Fields of a specification that replace those of the study's base, whole. */
export type Patch = Partial<Specification>

/** The value of each axis along which the runs of a study differ: plain data; of what is chosen by name, the name. */
export type Point = Readonly<Record<string, unknown>>

/** The search that every variant gets: the same number of configurations, on validation, on seeds of its own. */
export interface Tuning {
  /** Tried for every variant under every condition. */
  readonly configurations: number
  /** Values by path of the specification, such as `local.optimizer.rate`, for every variant. */
  readonly space: Readonly<Record<string, readonly unknown[]>>
  /** Further values of single variants' own options, such as `strategy.mu`. */
  readonly own?: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>
  /** Seeds of each trial, `tuning-1` and on: never those of the study. */
  readonly seeds: number
}

/** What a study flies: every variant under every condition with every seed, after tuning. */
export interface StudyPlan {
  readonly name: string
  /** What it asks, in a sentence, above its table. */
  readonly question: string
  /** What all runs have in common. */
  readonly base: Patch
  /** Worlds, windows, weathers: each makes a section of the table. */
  readonly conditions: Readonly<Record<string, Patch>>
  /** What is compared. */
  readonly variants: Readonly<Record<string, Patch>>
  /** Variants that all others are paired against. */
  readonly baselines: readonly string[]
  /** What is compared, as `metrics.ndjson` names it, or what a level takes: `time to auc .7`. Default `auc`. */
  readonly metric?: string
  /** A level that runs are to reach: the time that it takes is what is compared, in place of `metric`. */
  readonly until?: Until
  /** Compares what runs are within a budget, in place of their rounds: `10000 examples`, `5 min`, `3 MB`. */
  readonly within?: string
  /** Which round is compared: `selected` (default), each scenario's `own`, `last`, or the `mean` over all. */
  readonly at?: At
  /** Means over scenarios weigh each by its test rows. */
  readonly byRows?: boolean
  /** With the relative gain over all tasks, in percent: for models of several tasks against single-task ones. */
  readonly gain?: boolean
  readonly seeds: number
  readonly tuning?: Tuning
  /** What conditions and variants stand for in numbers, such as `{ 'loss .3': { loss: 0.3 } }`: what a report draws curves and heat maps over. */
  readonly levels?: Readonly<Record<string, Point>>
  /** `[condition, variant]` of those that are flown; all variants under all conditions when absent. */
  readonly pairs?: readonly (readonly [condition: string, variant: string])[]
}

/** A study as a script exports it. */
export interface Study {
  readonly kind: 'study'
  readonly plan: (size: Size) => StudyPlan
}

/**
 * A study, checked by the compiler: `export default study({ ... })`, or `study(({ full }) => ({ ... }))` where it is to be of
 * two sizes. What it says is checked when it is flown, so that errors name its path.
 */
export const study = (plan: StudyPlan | ((size: Size) => StudyPlan)): Study => ({
  kind: 'study', plan: typeof plan === 'function' ? plan : () => plan,
})

export const isStudy = (value: unknown): value is Study =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'study' &&
  typeof (value as { plan?: unknown }).plan === 'function'
