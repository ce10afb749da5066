import { describe, expect, it } from 'vitest'

import type { Candidate } from '../../../src/federation/choice.js'
import { type TierOptions, tierRule } from '../../../src/federation/selection/tiers.js'
import { asking, client } from './choosing.js'

/** Six clients in three tiers of two, by their devices. */
const six = [100, 110, 200, 210, 300, 310].map((profile, i) => client(`c${i}`, { profile }))
const tierOf = (names: readonly string[]): number[] => [...new Set(names.map((name) => Math.floor(Number(name.slice(1)) / 2)))]
const rule = (options: Partial<TierOptions> = {}, seed = 'tiers') => asking(tierRule({ tiers: 3, by: 'device', ...options }), seed)

/** How often each tier had the round, over 2,000. */
const shares = (options: Partial<TierOptions>, people: readonly Candidate[] = six, rounds = 2000): number[] => {
  const ask = rule(options)
  const counts = [0, 0, 0]
  for (let round = 1; round <= rounds; round++) for (const tier of tierOf(ask(people, { round, all: six }))) counts[tier]++
  return counts.map((count) => count / rounds)
}

describe('tiers', () => {
  it('are of equal size by speed, and a round asks within one of them', () => {
    const ask = rule()
    for (let round = 1; round <= 40; round++) {
      const names = ask(six, { round })
      expect(names).toHaveLength(2)
      expect(tierOf(names)).toHaveLength(1)
    }
    expect(rule()(six, { wanted: 1 })).toHaveLength(1)
  })

  it('are the same for equals: clients of equal time are in one', () => {
    const equals = ['a', 'b', 'c'].map((name) => client(name))
    expect(rule()(equals)).toEqual(['a', 'b', 'c'])
  })

  it('are drawn alike, or by probabilities of their own', () => {
    for (const share of shares({})) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.04)
    const found = shares({ probabilities: [0.7, 0.2, 0.1] })
    for (const [i, share] of [0.7, 0.2, 0.1].entries()) expect(Math.abs(found[i] - share)).toBeLessThan(0.04)
    expect(shares({ probabilities: [0, 1, 0] })).toEqual([0, 1, 0])
  })

  it('without anybody there are passed over, and the others share their chance', () => {
    const found = shares({ probabilities: [0.5, 0.25, 0.25] }, six.slice(2))
    expect(found[0]).toBe(0)
    expect(Math.abs(found[1] - 0.5)).toBeLessThan(0.04)
    expect(shares({ probabilities: [1, 0, 0] }, six.slice(2)).slice(1).every((share) => share > 0.4)).toBe(true)
  })

  it('with too few for the quorum are passed over; with too few in all, the round hears how many there were', () => {
    const there = [six[0], six[2], six[3]]
    for (let round = 1; round < 20; round++) expect(tierOf(rule()(there, { round, atLeast: 2, all: six }))).toEqual([1])
    expect(rule()([six[0], six[2]], { atLeast: 2, all: six })).toHaveLength(1)
  })

  it('have credits: one that has none left is drawn only when nobody has', () => {
    const ask = rule({ probabilities: [0.9, 0.05, 0.05], credits: [3, 2, 1] })
    const had = Array.from({ length: 6 }, (_, i) => tierOf(ask(six, { round: i + 1 }))[0])
    expect(had.toSorted()).toEqual([0, 0, 0, 1, 1, 2])
    expect(ask(six, { round: 7 })).toHaveLength(2)
  })

  it('stay for the round: whoever else is asked in it is of the same tier, and costs no credit', () => {
    const ask = rule({ credits: [1, 1, 1] })
    const [tier] = tierOf(ask(six, { round: 1, wanted: 1 }))
    for (let i = 0; i < 5; i++) expect(tierOf(ask(six, { round: 1, wanted: 1 }))).toEqual([tier])
    const others = new Set([2, 3].map((round) => tierOf(ask(six, { round }))[0]))
    expect(others.size).toBe(2)
    expect(others.has(tier)).toBe(false)
  })

  it('by answers: everybody is asked once first, then they go by the time of their last answer, the unheard last', () => {
    const ask = rule({ by: 'answers' })
    const strangers = six.slice(0, 3)
    const known = [client('c4', { turn: 1, last: { took: 10 } }), client('c5', { turn: 1 })]
    expect(ask([...known, ...strangers], { wanted: 2 })).toEqual(['c0', 'c1'])
    expect(ask([...known, strangers[0]], { wanted: 3 })).toEqual(['c0'])
    expect(ask([...known, strangers[0]], { wanted: 3, atLeast: 2 })).toEqual(['c0', 'c4'])
    // c4 answered fastest of all, though its device is slow; c5 never did.
    const times = [500, 400, 300, 200, 10]
    const all = times.map((took, i) => client(`c${i}`, { turn: 1, last: { took } }))
    const both = [...all, client('c5', { turn: 1 })]
    const fastest = rule({ by: 'answers', probabilities: [1, 0, 0] })(both)
    expect(fastest.toSorted()).toEqual(['c3', 'c4'])
    expect(rule({ by: 'answers', probabilities: [0, 0, 1] })(both).toSorted()).toEqual(['c0', 'c5'])
  })

  describe('that adapt', () => {
    const adapt = { every: 2, losses: 'losses' }
    const needing = (...needs: number[]): Candidate[] =>
      six.map((one, i) => ({ ...one, last: { round: 1, took: 1, steps: 1, change: 99, extras: { losses: Float32Array.of(needs[Math.floor(i / 2)]) } } }))

    it('keep their probabilities while the tier that was asked gains', () => {
      const ask = rule({ adapt, probabilities: [1, 0, 0] })
      const told = [[3, 9, 1], [3, 9, 1], [2, 9, 1], [2, 9, 1], [1, 9, 1]]
      for (const [i, needs] of told.entries()) expect(tierOf(ask(needing(...needs), { round: i + 1 }))).toEqual([0])
    })

    it('give the neediest the most, once it does not: n, n - 1, ... shares', () => {
      const counts = [0, 0, 0]
      for (let i = 0; i < 1500; i++) {
        const ask = rule({ adapt, probabilities: [1, 0, 0] }, `${i}`)
        for (let round = 1; round <= 2; round++) expect(tierOf(ask(needing(3, 9, 1), { round }))).toEqual([0])
        counts[tierOf(ask(needing(3, 9, 1), { round: 3 }))[0]]++
      }
      const expected = [2 / 6, 3 / 6, 1 / 6]
      for (const [tier, count] of counts.entries()) expect(Math.abs(count / 1500 - expected[tier])).toBeLessThan(0.05)
    })

    it('go by how far updates move where clients send no losses', () => {
      const moving = (...needs: number[]): Candidate[] =>
        six.map((one, i) => ({ ...one, last: { round: 1, took: 1, steps: 1, change: needs[Math.floor(i / 2)], extras: {} } }))
      const counts = [0, 0, 0]
      for (let i = 0; i < 600; i++) {
        const ask = rule({ adapt, probabilities: [1, 0, 0] }, `${i}`)
        for (let round = 1; round <= 3; round++) {
          const [tier] = tierOf(ask(moving(1, 2, 3), { round }))
          if (round === 3) counts[tier]++
        }
      }
      expect(counts[2]).toBeGreaterThan(counts[1])
      expect(counts[1]).toBeGreaterThan(counts[0])
    })
  })
})
