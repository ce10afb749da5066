import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Memory } from '../../src/codecs/codec.js'
import { sizeOf } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { largest } from '../../src/codecs/coding/largest.js'
import { stageSchema } from '../../src/codecs/registry.js'
import { chain } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

/** By sorting: of greatest magnitude first, what is no number before all, of equal ones the first. */
const sorted = (values: readonly number[], count: number): number[] => {
  const key = (value: number): number => (Number.isNaN(value) ? Infinity : Math.abs(value) === Infinity ? Number.MAX_VALUE : Math.abs(value))
  return values
    .map((value, i) => [key(Math.fround(value)), i])
    .sort(([a, i], [b, j]) => (a === b ? i - j : b - a))
    .slice(0, count)
    .map(([, i]) => i)
    .sort((a, b) => a - b)
}

const some = fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, -1, 1e-45, -1e-45, 3.4e38, NaN, Infinity, -Infinity), fc.integer({ min: -3, max: 3 }))

const ofNormal = (size: number, seed: number): Float32Array => {
  const draws = drawsOf([seed, 5])
  return Float32Array.from({ length: size }, () => draws.unit() + draws.unit() + draws.unit() + draws.unit() - 2)
}

describe('the largest', () => {
  it('are those that a sort finds, of equal ones the first', () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 200 }), fc.nat(210), (values, count) => {
        expect([...largest(Float32Array.from(values), count)]).toEqual(sorted(values, count))
      }),
      { numRuns: 2000 },
    )
  })

  it('of many are those that a sort finds', () => {
    const values = ofNormal(20_000, 3)
    expect([...largest(values, 200)]).toEqual(sorted([...values], 200))
  })
})

describe('topK', () => {
  const raw = (options: object) => chain({ kind: 'topK', feedback: false, ...options })

  it('sends gaps, flags and numbers', () => {
    const block = { shapes: [[4], [2, 2]], values: Float32Array.of(0, 3, 0, -1, 0, 0, -4, 2) }
    // Positions 1 and 6: gaps 1 and 4. With b = 1: 1 1, 0 0 1 0.
    const bytes = encoded(raw({ count: 2 }), block)
    expect([...bytes]).toEqual([1, 0b010011, 0, 0, 0, 64, 64, 0, 0, 128, 192])
    expect([...decoded(raw({ count: 2 }), bytes, block.shapes)]).toEqual([0, 3, 0, 0, 0, 0, -4, 0])
    // Of each tensor one: gap 1 with b = 0, then gap 2.
    const each = encoded(raw({ count: 1, per: 'segment' }), block)
    expect([...each.subarray(0, 5)]).toEqual([0, 0b10, 0, 0b100, 0])
    expect([...decoded(raw({ count: 1, per: 'segment' }), each, block.shapes)]).toEqual([0, 3, 0, 0, 0, 0, -4, 0])
  })

  it('promises an error that it keeps, and the most bytes', () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), fc.boolean(), (list, count, each) => {
        const values = Float32Array.from(list)
        const half = Math.floor(list.length / 2)
        const block = { shapes: [[half], [list.length - half]], values }
        const codec = raw({ count, per: each ? 'segment' : 'message' })
        const bytes = encoded(codec, block)
        expect(bytes.length).toBeLessThanOrEqual(codec.most(block.shapes))
        const bound = codec.bound(block)
        const got = decoded(codec, bytes, block.shapes)
        for (const [tensor, from, to] of [[0, 0, half], [1, half, list.length]]) {
          const finite = values.subarray(from, to).every(Number.isFinite)
          expect(got.subarray(from, to).every(Number.isFinite), `tensor ${tensor}`).toBe(finite)
          if (finite) for (let i = from; i < to; i++) expect(Math.abs(got[i] - values[i])).toBeLessThanOrEqual(bound?.[i] ?? 0)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('adds what is left out to the next message: over all of them nothing is lost', () => {
    const shapes = [[30, 10], [7]]
    for (const per of ['message', 'segment']) {
      const codec = chain({ kind: 'topK', share: 0.1, per })
      const memory: Memory = new Map()
      const given = new Float64Array(sizeOf(shapes))
      const got = new Float64Array(sizeOf(shapes))
      for (let t = 0; t < 50; t++) {
        const values = ofNormal(given.length, t)
        for (const [i, value] of values.entries()) given[i] += value
        for (const [i, value] of decoded(codec, encoded(codec, { shapes, values }, [t, 1], memory), shapes).entries()) got[i] += value
      }
      const left = [...memory.values()][0]
      expect([...memory.values()]).toHaveLength(1)
      for (const [i, value] of given.entries()) expect(got[i] + left[i]).toBeCloseTo(value, 4)
      // Without feedback most of it is.
      const lost = given.reduce((sum, value, i) => sum + Math.abs(value - got[i]), 0)
      expect(lost).toBeLessThan(2 * given.length)
    }
  })

  it('sends 1 % of a million numbers in 40.3 bits each', () => {
    const values = ofNormal(1_000_000, 9)
    const bytes = encoded(raw({}), { shapes: [[1000, 1000]], values })
    expect((8 * bytes.length) / 10_000).toBeLessThan(32 + 8.3)
  })

  it('takes one of share and count', () => {
    expect(stageSchema.safeParse({ kind: 'topK', share: 0.1, count: 3 }).error?.message).toMatch(/both say how many/)
    expect(stageSchema.safeParse({ kind: 'topK', share: 0 }).success).toBe(false)
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    const values = ofNormal(300, 2)
    tryHostile(raw({ share: 0.1 }), { shapes: [[10, 20], [100]], values })
    tryHostile(raw({ share: 0.1, per: 'segment' }), { shapes: [[10, 20], [100]], values })
  })
})
