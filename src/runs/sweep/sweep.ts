import type { Specification } from '../../simulation/specification.js'
import type { Until } from '../comparison/until.js'

/** Values of a field by what they are called: for fields that are groups, lists or functions, which make poor names. */
export type Named = Readonly<Record<string, unknown>>

/** Where a value is drawn from: evenly, evenly in the logarithm, whole numbers (both ends included), or one of some. */
export type Draw =
  | { readonly uniform: readonly [from: number, to: number] }
  | { readonly log: readonly [from: number, to: number] }
  | { readonly integer: readonly [from: number, to: number] }
  | { readonly of: readonly unknown[] | Named }

/** Along which axes many runs differ; a path is one of the specification, such as `local.optimizer.rate` or `faults.0.probability`. */
export interface Axes {
  /** Every combination of these values is flown. */
  readonly grid?: Readonly<Record<string, readonly unknown[] | Named>>
  /** Values that go together, one group for each point. */
  readonly list?: readonly Readonly<Record<string, unknown>>[]
  /** Values are drawn, all of a point at once; `draws` says how many points. A list stands for one of its entries. */
  readonly random?: Readonly<Record<string, Draw | readonly unknown[]>>
  /** How many points are drawn. Draw n is the same however many there are. */
  readonly draws?: number
  /** Of what is drawn: 1 when absent. */
  readonly drawSeed?: string | number
  /** Runs of each point: seeds 1, 2, ... Default 1. */
  readonly seeds?: number
}

/** A sweep: one simulation, flown at many points. Where it has grid, list and random, every combination of their points is flown. */
export interface SweepPlan extends Axes {
  /** Names the folder of its runs. Default: the file's name, with `-sweep`. */
  readonly name?: string
  /** What it asks, in a sentence, above its table. */
  readonly question?: string
  /** The metric of its table, on test at the selected round. Default: the first by which models are judged. */
  readonly metric?: string
  /** A level: the time to it is in the table too. */
  readonly until?: Until
}

/** A sweep as a script exports it. */
export interface Sweep extends SweepPlan {
  readonly kind: 'sweep'
  readonly base: Partial<Specification>
}

/**
 * A sweep over a simulation: `export default sweep({ base: simulation, grid: { 'strategy.mu': [0.01, 0.1] }, seeds: 3 })`. What
 * it says is checked when it is flown, so that errors name its path. What all points give, such as `strategy`, the base may leave out.
 */
export const sweep = (plan: SweepPlan & { readonly base: Partial<Specification> }): Sweep => ({ kind: 'sweep', ...plan })

export const isSweep = (value: unknown): value is Sweep =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'sweep' && 'base' in value
