import { describe, expect, it } from 'vitest'

import type { Scene } from '../../../src/dials/dial.js'
import { faultSchema } from '../../../src/faults/registry.js'
import { drawnKinds, planWildness } from '../../../src/faults/turn.js'
import { ableKinds } from '../../../src/lab/explore/swarm.js'
import { drawPlans, intensityOf, type PlanSpace } from '../../../src/lab/refute/draw-plans.js'
import { ms } from '../../../src/time/micros.js'

const scene: Scene = { clients: ['client-a', 'client-b', 'client-c'], experts: ['expert-1'], rounds: 5, round: ms(100) }
const space: PlanSpace = {
  seed: '1', count: 60, intensity: 1, scene, inRounds: true, able: (kinds) => kinds, isSound: async () => true,
}

describe('plans that are drawn', () => {
  it('come from mild to wild, and all are faults', async () => {
    const plans = await drawPlans(space)
    expect(plans.map(({ nth }) => nth).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    const wildness = plans.map((plan) => plan.wildness)
    expect(wildness).toEqual(wildness.toSorted((a, b) => a - b))
    for (const plan of plans) {
      expect(plan.wildness).toBe(planWildness(plan.faults, scene))
      expect(plan.faults.map(({ id }) => id)).toEqual(plan.faults.map((_, i) => `f${i + 1}`))
      for (const fault of plan.faults) expect(faultSchema.safeParse(fault).success).toBe(true)
    }
    const ladder = Array.from({ length: 8 }, (_, rung) => intensityOf(rung, 0.5))
    expect(ladder[0]).toBeCloseTo(0.025, 12)
    expect(ladder[7]).toBe(0.5)
    for (const i of [1, 2, 3, 4, 5, 6]) expect(ladder[i] / ladder[i - 1]).toBeCloseTo(ladder[i + 1] / ladder[i], 12)
  })

  it('leave out no kind: every other one is of one alone, the wildest of them first', async () => {
    const plans = (await drawPlans({ ...space, count: 2 * drawnKinds.length })).toSorted((a, b) => a.nth - b.nth)
    const alone = plans.filter(({ nth }) => nth % 2 === 0)
    expect(alone.map(({ faults }) => faults.map(({ kind }) => kind))).toEqual(drawnKinds.map((kind) => [kind]))
    expect(plans.filter(({ nth }) => nth % 2 === 1).some(({ faults }) => faults.length > 2)).toBe(true)
  })

  it('depend on their number and the seed, and not on how many there are', async () => {
    const byNumber = async (changes: Partial<PlanSpace>) =>
      (await drawPlans({ ...space, ...changes })).toSorted((a, b) => a.nth - b.nth)
    const all = await byNumber({})
    expect(await byNumber({})).toEqual(all)
    expect(await byNumber({ count: 25 })).toEqual(all.slice(0, 25))
    expect(await byNumber({ seed: '2' })).not.toEqual(all)
  })

  it('are milder with less intensity, of the kinds that are asked for, and not in rounds where those differ', async () => {
    const mild = await drawPlans({ ...space, intensity: 0.1 })
    expect(mild.at(-1)!.wildness).toBeLessThan((await drawPlans(space)).at(-1)!.wildness)
    const slow = await drawPlans({ ...space, kinds: ['slow', 'lose'], inRounds: false })
    expect(new Set(slow.flatMap(({ faults }) => faults.map(({ kind }) => kind)))).toEqual(new Set(['slow', 'lose']))
    expect(slow.some(({ faults }) => faults.some((fault) => 'rounds' in fault))).toBe(false)
    expect((await drawPlans(space)).some(({ faults }) => faults.some((fault) => 'rounds' in fault))).toBe(true)
  })

  it('are drawn again where a side cannot fly them, and refused where neither can', async () => {
    const single = await drawPlans({ ...space, isSound: async ({ length }) => length === 1 })
    expect(single.every(({ faults }) => faults.length === 1)).toBe(true)
    await expect(drawPlans({ ...space, count: 1, isSound: async () => false })).rejects.toThrow('No plan of')
    const waiting = { ...space, able: (kinds: readonly string[]) => ableKinds(kinds, { kind: 'synchronous', count: 3 }, false) }
    await expect(drawPlans({ ...waiting, kinds: ['lose', 'crash'] })).rejects.toThrow('Nobody can fly through lose, crash')
    expect((await drawPlans({ ...waiting, kinds: ['lose', 'slow'] })).every(({ faults }) => faults.every(({ kind }) => kind === 'slow'))).toBe(true)
  })
})
