import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { FaultInput } from '../../../src/faults/registry.js'
import { drawFault, drawnKinds } from '../../../src/faults/turn.js'
import { drawnRounds, drawRounds } from '../../../src/federation/rounds/turn.js'
import type { Case } from '../../../src/lab/explore/case.js'
import { offers } from '../../../src/lab/shrink/offers.js'
import { shrink } from '../../../src/lab/shrink/shrink.js'
import { canonical } from '../../../src/roster/identity.js'
import { streams } from '../../../src/random/streams.js'
import { digest, origin, scatter } from '../../../src/random/digest.js'
import { ground, made, own } from './ground.js'

const slow = (id: string, names: string[], by: number): FaultInput => ({ kind: 'slow', who: { select: 'named', names }, by, id })
const lose = (id: string): FaultInput => ({ kind: 'lose', link: {}, probability: 0.5, id })
const kinds = ({ faults }: Case) => faults.map(({ kind }) => kind)

describe('shrink', () => {
  it('tries the empty plan first', async () => {
    const { ground: on, flown } = ground(() => true)
    const { case: least } = await shrink({ chance: 'x', faults: [slow('f1', ['client-3'], 8), lose('f2')] }, made, on)
    expect(least).toEqual({ chance: 'x', faults: [], rounds: { ...own, count: 1 }, shape: { clients: 1, experts: 1 } })
    expect(flown[1]).toEqual({ chance: 'x', faults: [] })
  })

  it('ends where steps undo each other', async () => {
    const { ground: on, scene, flown } = ground(() => true)
    // A ground that counts one expert too many offers two of them to whoever has one.
    const miscounting = { ...on, scene: async (shape: object) => ({ ...scene(shape), experts: [...scene(shape).experts, 'expert-9'] }) }
    const { spent } = await shrink({ chance: 'x', faults: [lose('f1')], shape: { clients: 2, experts: 2 } }, made, miscounting)
    expect([spent, flown.length < 40]).toEqual([false, true])
  })

  it('then leaves out what never struck', async () => {
    const never = Array.from({ length: 5 }, (_, i) => lose(`n${i}`))
    const { ground: on, flown } = ground(({ faults }) => faults.some(({ kind }) => kind === 'slow'), () => ['f1'])
    const { case: least, trail } = await shrink({ chance: 'x', faults: [...never, slow('f1', ['client-1'], 8)] }, made, on)
    expect(kinds(flown[2])).toEqual(['slow'])
    expect(trail[0]).toEqual({ flight: 3, what: 'without what never struck (n0, n1, n2, n3, n4)', faults: 1 })
    expect(least.faults).toEqual([slow('f1', ['client-1'], 1.5)])
  })

  it('turns everything back that does not matter, and says how', async () => {
    const fails = ({ faults, delivery, rounds = own }: Case): boolean =>
      delivery !== undefined && (rounds as { count: number }).count >= 3 && faults.some((fault) => fault.kind === 'slow' && (fault as { by: number }).by >= 4)
    const { ground: on } = ground(fails)
    const wild: Case = {
      chance: 'x', faults: [lose('f1'), slow('f2', ['client-2', 'client-5'], 60), lose('f3')],
      delivery: { acknowledge: true }, checkpoint: { every: 2 }, selection: { kind: 'random' }, calm: { round: 4 },
      rounds: { kind: 'deadline', count: 11, after: '1 s' }, shape: { clients: 7, experts: 3 },
    }
    const { case: least, trail, flights, spent } = await shrink(wild, made, on)
    expect(least).toEqual({
      chance: 'x', faults: [slow('f2', ['client-1'], 4.2)], delivery: { acknowledge: true }, rounds: { ...own, count: 3 }, shape: { clients: 1, experts: 1 },
    })
    expect(trail.map(({ what }) => what)).toEqual([
      'only f1, f2', 'only f2', 'its own checkpoint', 'its own selection', 'its own calm', 'its own rounds', '3 rounds', '4 clients', '2 clients', '1 clients',
      '2 experts', '1 experts', 'f2 milder', 'f2 milder', 'f2 milder',
    ])
    expect(spent).toBe(false)
    expect(flights).toBeLessThan(60)
  })

  it('keeps faults about somebody who is still there', async () => {
    const { ground: on } = ground(({ faults }) => faults.length > 0)
    const both: Case = { chance: 'x', faults: [{ kind: 'delay', link: { from: 'client-5', to: 'expert-2' }, by: 5000, id: 'f1' }] }
    const { case: least } = await shrink(both, made, on)
    expect(least).toMatchObject({ faults: [{ link: { from: 'client-1', to: 'expert-1' } }], shape: { clients: 1, experts: 1 } })
  })

  it('finds a few among very many', async () => {
    const all = Array.from({ length: 64 }, (_, i) => lose(`f${i}`))
    const needed = ['f7', 'f40', 'f41']
    const { ground: on } = ground(({ faults }) => needed.every((id) => faults.some((fault) => fault.id === id)))
    const { case: least, flights } = await shrink({ chance: 'x', faults: all }, made, on)
    expect(least.faults.map(({ id }) => id)).toEqual(needed)
    expect(flights).toBeLessThan(130)
  })

  it('says when its flights are spent', async () => {
    const { ground: on, flown } = ground(({ faults }) => faults.length > 1)
    const all = Array.from({ length: 8 }, (_, i) => lose(`f${i}`))
    const cut = await shrink({ chance: 'x', faults: all }, made, on, { budget: 5 })
    expect([cut.flights, flown.length, cut.spent]).toEqual([5, 5, true])
  })

  it('refuses what does not fail so', async () => {
    const { ground: on } = ground(() => true)
    await expect(shrink({ chance: 'x', faults: [] }, { ...made, what: 'another' }, on)).rejects.toThrow('this does not fail by another')
  })
})

/** A drawn case: several faults, and now and then whatever else may be other. */
const drawn = (seed: number): Case => {
  const toss = streams('shrink')('case', seed)
  const { scene } = ground(() => true)
  const shape = toss() < 0.5 ? { clients: 1 + Math.floor(9 * toss()), experts: 1 + Math.floor(3 * toss()) } : undefined
  const around = scene(shape)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(toss() * from.length)]
  const rounds = toss() < 0.6 ? drawRounds(pick(drawnRounds), toss, toss(), around) : undefined
  return {
    chance: String(seed),
    faults: Array.from({ length: 1 + Math.floor(7 * toss()) }, (_, i) => ({ ...drawFault(pick(drawnKinds), toss, toss(), around), id: `f${i}` })),
    ...(rounds && { rounds }), ...(shape && { shape }),
    ...(toss() < 0.5 && { delivery: { acknowledge: true } }), ...(toss() < 0.5 && { calm: { round: 3 } }), ...(toss() < 0.5 && { checkpoint: { every: 2 } }),
  }
}

/** Predicates of many shapes that hold of a case; numbered. */
const predicates = (of: Case): ((one: Case) => boolean)[] => {
  const [first, last] = [of.faults[0], of.faults.at(-1)!]
  const has = (one: Case, kind: string): boolean => one.faults.some((fault) => fault.kind === kind)
  const size = (one: Case): number => JSON.stringify(one.faults).length
  const odd = (one: Case): number => scatter(digest(origin, canonical(one))).a % 5
  return [
    () => true,
    (one) => has(one, first.kind),
    (one) => has(one, first.kind) && has(one, last.kind),
    (one) => one.faults.length >= Math.min(3, of.faults.length),
    // Only one of two: not monotone.
    (one) => one.faults.length % 2 === of.faults.length % 2,
    (one) => has(one, last.kind) && (one.delivery !== undefined) === (of.delivery !== undefined),
    (one) => ((one.rounds ?? own) as { count: number }).count >= 2 && canonical(one.rounds?.kind ?? '') === canonical(of.rounds?.kind ?? ''),
    (one) => size(one) * 3 >= size(of),
    (one) => (one.shape?.clients ?? 5) * 2 >= (of.shape?.clients ?? 5) && has(one, last.kind),
    // Lumpy: whatever is hit by a hash, and what it was.
    (one) => odd(one) === 0 || canonical(one) === canonical(of),
  ]
}

describe('whatever fails', () => {
  it('shrinks to what is one-minimal, the same way each time, with every case flown once', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(100_000), fc.nat(9), async (seed, which) => {
      const of = drawn(seed)
      const fails = predicates(of)[which]
      const { ground: on, flown } = ground(fails)
      const least = await shrink(of, made, on, { budget: 20_000 })
      expect(least.spent).toBe(false)
      expect(new Set(flown.map(canonical)).size).toBe(flown.length)
      expect(least.case.chance).toBe(of.chance)
      const again = await shrink(of, made, ground(fails).ground, { budget: 20_000 })
      expect(again).toEqual(least)
      const judge = ground(fails).ground
      const still = async (one: Case): Promise<boolean> => judge.isSound(one) && (await judge.fly(one).catch(() => undefined))?.failure !== undefined
      expect(await still(least.case)).toBe(true)
      const simpler = await offers(least.case, judge)
      for (const { what, of: one } of simpler) expect([what, await still(one)]).toEqual([what, false])
      // What is on offer is simpler: none of it is the case itself.
      expect(simpler.map((offer) => canonical(offer.of))).not.toContain(canonical(least.case))
    }), { seed: 13, numRuns: 150 })
  })
})
