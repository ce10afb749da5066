import type { Name } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'

/** What is known of a federation when something is drawn for it, so that what is drawn is of its own measure. */
export interface Scene {
  readonly clients: readonly Name[]
  /** Expert networks: as many as the model has experts. */
  readonly experts: readonly Name[]
  /** Further servers besides the aggregator: shards, regional aggregators. */
  readonly others?: readonly Name[] | undefined
  /** There is no aggregator: clients are peers. */
  readonly headless?: boolean | undefined
  /** Rounds of the flight, or folds. */
  readonly rounds: number
  /** What a round takes that nothing disturbs, in virtual time. */
  readonly round: Micros
  /** How long its phases are, in their order: on the way down, training, on the way up. Instants fall into each of them as often, however short it is. */
  readonly phases?: readonly Micros[] | undefined
  /** Whom half of what is drawn is about, where it could be about them: faults that hit the same actors meet there. */
  readonly focus?: readonly Name[] | undefined
}

/** Servers besides the aggregator. */
export const besideAggregator = ({ experts, others = [] }: Scene): readonly Name[] => [...experts, ...others]

/** A number in [0, 1), another one each time. */
export type Toss = () => number

/**
 * How far one field of something can be turned: how it is drawn, at most so wild, and what would be milder. What explores
 * draws with dials, what shrinks turns them back, and what asks how mild a plan is adds them up.
 */
export interface Dial<Value = unknown> {
  /** `intensity` from 0, where it is as mild as can be, to 1: what is drawn is at most so wild. */
  draw(toss: Toss, intensity: number, scene: Scene): Value
  /** What is milder, or simpler and as mild, the mildest first; nothing: it is as mild as can be. */
  milder(value: Value, scene: Scene): readonly Value[]
  /** How wild it is, from 0 to 1. */
  measure(value: Value, scene: Scene): number
}

/** Dials by the field that they turn. */
export type Fields = Readonly<Record<string, Dial>>

/** What can be turned of something that has several ways to be. */
export interface Dials {
  /** Fields that are always given. */
  readonly fields?: Fields
  /** One of these is given beside them, drawn by lot: `at` with what goes with it, or `when`. The mildest first. */
  readonly ways?: readonly Fields[]
}

/** A dial whose compiler knows what it turns. */
export const dial = <Value>(own: Dial<Value>): Dial => own as Dial

/** One of several, all alike. */
export const pick = <T>(toss: Toss, from: readonly T[]): T => from[Math.min(from.length - 1, Math.floor(toss() * from.length))]

/** One of several, all alike; in half of the cases one of those that are in focus. */
export const pickNear = (toss: Toss, from: readonly Name[], { focus = [] }: Scene): Name => {
  const near = from.filter((name) => focus.includes(name))
  return near.length > 0 && toss() < 0.5 ? pick(toss, near) : pick(toss, from)
}

/** So many of several, each set alike, in their order. */
export const some = <T>(toss: Toss, from: readonly T[], count: number): T[] => {
  const left = from.map((_, i) => i)
  const taken: number[] = []
  while (taken.length < count && left.length > 0) taken.push(...left.splice(Math.floor(toss() * left.length), 1))
  return taken.sort((a, b) => a - b).map((i) => from[i])
}
