import type { Scene } from '../../dials/dial.js'
import { SpecificationError } from '../../errors.js'
import type { FaultInput } from '../../faults/registry.js'
import { drawnKinds, planWildness } from '../../faults/turn.js'
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
/** Most faults of a plan of intensity 1. */
const most = 8

/** The most that plan number `nth` may be turned: rung by rung, so that every intensity gets as many plans. */
export const intensityOf = (nth: number, wildest: number): number => wildest * mildest ** (1 - (nth % rungs) / (rungs - 1))

/**
 * Plans in the order of their wildness, the mildest first: half of them are made in a way that is milder than a quarter of
 * what may be. Plan number `nth` depends on nothing but this number, the seed, the kinds and the scene.
 */
export const drawPlans = async (space: PlanSpace): Promise<readonly DrawnPlan[]> => {
  const { seed, count, kinds = drawnKinds, intensity, scene, inRounds } = space
  const able = space.able(kinds)
  if (able.length === 0) {
    throw new SpecificationError(
      `Nobody can fly through ${kinds.join(', ')}: one side's rounds wait for ever for an answer that is lost. ` +
        'Give both a deadline or acknowledged delivery, or allow slow, delay or partial.',
    )
  }
  const plans: DrawnPlan[] = []
  for (let nth = 0; nth < count; nth++) {
    const faults = await drawn(nth, space, able, intensityOf(nth, intensity), inRounds)
    plans.push({ nth, faults, wildness: planWildness(faults, scene) })
  }
  return plans.sort((one, other) => one.wildness - other.wildness || one.nth - other.nth)
}

const drawn = async (
  nth: number, { seed, scene, isSound }: PlanSpace, kinds: readonly string[], intensity: number, inRounds: boolean,
): Promise<readonly FaultInput[]> => {
  for (let tries = 0; tries < 50; tries++) {
    const toss = streams(`${seed}/refute`)('plan', nth, tries)
    const faults = drawFaults(toss, kinds, intensity, scene, Math.max(1, Math.round(most * intensity)))
    if (!inRounds && faults.some((fault) => 'rounds' in fault)) continue
    if (await isSound(faults)) return faults
  }
  throw new SpecificationError(`No plan of ${kinds.join(', ')} that both sides can fly was found. Allow more kinds of faults.`)
}
