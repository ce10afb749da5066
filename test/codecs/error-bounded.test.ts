import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawsOf } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { stageSchema } from '../../src/codecs/registry.js'
import { chain } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

const ofNormal = (size: number, scale: number, seed: number): Float32Array => {
  const draws = drawsOf([seed, 5])
  return Float32Array.from({ length: size }, () => (draws.unit() + draws.unit() + draws.unit() + draws.unit() - 2) * scale)
}

/** Neighbours are alike along both axes: where guessing pays. */
const smooth = (rows: number, width: number): Float32Array =>
  Float32Array.from({ length: rows * width }, (_, i) => {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / rows]
    return 3 * x * y + x - y
  })

const absoluteOf = (values: Float32Array, relative: number): number => {
  const finite = values.filter(Number.isFinite)
  return finite.length === 0 ? 0 : relative * (finite.reduce((a, b) => Math.max(a, b)) - finite.reduce((a, b) => Math.min(a, b)))
}

describe('errorBounded', () => {
  it('sends how it guesses, numbers out of line and steps', () => {
    const block = { shapes: [[24]], values: Float32Array.from({ length: 24 }, () => 1) }
    const codec = chain({ kind: 'errorBounded', absolute: 0.25 })
    const bytes = encoded(codec, block)
    // In bins, each guessed from the one before, none out of line; then the coder's bytes: 2 steps of .5, and 23 times none.
    expect([...bytes.subarray(0, 4)]).toEqual([1, 1, 0, bytes.length - 4])
    expect(bytes.length).toBeLessThan(20)
    expect([...decoded(codec, bytes, block.shapes)]).toEqual([...block.values])
    // What is fewer as it is goes as it is.
    expect([...encoded(codec, { shapes: [[1]], values: Float32Array.of(1) })]).toEqual([0, 0, 0, 128, 63])
    expect([...encoded(codec, { shapes: [[0]], values: new Float32Array() })]).toEqual([0])
  })

  it('keeps every number within its bound over all scales', () => {
    for (let exponent = -44; exponent <= 38; exponent++) {
      for (const relative of [1e-7, 1e-4, 1e-2, 0.3]) {
        const values = ofNormal(200, 10 ** exponent, exponent + 50)
        if (exponent % 2 === 0) values[17] *= 1e-6
        const block = { shapes: [[10, 15], [50]], values }
        for (const codec of [chain({ kind: 'errorBounded', relative }), chain({ kind: 'errorBounded', absolute: relative * 10 ** exponent })]) {
          const bound = codec.bound(block)
          const bytes = encoded(codec, block)
          const got = decoded(codec, bytes, block.shapes)
          expect(got.findIndex((value, i) => !(Math.abs(value - values[i]) <= (bound?.[i] ?? -1)))).toBe(-1)
          expect(bytes.length).toBeLessThanOrEqual(codec.most(block.shapes))
        }
        expect(chain({ kind: 'errorBounded', relative }).bound(block)?.[0]).toBeLessThanOrEqual(absoluteOf(values.subarray(0, 150), relative))
        expect(chain({ kind: 'errorBounded', absolute: 0.1 }).bound(block)?.[0]).toBeLessThanOrEqual(0.1)
      }
    }
  })

  it('keeps its bound of any numbers, and what is not finite as it is', () => {
    const some = fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e-45), fc.integer({ min: -9, max: 9 }))
    fc.assert(
      fc.property(fc.array(some, { maxLength: 120 }), fc.constantFrom(1e-30, 1e-3, 0.5, 1e30), fc.boolean(), (list, size, relative) => {
        const values = Float32Array.from(list)
        const half = 2 * Math.floor(list.length / 4)
        const block = { shapes: [[half / 2, 2], [list.length - half]], values }
        const codec = chain({ kind: 'errorBounded', ...(relative ? { relative: Math.min(size, 0.9) } : { absolute: size }) })
        const bytes = encoded(codec, block)
        expect(bytes.length).toBeLessThanOrEqual(codec.most(block.shapes))
        const got = decoded(codec, bytes, block.shapes)
        const bound = codec.bound(block)
        for (const [i, value] of values.entries()) {
          if (Number.isFinite(value)) expect(Math.abs(got[i] - value)).toBeLessThanOrEqual(bound?.[i] ?? -1)
          else expect(got[i]).toBe(value)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('costs within 4 % of what the steps of normal numbers tell', () => {
    const values = ofNormal(100_000, 1, 3)
    const bytes = encoded(chain({ kind: 'errorBounded' }), { shapes: [[100_000]], values })
    // The entropy of what is sent, counted.
    const step = 2 * Math.fround(absoluteOf(values, 0.01))
    const counts = new Map<number, number>()
    for (const value of values) counts.set(Math.round(value / step), (counts.get(Math.round(value / step)) ?? 0) + 1)
    const entropy = [...counts.values()].reduce((sum, count) => sum - (count / 1e5) * Math.log2(count / 1e5), 0)
    expect((8 * bytes.length) / 100_000 / entropy).toBeLessThan(1.04)
  })

  it('guesses from neighbours where that is better', () => {
    const values = smooth(100, 100)
    const plane = encoded(chain({ kind: 'errorBounded', absolute: 1e-3 }), { shapes: [[100, 100]], values })
    const line = encoded(chain({ kind: 'errorBounded', absolute: 1e-3 }), { shapes: [[10_000]], values })
    expect([plane[1], line[1]]).toEqual([2, 1])
    expect(plane.length).toBeLessThan(line.length / 2)
  })

  it('refuses heads that no encoder has written', () => {
    const codec = chain({ kind: 'errorBounded' })
    const block = { shapes: [[100]], values: ofNormal(100, 1, 1) }
    const bytes = encoded(codec, block)
    expect(bytes[0]).toBe(1)
    const changed = (at: number, ...to: number[]): Uint8Array => Uint8Array.from(bytes, (byte, i) => to[i - at] ?? byte)
    expect(() => decoded(codec, changed(0, 2), block.shapes)).toThrow(/kind 2/)
    expect(() => decoded(codec, changed(1, 2), block.shapes)).toThrow(/1 axes guessed in way 2/)
    expect(() => decoded(codec, changed(2, 0, 0, 192, 127), block.shapes)).toThrow(/error of NaN/)
    expect(() => decoded(codec, changed(2, 255, 255, 127, 127), block.shapes)).toThrow(Malformed)
    expect(stageSchema.safeParse({ kind: 'errorBounded', absolute: 1, relative: 0.1 }).error?.message).toMatch(/both say how wrong/)
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(chain({ kind: 'errorBounded' }), { shapes: [[10, 20], [100]], values: ofNormal(300, 1, 4) })
    const sick = ofNormal(300, 1, 4)
    sick[5] = NaN
    sick[7] = 1e20
    tryHostile(chain({ kind: 'errorBounded', absolute: 0.01 }), { shapes: [[10, 20], [100]], values: sick })
  })
})
