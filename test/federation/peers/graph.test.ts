import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type GraphOptions, graphKinds, graphOf, regularDegree } from '../../../src/federation/peers/graph.js'
import { mixingWeights, weightRules } from '../../../src/federation/peers/mixing-weights.js'
import type { Terms } from '../../../src/federation/terms.js'
import { randomOrder } from '../../../src/random/order.js'
import { streams } from '../../../src/random/streams.js'

const orderOf = (seed: number): Terms['order'] => (decided, round, of) => {
  const draw = streams(`${seed}`)(decided, round)
  return randomOrder(of, draw(), draw())
}

const options: fc.Arbitrary<GraphOptions> = fc.record({ graph: fc.constantFrom(...graphKinds), degree: fc.integer({ min: 1, max: 12 }), redraw: fc.boolean() })
const seeds = fc.integer({ min: 1, max: 1_000_000 })

/** Everybody who is reached from the first. */
const reached = (lists: readonly (readonly number[])[]): number => {
  const seen = new Set([0])
  for (const one of seen) for (const other of lists[one]) seen.add(other)
  return seen.size
}

describe('a graph', () => {
  it('is symmetric, regular and without loops, whatever its kind, and as long as it is not a matching, connected', () => {
    fc.assert(fc.property(options, fc.integer({ min: 1, max: 40 }), seeds, fc.integer({ min: 1, max: 9 }), (given, clients, seed, round) => {
      const graph = graphOf(given, clients, orderOf(seed))
      const lists = Array.from({ length: clients }, (_, i) => graph.neighbours(i, round))
      lists.forEach((own, i) => {
        expect(own).toEqual([...new Set(own)].sort((a, b) => a - b))
        expect(own).not.toContain(i)
        for (const other of own) expect(lists[other]).toContain(i)
      })
      const degrees = new Set(lists.map(({ length }) => length))
      expect(degrees.size).toBe(1)
      const [degree] = degrees
      if (given.graph === 'full') expect(degree).toBe(clients - 1)
      if (given.graph === 'ring') expect(degree).toBe(Math.min(2, clients - 1))
      if (given.graph === 'regular') expect(degree).toBe(regularDegree(given.degree, clients))
      if (given.graph !== 'regular' || degree >= 2) expect(reached(lists)).toBe(clients)
    }))
  })

  it('is the same for all who ask, in any order, and another in another round where it is redrawn', () => {
    fc.assert(fc.property(options, fc.integer({ min: 2, max: 30 }), seeds, (given, clients, seed) => {
      const [one, other] = [graphOf(given, clients, orderOf(seed)), graphOf(given, clients, orderOf(seed))]
      const rounds = [1, 2, 3, 4, 5, 6, 7, 8]
      const of = (graph: ReturnType<typeof graphOf>, round: number): number[][] => Array.from({ length: clients }, (_, i) => [...graph.neighbours(i, round)])
      const forwards = rounds.map((round) => of(one, round))
      const backwards = rounds.toReversed().map((round) => of(other, round)).toReversed()
      expect(forwards).toEqual(backwards)
      if (!given.redraw) for (const lists of forwards) expect(lists).toEqual(forwards[0])
    }))
    const lists = [1, 2, 3, 4].map((round) => JSON.stringify(graphOf({ graph: 'ring', degree: 2, redraw: true }, 12, orderOf(1)).neighbours(0, round)))
    expect(new Set(lists).size).toBeGreaterThan(1)
  })
})

describe('mixing weights', () => {
  it('make a doubly stochastic matrix where all have come, and rows that sum to 1 whatever has', () => {
    fc.assert(fc.property(options, fc.constantFrom(...weightRules), fc.integer({ min: 1, max: 24 }), seeds, fc.integer({ min: 0, max: 2 ** 20 }), (given, rule, clients, seed, lost) => {
      const graph = graphOf(given, clients, orderOf(seed))
      const columns = Array<number>(clients).fill(0)
      for (let i = 0; i < clients; i++) {
        const all = [i, ...graph.neighbours(i, 1)].sort((a, b) => a - b)
        const row = mixingWeights(rule, graph, i, 1, all)
        all.forEach((j, at) => (columns[j] += row[at]))
        const some = all.filter((j) => j === i || ((lost >> (j % 20)) & 1) === 0)
        const weights = mixingWeights(rule, graph, i, 1, some)
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
        for (const weight of weights) expect(weight).toBeGreaterThanOrEqual(0)
        // What does not come leaves its weight with the peer itself.
        if (rule === 'metropolis') some.forEach((j, at) => j !== i && expect(weights[at]).toBe(row[all.indexOf(j)]))
      }
      for (const sum of columns) expect(sum).toBeCloseTo(1, 9)
    }))
  })
})
