import { describe, expect, it } from 'vitest'

import type { FaultInput } from '../../../src/faults/registry.js'
import { refute } from '../../../src/lab/refute/refute.js'
import { normal, streams } from '../../../src/random/streams.js'
import { canonical } from '../../../src/roster/identity.js'
import { fakeLab, type Score } from './fake-lab.js'

const flat = fakeLab({ score: () => 0 })

/** A leads by 1 without faults, and else by what `lead` says, each with noise of its own. */
const claimant = (trial: number, lead: (faults: readonly FaultInput[]) => number, sd = 1): Score => (faults, seed) =>
  (faults.length === 0 ? 1 : lead(faults)) + (faults.length === 0 ? 0.2 : sd) * normal(streams(`trial ${trial}`)(canonical(faults), seed))

const trials = async (count: number, lead: (faults: readonly FaultInput[]) => number, options: object = {}) => {
  const found = []
  for (let trial = 0; trial < count; trial++) {
    found.push(await refute(fakeLab({ score: claimant(trial, lead) }), flat, { plans: 40, budget: 40, ...options }))
  }
  return found
}

describe('what is said of a claim', () => {
  it('is wrong as seldom as was asked for, although many plans were looked at', async () => {
    // Nobody leads under any plan: what flips does so by luck.
    const all = await trials(150, () => 0)
    const confirmations = all.reduce((sum, { unconfirmed }) => sum + unconfirmed.length, 0)
    const wrong = all.filter(({ verdict }) => verdict === 'refuted').length
    expect(confirmations).toBeGreaterThan(100)
    // Two-sided at 5 %, of which half is on this side: 150 trials have 3.75 in the mean, and more than 10 once in a thousand.
    expect(wrong).toBeLessThanOrEqual(10)
  })

  it('is right where a plan does flip the ranking by as much as seeds differ', async () => {
    const all = await trials(20, () => -1)
    expect(all.filter(({ verdict }) => verdict === 'refuted').length).toBeGreaterThanOrEqual(19)
  })

  it('is not what was found on the seeds of the search', async () => {
    // The flip is that of luck on the seeds 1 to 5: on others A leads.
    const lucky = fakeLab({ score: (faults, seed) => (faults.length > 0 && Number(seed) <= 10 ? -1 : 1) + 0.0001 * Number(seed) })
    const { verdict, unconfirmed, search } = await refute(lucky, flat, { plans: 10, budget: 10 })
    expect(verdict).toBe('not refuted')
    expect(search.flipped).toBe(10)
    expect(unconfirmed.length).toBeGreaterThanOrEqual(10)
    const seeds = unconfirmed.flatMap((shown) => shown.seeds)
    expect(new Set(seeds).size).toBe(seeds.length)
  })

  it('goes back to a wilder plan where the mildest that flips on the seeds of the search does not for sure', async () => {
    const by = (faults: readonly FaultInput[]): number => Math.max(0, ...faults.map((fault) => (fault as { by?: number }).by ?? 0))
    // By 8 it flips with the seeds of the search, by 20 with all of them.
    const score: Score = (faults, seed) => (by(faults) >= 20 || (by(faults) >= 8 && Number(seed) <= 10) ? -1 : 1) + 0.0001 * Number(seed)
    const { verdict, flip, unconfirmed } = await refute(fakeLab({ score }), flat, { plans: 60, kinds: ['slow'] })
    expect(verdict).toBe('refuted')
    expect(by(flip!.faults)).toBeGreaterThanOrEqual(20)
    expect(by(unconfirmed[0].faults)).toBeLessThan(20)
    expect(by(unconfirmed[0].faults)).toBeGreaterThanOrEqual(8)
    expect(flip!.minimal).toBe(false)
  })
})

describe('a planted threshold', () => {
  it.each([2, 5, 11, 30])('by %d is come near to from above, with one fault and one client', async (threshold) => {
    const score: Score = (faults, seed) => (faults.some((fault) => fault.kind === 'slow' && fault.by! >= threshold) ? -1 : 1) + 0.0001 * Number(seed)
    const { verdict, flip } = await refute(fakeLab({ score }), flat, { plans: 200 })
    expect(verdict).toBe('refuted')
    const [fault] = flip!.faults as unknown as { kind: string; by: number; who: { names: string[] } }[]
    expect(flip!.faults).toHaveLength(1)
    expect([fault.kind, fault.who.names.length]).toEqual(['slow', 1])
    expect(fault.by).toBeGreaterThanOrEqual(threshold)
    // Factors have two digits, and steps back go to nine tenths of the way from 1.5.
    expect(1.5 * (fault.by / 1.5) ** 0.9).toBeLessThan(threshold * 1.05)
  })
})
