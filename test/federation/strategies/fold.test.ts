import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { fedAvg } from '../../../src/federation/strategies/fedavg.js'
import { fedBn } from '../../../src/federation/strategies/fedbn.js'
import { fedProx } from '../../../src/federation/strategies/fedprox.js'
import { sampleWeights, weightedSum } from '../../../src/federation/strategies/fold.js'
import { localOnly } from '../../../src/federation/strategies/local-only.js'
import { buildStrategy } from '../../../src/federation/strategies/registry.js'
import type { PartState, Update } from '../../../src/federation/strategies/strategy.js'
import type { Segment } from '../../../src/models/layout.js'
import { asListed } from './part.js'

const update = (client: string, examples: number, values: readonly number[]): Update => ({
  client, round: 1, examples, steps: 1, values: Float32Array.from(values), extras: {},
})
const segment = (role: Segment['role']): Segment => ({
  name: role, shape: [1], axes: ['out'], role, initial: { kind: 'constant', value: 0 }, trainable: true, offset: 0, size: 1,
})

const avg = buildStrategy(fedAvg())
const foldOf = (updates: readonly Update[]): Float32Array => {
  const values = new Float32Array(updates[0].values.length)
  const state: PartState = { part: 'trunk', values, personal: new Map(), memory: {} }
  return avg.fold(state, updates, { round: 1, order: asListed, clients: [], segments: [], optimizer: { kind: 'sgd', rate: 1, momentum: 0 } }).values
}

describe('FedAvg', () => {
  it('weighs by examples: (30 x (1, 2) + 10 x (5, -2)) / 40 = (2, 1)', () => {
    const updates = [update('a', 30, [1, 2]), update('b', 10, [5, -2])]
    expect([...avg.weights(updates)]).toEqual([0.75, 0.25])
    expect([...foldOf(updates)]).toEqual([2, 1])
  })

  it('gives back the only update, bitwise', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, noNaN: true }), fc.integer({ min: 1, max: 1000 }), (values, n) => {
        const folded = foldOf([update('a', n, [...values])])
        expect([...folded]).toEqual([...values].map((v) => (v === 0 ? 0 : v)))
      }),
    )
  })

  it('shares everything; FedBN keeps batch norm at home; local-only sends nothing', () => {
    expect(avg.template(segment('batch-norm'))).toBe('global')
    const bn = buildStrategy(fedBn())
    expect([bn.template(segment('batch-norm')), bn.template(segment('expert'))]).toEqual(['private', 'global'])
    expect(buildStrategy(localOnly()).template(segment('tower'))).toBe('private')
    expect(buildStrategy(fedProx({ mu: 0.1 })).legs).toEqual([{ name: 'train', proximal: { mu: 0.1 } }])
    expect(buildStrategy(fedProx()).legs).toEqual([{ name: 'train', proximal: { mu: 0.01 } }])
  })
})

describe('weightedSum', () => {
  it('adds strictly in the order of the updates, however many share a pass', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }).chain((k) =>
          fc.tuple(
            fc.array(fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true, noDefaultInfinity: true }), { minLength: k, maxLength: k }),
            fc.array(fc.integer({ min: 1, max: 100 }), { minLength: k, maxLength: k }),
          ),
        ),
        ([values, examples]) => {
          const updates = values.map((v, i) => update(`c${i}`, examples[i], [...v]))
          const weights = sampleWeights(updates)
          const slow = [0, 1, 2].map((i) => Math.fround(updates.reduce((sum, u, k) => sum + weights[k] * u.values[i], 0)))
          expect([...weightedSum(updates, weights)]).toEqual(slow)
        },
      ),
    )
  })

  it('is a convex combination: it stays within the extremes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.float({ min: -10, max: 10, noNaN: true }), fc.integer({ min: 1, max: 9 })), { minLength: 1 }), (pairs) => {
        const updates = pairs.map(([v, n], i) => update(`c${i}`, n, [v]))
        const [folded] = weightedSum(updates, sampleWeights(updates))
        const all = pairs.map(([v]) => v)
        expect(folded).toBeGreaterThanOrEqual(Math.min(...all) - 1e-5)
        expect(folded).toBeLessThanOrEqual(Math.max(...all) + 1e-5)
      }),
    )
  })
})
