import { afterAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import type { EngineName } from '../../../src/engine/open.js'
import type { FaultInput } from '../../../src/faults/registry.js'
import { drawnKinds, planWildness } from '../../../src/faults/turn.js'
import { InterruptedError } from '../../../src/lab/interrupted.js'
import { Lab } from '../../../src/lab/lab.js'
import { drawPlans } from '../../../src/lab/refute/draw-plans.js'
import { levelOf, refute, type Refutation } from '../../../src/lab/refute/refute.js'
import { yardstickOf } from '../../../src/lab/refute/yardstick.js'
import {
  deadline, fedAvg, fraction, mislabel, mlp, ms, named, poison, sgd, simulation, slow, synchronous, type Specification,
} from '../../../src/simulation/script.js'

/** Three clients whose computing takes most of a round: a training of two epochs 70 of 73 ms. */
const base = {
  world: storefronts({ scenarios: 3, impressions: 500, users: 60, items: 30, divergence: 0.5 }),
  model: mlp({ hidden: [4], embedding: 2 }),
  strategy: fedAvg(),
  network: { latency: ms(1) },
  devices: { stepOverhead: ms(5) },
  evaluate: { start: false, on: ['validation'] },
  onDivergence: 'go-on',
} satisfies Partial<Specification>

const local = (epochs: number, rate = 0.3) => ({ epochs, batch: 50, optimizer: sgd(rate) })

/** Ignores whoever is late, and then has too few: with everybody in time it trains more. */
const hasty = { ...base, local: local(2), rounds: deadline({ count: 4, after: ms(400), quorum: 3 }) }
/** Waits for everybody, and trains less. */
const patient = { ...base, local: local(1), rounds: synchronous({ count: 4 }) }
/** Trains next to nothing, whatever happens. */
const idle = { ...hasty, local: local(2, 1e-9) }

/** Each is opened once. */
const opened = new Map<string, Promise<Lab>>()
const labOf = (script: Specification, { engine = 'onnx', workers = 1 }: { engine?: EngineName; workers?: number } = {}): Promise<Lab> => {
  const key = JSON.stringify([script, engine, workers])
  const lab = opened.get(key) ?? Lab.open(simulation(script), { engine, workers })
  opened.set(key, lab)
  return lab
}
afterAll(async () => {
  for (const lab of opened.values()) await (await lab).close()
})

const loss = { metric: 'log-loss', seeds: 5, plans: 60, kinds: ['slow', 'partial', 'duplicate', 'forget'] }

describe('a planted flip', () => {
  let first: Refutation | undefined

  it('is found, made as mild as can be, and confirmed on fresh seeds', async () => {
    const [a, b] = [await labOf(hasty), await labOf(patient)]
    const found = (first = await refute(a, b, loss))
    expect(found.verdict).toBe('refuted')
    const { flip, calm, search } = found
    expect(calm.effect.interval[0]).toBeGreaterThan(0)
    expect(flip!.effect.interval[1]).toBeLessThan(0)
    // One straggler is enough, and a round of two epochs that is slowed by less than this is in time.
    const [slowest] = await a.calmRounds()
    const threshold = (400_000 - slowest.down - slowest.up) / slowest.training
    expect(flip!.faults).toHaveLength(1)
    const [fault] = flip!.faults as unknown as [{ kind: string; who: { names: string[] }; by: number }]
    expect(fault.kind).toBe('slow')
    expect(fault.who.names).toHaveLength(1)
    expect(fault.by).toBeGreaterThan(threshold)
    // The smallest step back is to nine tenths of the way from 1.5, on a scale of factors.
    expect(1.5 * (fault.by / 1.5) ** 0.9).toBeLessThan(threshold * 1.05)
    expect(flip!.minimal).toBe(true)
    expect(flip!.wildness).toBeLessThanOrEqual(flip!.from.wildness)
    expect(flip!.wildness).toBe(planWildness(flip!.faults, found.scene!))
    expect(search.flown).toBeLessThanOrEqual(search.drawn)
    // No seed that was looked at before says whether it holds.
    const seen = new Set([calm, ...found.unconfirmed].flatMap(({ seeds }) => seeds))
    expect(flip!.seeds.filter((seed) => seen.has(seed))).toEqual([])
    expect(flip!.level).toBe(levelOf(0.95, found.unconfirmed.length + 1))
  })

  it('is the same again, with any number of workers', async () => {
    const [a, b] = [await labOf(hasty, { workers: 2 }), await labOf(patient, { workers: 2 })]
    expect(await refute(a, b, loss)).toEqual(first)
  })

  it('is what two flights come to that are flown by themselves', async () => {
    const [a, b] = [await labOf(hasty), await labOf(patient)]
    const { weigh } = yardstickOf('log-loss')
    for (const { faults, seeds, advantages } of [first!.calm, first!.flip!]) {
      const again = []
      for (const seed of seeds) {
        const flights = await Promise.all([a, b].map(async (lab) => lab.fly({ seed, plan: await lab.plan(seed, faults) })))
        again.push(weigh(flights[0], flights[1])!.advantage)
      }
      expect(again).toEqual(advantages)
    }
  })

  it('holds for that plan alone too, and a milder one refutes nothing', async () => {
    const [a, b] = [await labOf(hasty), await labOf(patient)]
    const of = (by: number): FaultInput[] => [slow(named('client-store-2'), { by, id: 'late' })]
    expect(await refute(a, b, { ...loss, only: of(8) })).toMatchObject({ verdict: 'refuted', flip: { level: 0.95, from: { faults: of(8) } } })
    expect(await refute(a, b, { ...loss, only: of(3) })).toMatchObject({ verdict: 'not refuted', flip: undefined, unconfirmed: [{ faults: of(3) }] })
  })
})

describe('a planted truth', () => {
  /** Whoever learns nothing cannot be taught what is wrong. */
  const misleading = new Set(['mislabel', 'poison', 'corrupt'])

  it('is not refuted within 200 plans of every kind of fault that does not mislead', async () => {
    const [a, b] = [await labOf(hasty), await labOf(idle)]
    const { verdict, search, unconfirmed, flights } = await refute(a, b, { ...loss, plans: 200, kinds: drawnKinds.filter((kind) => !misleading.has(kind)) })
    expect(verdict).toBe('not refuted')
    expect(search).toMatchObject({ drawn: 200, flown: 200, flipped: 0 })
    expect(search.upTo).toBeGreaterThan(3)
    expect(unconfirmed).toEqual([])
    // One that does not flip is looked at with one seed, and two that are the same once.
    expect(flights).toBeGreaterThan(2 * (5 + 190))
    expect(flights).toBeLessThan(2 * (5 + 220))
  })

  it('is a truth about those alone: labels that are wrong refute it', async () => {
    const [a, b] = [await labOf(hasty), await labOf(idle)]
    const wrong = [mislabel(fraction(1), { flip: 0.95, id: 'wrong' })]
    expect(await refute(a, b, { ...loss, only: wrong })).toMatchObject({ verdict: 'refuted', flip: { faults: wrong } })
  })
})

describe('a ranking by what flights cost, which is exact', () => {
  /** In vain: waits for everybody, and is faster unless somebody is late. */
  const unscored = { start: false, every: 100, final: false } as const
  const quick = { ...patient, evaluate: unscored }
  const cut = { ...base, evaluate: unscored, local: local(2), rounds: deadline({ count: 4, after: ms(200), quorum: 1 }) }
  const time = { metric: 'virtual time', seeds: 2, kinds: ['slow', 'delay', 'narrow', 'pause'] }

  it('flips under the mildest of the drawn plans that flip it, and none that is milder', async () => {
    const [a, b] = [await labOf(quick, { engine: 'surrogate' }), await labOf(cut, { engine: 'surrogate' })]
    const found = await refute(a, b, { ...time, plans: 120 })
    expect(found.verdict).toBe('refuted')
    const { from, faults, minimal } = found.flip!
    // Slow and obvious: every plan that was drawn, both flown from the beginning.
    const [one, other] = [a, b]
    const advantage = async (plan: readonly FaultInput[]): Promise<number> => {
      const [ours, theirs] = await Promise.all([one, other].map(async (lab) => lab.fly({ seed: '1', plan: await lab.plan('1', plan) })))
      return theirs.virtualTime - ours.virtualTime
    }
    const isSound = (plan: readonly FaultInput[]): Promise<boolean> => one.plan('1', plan).then(() => true, () => false)
    const all = await drawPlans({
      seed: '1', count: 120, kinds: time.kinds, intensity: 1, scene: found.scene!, inRounds: false, able: (kinds) => kinds, isSound,
    })
    const flips = []
    for (const plan of all) flips.push((await advantage(plan.faults)) < 0)
    const place = flips.indexOf(true)
    expect(from).toEqual(all[place])
    expect(found.search).toMatchObject({ flown: place + 1, flipped: 1, upTo: from.wildness })
    expect(minimal).toBe(true)
    expect(await advantage(faults)).toBeLessThan(0)
  })

  it('is claimed by so much: a lead that is smaller than that is no lead', async () => {
    const [a, b] = [await labOf(quick, { engine: 'surrogate' }), await labOf(cut, { engine: 'surrogate' })]
    const { calm } = await refute(a, b, { ...time, plans: 1 })
    expect(calm.alike).toBe(true)
    const lead = calm.effect.estimate
    expect(await refute(a, b, { ...time, by: lead, plans: 1 })).toMatchObject({ verdict: 'unfounded', flights: 4 })
    const narrow = await refute(a, b, { ...time, by: lead - 1000, plans: 40 })
    expect(narrow.verdict).toBe('refuted')
    // Less of a lead is lost sooner.
    const wide = await refute(a, b, { ...time, plans: 40 })
    expect(narrow.search.flown).toBeLessThanOrEqual(wide.search.flown)
    for (const advantage of narrow.flip!.advantages) expect(advantage).toBeLessThan(lead - 1000)
  })
})

describe('a claim', () => {
  it('that is not so without faults is not looked into', async () => {
    const [a, b] = [await labOf(idle), await labOf(hasty)]
    expect(await refute(a, b, loss)).toMatchObject({ verdict: 'unfounded', flights: 10, flip: undefined, search: { drawn: 0, flown: 0 } })
  })

  it('is not decided by a model that diverged: such plans are counted', async () => {
    const [a, b] = [await labOf({ ...hasty, onDivergence: 'stop' }), await labOf({ ...idle, onDivergence: 'stop' })]
    const spoil = [poison(named('client-store-1'), { send: 'nan', id: 'spoil' })]
    const alone = await refute(a, b, { ...loss, only: spoil })
    expect(alone).toMatchObject({ verdict: 'not refuted', search: { uncompared: { diverged: 1 }, diverged: { a: 1, b: 1 } } })
    expect(alone.unconfirmed[0].advantages.every(Number.isNaN)).toBe(true)
    const { verdict, search } = await refute(a, b, { ...loss, kinds: ['poison'], plans: 40 })
    expect(verdict).toBe('not refuted')
    expect(search.uncompared.diverged).toBeGreaterThan(0)
    expect(search.diverged.a + search.diverged.b).toBeGreaterThanOrEqual(search.uncompared.diverged)
  })

  it('that somebody interrupts is as far as it came; without a word on it before the claim itself was looked at', async () => {
    const [a, b] = [await labOf(hasty), await labOf(idle)]
    const stop = (stage: string, after: number): AbortSignal => {
      const controller = new AbortController()
      return Object.assign(controller.signal, { about: (now: { stage: string; plan: number }) => void (now.stage === stage && now.plan >= after && controller.abort()) })
    }
    const late = stop('search', 4) as AbortSignal & { about: (now: { stage: string; plan: number }) => void }
    const { verdict, interrupted, search } = await refute(a, b, { ...loss, plans: 40, signal: late, onFlight: late.about })
    expect({ verdict, interrupted }).toEqual({ verdict: 'not refuted', interrupted: true })
    expect(search).toMatchObject({ drawn: 40, flown: 3 })
    const early = AbortSignal.abort()
    await expect(refute(a, b, { ...loss, signal: early })).rejects.toThrow(InterruptedError)
  })

  it('is of labs with one seed, and of numbers that make sense', async () => {
    const a = await labOf(hasty)
    const other = await Lab.open(simulation(idle), { seed: 2, engine: 'surrogate', workers: 1 })
    await expect(refute(a, other, loss)).rejects.toThrow('A has 1 where B has 2')
    await other.close()
    await expect(refute(a, a, { ...loss, seeds: 1 })).rejects.toThrow('seeds is 1: give a whole number from 2 up')
    await expect(refute(a, a, { metric: 'acu' })).rejects.toThrow('Did you mean "auc"?')
  })
})

it('all confirmations together use up no more than was asked for', () => {
  const spent = Array.from({ length: 1000 }, (_, i) => 1 - levelOf(0.95, i + 1))
  expect(spent[0]).toBeCloseTo(0.025, 12)
  expect(spent.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(0.05)
  expect(spent.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.0499)
})
