import type { Scene, Toss } from '../../dials/dial.js'
import { SpecificationError } from '../../errors.js'
import type { FaultInput } from '../../faults/registry.js'
import type { Settings } from '../../dials/turn.js'
import { drawFault, drawnKinds, planWildness, settingsOf, wildness } from '../../faults/turn.js'
import { streams } from '../../random/streams.js'
import { drawFaults } from '../explore/swarm.js'

/** What plans are drawn from. */
export interface PlanSpace {
  readonly seed: string
  readonly count: number
  /** Kinds of faults; every kind that can be drawn when absent. */
  readonly kinds?: readonly string[] | undefined
  /** How wild the wildest may be, from 0 to 1. */
  readonly intensity: number
  readonly scene: Scene
  /** Whether faults may be there in some rounds, as a round is the same on both sides. */
  readonly inRounds: boolean
  /** Of these kinds those through which both sides come to an end. */
  able(kinds: readonly string[]): readonly string[]
  isSound(faults: readonly FaultInput[]): Promise<boolean>
}

export interface DrawnPlan {
  /** From 0, by its draw. */
  readonly nth: number
  readonly faults: readonly FaultInput[]
  /** See `planWildness`. */
  readonly wildness: number
}

/** How many intensities there are, each so many times the one before that the first is a twentieth of the last. */
const rungs = 8
const mildest = 1 / 20
/** In which order they come up: few plans are spread over all of them, and the wildest is among the first. */
const order = [7, 3, 5, 1, 6, 2, 4, 0]
/** Most faults of a plan of intensity 1. */
const most = 8

/** The most that plans of a rung may be turned, from 0, the lowest, to 7. */
export const intensityOf = (rung: number, wildest: number): number => wildest * mildest ** (1 - rung / (rungs - 1))

/** What plan number `nth` is to be: every other one is of one kind of fault alone, kind by kind. */
const designOf = (nth: number, kinds: readonly string[]): { readonly kind: string | undefined; readonly rung: number } => {
  const half = Math.floor(nth / 2)
  if (nth % 2 === 1) return { kind: undefined, rung: order[half % rungs] }
  return { kind: kinds[half % kinds.length], rung: order[Math.floor(half / kinds.length) % rungs] }
}

/**
 * Plans in the order of their wildness, the mildest first. Every other one has a fault of one kind alone, about as
 * wild as its intensity allows, so that no kind is overlooked; the others have several (see `drawFaults`). Plan number
 * `nth` depends on nothing but this number, the seed, the kinds, the intensity and the scene.
 */
export const drawPlans = async (space: PlanSpace): Promise<readonly DrawnPlan[]> => {
  const { count, kinds = drawnKinds, scene } = space
  const able = space.able(kinds)
  if (able.length === 0) {
    throw new SpecificationError(
      `Nobody can fly through ${kinds.join(', ')}: one side's rounds wait for ever for an answer that is lost. ` +
        'Give both a deadline or acknowledged delivery, or allow slow, delay or partial.',
    )
  }
  const plans: DrawnPlan[] = []
  for (let nth = 0; nth < count; nth++) {
    const faults = await drawn(nth, space, able)
    plans.push({ nth, faults, wildness: planWildness(faults, scene) })
  }
  return plans.sort((one, other) => one.wildness - other.wildness || one.nth - other.nth)
}

/**
 * A fault that is about as wild as an intensity allows: the wildest of sixteen, with each of its fields as in that one of them
 * in which it is turned furthest. A few draws in all fields at once hardly ever come near that.
 */
const wildOf = (kind: string, toss: Toss, intensity: number, scene: Scene): FaultInput => {
  const all = Array.from({ length: 16 }, () => drawFault(kind, toss, intensity, scene))
  const furthest = <T>(from: readonly T[], measure: (one: T) => number): T => from.reduce((best, one) => (measure(one) > measure(best) ? one : best))
  const wildest = furthest(all, (one) => wildness(one, scene))
  const turned = settingsOf(wildest).flatMap(({ field, dial }) => {
    const values = all.flatMap((one) => (field in one ? [(one as unknown as Settings)[field]] : []))
    return values.length === 0 ? [] : [[field, furthest(values, (value) => dial.measure(value, scene))] as const]
  })
  return { ...wildest, ...Object.fromEntries(turned), id: 'f1' }
}

const drawn = async (
  nth: number, { seed, scene, isSound, intensity: wildest, inRounds }: PlanSpace, kinds: readonly string[],
): Promise<readonly FaultInput[]> => {
  const { kind, rung } = designOf(nth, kinds)
  const intensity = intensityOf(rung, wildest)
  for (let tries = 0; tries < 50; tries++) {
    const toss = streams(`${seed}/refute`)('plan', nth, tries)
    // Some kind may be such that nobody here can be hit by it.
    const faults = kind !== undefined && tries < 25
      ? [wildOf(kind, toss, intensity, scene)]
      : drawFaults(toss, kinds, intensity, scene, Math.max(1, Math.round(most * intensity)))
    if (!inRounds && faults.some((fault) => 'rounds' in fault)) continue
    if (await isSound(faults)) return faults
  }
  throw new SpecificationError(`No plan of ${kinds.join(', ')} that both sides can fly was found. Allow more kinds of faults.`)
}
