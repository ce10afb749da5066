import { describe, expect, it } from 'vitest'

import type { Candidate } from '../../../src/federation/choice.js'
import { oort } from '../../../src/federation/selection/all.js'
import { selectionRule, selectionSchema } from '../../../src/federation/selection/registry.js'
import { asking, client, folded } from './choosing.js'

const of = (options: Parameters<typeof oort>[0] = {}) => selectionRule(selectionSchema.parse(oort(options)))
const losses = (...all: number[]) => ({ losses: Float32Array.from(all) })

/** How often each is asked of 2,000 first questions, each with draws of its own. */
const shares = (people: readonly Candidate[], options: Parameters<typeof oort>[0], about: object = {}): Record<string, number> => {
  const counts: Record<string, number> = Object.fromEntries(people.map(({ name }) => [name, 0]))
  for (let i = 0; i < 2000; i++) for (const name of asking(of(options), `${i}`)(people, { wanted: 1, round: 10, ...about })) counts[name]++
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / 2000]))
}

const exploiting = { explore: 0, exploreAtLeast: 0, preferred: 100, cutOff: 0, clip: 1 }
/** Everybody waited since round 9: of temporal uncertainty there is sqrt(.1 ln 10 / 9). */
const bonus = Math.sqrt((0.1 * Math.log(10)) / 9)

describe('Oort', () => {
  it('exploits by rows times the root mean square of the losses that were sent', () => {
    // Utilities 10 x 5 = 50, 20 x 1 = 20, 10 x 1 = 10: from 0 to 1 they are 1, 1/4, 0.
    const people = [
      client('a', { last: { round: 9, extras: losses(1, 7), change: 99 } }),
      client('b', { examples: 20, last: { round: 9, extras: losses(1, 1), change: 99 } }),
      client('c', { last: { round: 9, extras: losses(1, 1), change: 99 } }),
    ]
    const weights = [1, 0.25, 0].map((one) => one + bonus)
    const total = weights[0] + weights[1] + weights[2]
    const found = shares(people, exploiting)
    for (const [i, name] of ['a', 'b', 'c'].entries()) expect(Math.abs(found[name] - weights[i] / total)).toBeLessThan(0.04)
  })

  it('without losses by rows times how far the update moved the trunk', () => {
    const people = [client('a', { last: { round: 9, change: 5 } }), client('b', { examples: 20, last: { round: 9, change: 1 } }), client('c', { last: { round: 9, change: 1 } })]
    const total = 1.25 + 3 * bonus
    const found = shares(people, exploiting)
    expect(Math.abs(found.a - (1 + bonus) / total)).toBeLessThan(0.04)
    expect(Math.abs(found.b - (0.25 + bonus) / total)).toBeLessThan(0.04)
  })

  it('counts who takes longer than T less, by (T / t)^alpha', () => {
    // T is the median time, 1000: b takes twice as long.
    const last = { round: 9, change: 1 }
    const people = [client('a', { last }), client('b', { last: { ...last, took: 2000 } }), client('c', { last })]
    const found = shares(people, { ...exploiting, preferred: 50, penalty: 2 })
    expect(Math.abs(found.b - 0.25 / 2.25)).toBeLessThan(0.03)
    expect(Math.abs(shares(people, { ...exploiting, preferred: 50, penalty: 0 }).b - 1 / 3)).toBeLessThan(0.04)
  })

  it('prefers who has waited longer: sqrt(.1 ln R / L)', () => {
    const people = [client('a', { last: { round: 1, change: 1 } }), client('b', { last: { round: 9, change: 1 } })]
    // 1 / sqrt(1) against 1 / sqrt(9).
    expect(Math.abs(shares(people, exploiting).a - 0.75)).toBeLessThan(0.03)
  })

  it('cuts utilities off at a quantile, and gives a chance to those near the last that fits', () => {
    const people = [10, 1000, 11, 1].map((change, i) => client(`c${i}`, { last: { round: 9, change } }))
    // Clipped at the third of four, c1 counts as c2: half each; c0 is at 9 / 10 of them, less than 95 %.
    const found = shares(people, { ...exploiting, clip: 0.5, cutOff: 0.95 })
    expect(found.c3).toBe(0)
    expect(Math.abs(found.c1 - found.c2)).toBeLessThan(0.06)
    expect(found.c0).toBe(0)
    expect(shares(people, { ...exploiting, clip: 0.5, cutOff: 0.5 }).c0).toBeGreaterThan(0.2)
  })

  it('explores a share that decays, the fast sooner', () => {
    const heard = Array.from({ length: 40 }, (_, i) => client(`h${i}`, { last: { round: 1, change: 1 + i } }))
    const unheard = Array.from({ length: 40 }, (_, i) => client(`u${i}`, { profile: i < 20 ? 1000 : 3000 }))
    const explored = (round: number): number =>
      asking(of())([...heard, ...unheard], { round, wanted: 20 }).filter((name) => name.startsWith('u')).length
    expect(explored(1)).toBe(18)
    expect([16, 17]).toContain(explored(5))
    expect(explored(500)).toBe(4)
    let fast = 0
    let slow = 0
    for (let i = 0; i < 1000; i++) {
      const [name] = asking(of({ exploreAtLeast: 1 }), `${i}`)([...heard, ...unheard], { round: 9, wanted: 1 })
      if (Number(name.slice(1)) < 20) fast++
      else slow++
    }
    // Speeds are as 3 to 1.
    expect(Math.abs(fast / (fast + slow) - 0.75)).toBeLessThan(0.05)
  })

  it('explores now and then where one is asked at a time, and takes others where nobody is left to explore or exploit', () => {
    const people = [client('a', { last: { round: 1, change: 1 } }), client('b')]
    const found = shares(people, { explore: 0.3, decay: 1, exploreAtLeast: 0 })
    expect(Math.abs(found.b - 0.3)).toBeLessThan(0.04)
    expect(asking(of())([client('a'), client('b')], { wanted: 2 }).toSorted()).toEqual(['a', 'b'])
    expect(asking(of())(people.slice(0, 1), { round: 2, wanted: 1 })).toEqual(['a'])
  })

  it('paces: T grows where a window brought less than the one before', () => {
    const fast = client('fast', { last: { round: 3, change: 1, took: 100 } })
    const slow = client('slow', { last: { round: 3, change: 1, took: 10_000 } })
    const share = (gains: readonly number[]): number => {
      let chosen = 0
      for (let i = 0; i < 400; i++) {
        const rule = asking(of({ ...exploiting, preferred: 0, pace: 100, window: 1 }), `${i}`)
        const past = gains.map((_, round) => folded(round + 1, ['who']))
        for (let round = 1; round <= gains.length; round++) {
          const who = client('who', { last: { round, change: gains[round - 1] } })
          rule([fast, slow], { round: round + 1, wanted: 1, past: past.slice(0, round), all: [who, fast, slow] })
        }
        const [name] = rule([fast, slow], { round: 10, wanted: 1, past, all: [fast, slow] })
        if (name === 'slow') chosen++
      }
      return chosen / 400
    }
    expect(share([5, 9])).toBeLessThan(0.02)
    expect(Math.abs(share([9, 5]) - 0.5)).toBeLessThan(0.1)
  })

  it('asks the blacklisted no more, of whom there are at most 30 %', () => {
    const people = Array.from({ length: 10 }, (_, i) => client(`c${i}`, { asked: i, last: { round: 1, change: 1 } }))
    const asked = asking(of({ ...exploiting, blacklist: 2 }))(people, { round: 2, wanted: 10 })
    expect(asked.toSorted()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
  })

  it('leaves equals to the draws, never to names', () => {
    const people = ['a', 'b', 'c', 'd'].map((name) => client(name, { last: { round: 9, change: 1 } }))
    const found = shares(people, { preferred: 100 })
    for (const share of Object.values(found)) expect(Math.abs(share - 0.25)).toBeLessThan(0.04)
  })
})
