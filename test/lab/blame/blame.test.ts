import { afterAll, describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { blame, type Blame, type Priced } from '../../../src/lab/blame/blame.js'
import type { Flying } from '../../../src/lab/blame/coalitions.js'
import { InterruptedError } from '../../../src/lab/interrupted.js'
import { Lab } from '../../../src/lab/lab.js'
import {
  adam, deadline, delay, duplicate, fedAvg, fraction, linearModel, lose, mlp, ms, named, one, poison, seconds, sgd, simulation, slow, synchronous, type Specification,
} from '../../../src/simulation/script.js'

const script = {
  world: storefronts({ scenarios: 3, impressions: 120, users: 40, items: 20 }),
  model: mlp({ hidden: [4], embedding: 2 }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  network: { latency: ms(10) },
} satisfies Specification

const opened: Lab[] = []
const labOf = async (changes: Partial<Specification>, seed = 1): Promise<Lab> => {
  const lab = await Lab.open(simulation({ ...script, ...changes } as Specification), { seed, workers: 1 })
  opened.push(lab)
  return lab
}
afterAll(async () => {
  for (const lab of opened) await lab.close()
})

const priceOf = ({ prices }: Blame, what: Priced, measure: string, ...faults: readonly string[]) => {
  const found = prices.filter((price) =>
    price.what === what && price.measure.name.endsWith(measure) && (faults.length === 0 || price.faults.join() === faults.join()))
  expect(found).toHaveLength(1)
  return found[0]
}

describe('the price of a fault', () => {
  it('is what can be worked out by hand, in time and bytes', async () => {
    const lab = await labOf({
      faults: [
        // Every model comes 100 ms later, in three rounds.
        delay({ direction: 'down' }, { by: ms(100), id: 'late' }),
        // In round 2 every update comes twice.
        duplicate({ message: 'update' }, { rounds: [2, 2], after: ms(1), id: 'twice' }),
      ],
    })
    const blamed = await blame(lab, { seeds: 3 })
    const { ledger } = await lab.fly({ plan: { ...(await lab.plan()), faults: [] } })
    const updates = ledger.filter(({ kind, round }) => kind === 'update' && round === 2)
    expect(updates).toHaveLength(3)
    expect(priceOf(blamed, 'fault', 'virtual time', 'late')).toMatchObject({ differences: [300_000, 300_000, 300_000], alike: true, verdict: undefined })
    expect(priceOf(blamed, 'fault', 'virtual time', 'twice').differences).toEqual([0, 0, 0])
    const bytes = updates.reduce((sum, row) => sum + row.bytes, 0)
    expect(priceOf(blamed, 'fault', 'bytes', 'twice').differences).toEqual([bytes, bytes, bytes])
    expect(priceOf(blamed, 'fault', 'bytes', 'late').differences).toEqual([0, 0, 0])
    expect(priceOf(blamed, 'all', 'virtual time').effect.estimate).toBe(300_000)
    // They do not meddle with each other: two faults, four coalitions, three seeds.
    expect(blamed).toMatchObject({ explained: true, flights: 12, seeds: ['1', '2', '3'], shares: undefined })
    expect(priceOf(blamed, 'all beyond each', 'bytes').differences).toEqual([0, 0, 0])
    expect(priceOf(blamed, 'fault', 'ctr, mean', 'late').effect).toMatchObject({ estimate: 0, p: 1 })
  })

  it('of two that do the same is none by itself: the pair has it, and a fair split halves it', async () => {
    const lost = { from: named('client-store-1'), message: 'update' } as const
    const lab = await labOf({
      rounds: deadline({ count: 3, after: seconds(2), quorum: 1 }),
      faults: [
        lose(lost, { rounds: [2, 2], id: 'first' }), lose(lost, { rounds: [2, 2], id: 'second' }),
        delay({ direction: 'down' }, { by: ms(1), id: 'late' }),
      ],
    })
    const told: (readonly [number, number])[] = []
    const onFlight = ({ number, of }: Flying): void => void told.push([number, of])
    const blamed = await blame(lab, { seeds: 2, shapley: true, onFlight })
    const rows = (await lab.fly()).trainings.find(({ client, round }) => client === 'client-store-1' && round === 2)!.examples
    for (const id of ['first', 'second']) {
      expect(priceOf(blamed, 'fault', 'wasted examples', id).differences).toEqual([0, 0])
      expect(priceOf(blamed, 'share', 'wasted examples', id).differences).toEqual([rows / 2, rows / 2])
    }
    expect(blamed.explained).toBe(false)
    expect(priceOf(blamed, 'pair', 'wasted examples', 'first', 'second').differences).toEqual([rows, rows])
    expect(priceOf(blamed, 'pair beyond its two', 'wasted examples', 'first', 'second').differences).toEqual([rows, rows])
    expect(priceOf(blamed, 'pair beyond its two', 'wasted examples', 'first', 'late').differences).toEqual([0, 0])
    expect(priceOf(blamed, 'all beyond each', 'wasted examples').differences).toEqual([rows, rows])
    // Every subset of three, once for each seed: pairs and splits take from the same flights.
    expect(blamed).toMatchObject({ shares: 'exact', flights: 16 })
    expect(told).toEqual(Array.from({ length: 16 }, (_, i) => [i + 1, 16]))
    for (const measure of blamed.measures) {
      const shares = blamed.prices.filter((price) => price.what === 'share' && price.measure === measure)
      const all = priceOf(blamed, 'all', measure.name)
      expect(shares.reduce((sum, { effect }) => sum + effect.estimate, 0)).toBeCloseTo(all.effect.estimate, 9)
    }
  })

  it('is had in flights that are counted beforehand, but for pairs that turn out to be needed', async () => {
    const lost = { from: named('client-store-1'), message: 'update' } as const
    const lab = await labOf({
      rounds: deadline({ count: 3, after: seconds(2), quorum: 1 }),
      faults: [
        lose(lost, { rounds: [2, 2], id: 'first' }), lose(lost, { rounds: [2, 2], id: 'second' }), delay({ direction: 'down' }, { by: ms(1), id: 'late' }),
      ],
    })
    const told: (readonly [number, number])[] = []
    await blame(lab, { seeds: 2, onFlight: ({ number, of }) => void told.push([number, of]) })
    // All, none, and without each; then without every two: of three that is each alone.
    expect(told).toEqual([...Array.from({ length: 10 }, (_, i) => [i + 1, 10]), ...Array.from({ length: 6 }, (_, i) => [i + 11, 16])])
  })

  it('is split by drawn orders among more than six', async () => {
    const faults = Array.from({ length: 7 }, (_, i) => delay({ direction: 'down' }, { by: ms(i + 1), id: `late-${i + 1}` }))
    const lab = await labOf({ rounds: synchronous({ count: 1 }), faults })
    const foreseen = new Set<number>()
    const blamed = await blame(lab, { seeds: 1, shapley: true, orders: 2, onFlight: ({ of }) => void foreseen.add(of) })
    expect([...foreseen]).toEqual([blamed.flights])
    expect(blamed.shares).toBe('drawn')
    faults.forEach(({ id }, i) => {
      const { differences, drawing, effect } = priceOf(blamed, 'share', 'virtual time', id!)
      expect(differences).toEqual([1_000 * (i + 1)])
      expect(drawing).toBe(0)
      // One seed says nothing of others.
      expect(effect.p).toBeNaN()
    })
    // Without, without each, and what two pairs of orders need beside: fewer than 2^7.
    expect(blamed.flights).toBeLessThan(9 + 4 * 6)
  })
})

describe('who is to blame', () => {
  it('is the one harmful fault among three harmless ones, outside its interval', async () => {
    const lab = await labOf({
      world: storefronts({ scenarios: 3, impressions: 600, users: 60, items: 20, divergence: 0 }),
      model: linearModel({}),
      local: { epochs: 1, batch: 120, optimizer: adam(0.05) },
      rounds: deadline({ count: 4, after: seconds(60) }),
      faults: [
        slow(one(), { by: 1.5, id: 'slow' }),
        poison(fraction(0.67), { send: 'sign-flip', id: 'flipped' }),
        delay({ direction: 'down' }, { by: ms(5), jitter: ms(5), id: 'late' }),
        duplicate({ message: 'update' }, { probability: 0.5, id: 'twice' }),
      ],
    }, 3)
    const blamed = await blame(lab, { at: 'last' })
    const harmful = blamed.prices.filter(({ what, measure, verdict }) => what === 'fault' && measure.unit === 'score' && verdict === 'harmful')
    expect(new Set(harmful.map(({ faults: [id] }) => id))).toEqual(new Set(['flipped']))
    const { effect: { interval, estimate }, adjusted } = harmful.find(({ measure }) => measure.name.endsWith('mean'))!
    expect(interval[1]).toBeLessThan(0)
    expect(estimate).toBeLessThan(-0.1)
    expect(adjusted).toBeLessThanOrEqual(0.05)
    expect(blamed.seeds).toEqual(['3', '1', '2', '4', '5'])
    expect(blamed.flights).toBeGreaterThanOrEqual(30)
    expect(blamed.faults.map(({ id, fired }) => [id, fired > 0])).toEqual([['slow', true], ['flipped', true], ['late', true], ['twice', true]])
  })
})

describe('what cannot be priced', () => {
  it('says why', async () => {
    const calm = await labOf({ faults: [] })
    await expect(blame(calm)).rejects.toThrow('There is no fault in this plan')
    const lab = await labOf({ faults: [slow(one(), { by: 2 })] })
    await expect(blame(lab, { metric: 'aux' })).rejects.toThrow(/There is no aux on test after round \d\. Did you mean "auc"\?/)
    await expect(blame(lab, { seeds: 0 })).rejects.toThrow('seeds is 0: give a whole number from 1 up.')
    const stop = new AbortController()
    await expect(blame(lab, { signal: stop.signal, onFlight: ({ number }) => number === 3 && stop.abort() })).rejects.toThrow(InterruptedError)
  })

  it('refuses to start where the first flight is not the one that was meant', async () => {
    const lab = await labOf({ faults: [slow(one(), { by: 2 })] })
    const flown: string[] = []
    const refused = blame(lab, { onFlight: ({ seed }) => flown.push(seed), onWhole: () => { throw new Error('another') } })
    await expect(refused).rejects.toThrow('another')
    expect(flown).toEqual(['1'])
  })
})
