import { describe, expect, it } from 'vitest'

import { sizeOf, type Memory } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { chain } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

const shapes = [[5, 4], [12]]
const values = Float32Array.from({ length: 32 }, (_, i) => (i + 1) / 4)

describe('randomK', () => {
  it('sends a seed, flags and numbers, and no positions', () => {
    const codec = chain({ kind: 'randomK', share: 0.25, unbiased: true })
    const bytes = encoded(codec, { shapes, values })
    expect(bytes.length).toBe(8 + 1 + 8 * 4)
    expect(codec.most(shapes)).toBe(bytes.length)
    const draws = drawsOf([1, 2])
    const view = new DataView(bytes.buffer)
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([draws.next(), draws.next()])
    const got = decoded(codec, bytes, shapes)
    const sent = [...got.entries()].filter(([, value]) => value !== 0)
    expect(sent).toHaveLength(8)
    for (const [i, value] of sent) expect(value).toBe(4 * values[i])
  })

  it('draws each position as often as any other, and is unbiased', () => {
    for (const options of [{ share: 0.25 }, { count: 3, per: 'segment' }, { share: 0.9 }]) {
      const codec = chain({ kind: 'randomK', unbiased: true, ...options })
      const sum = new Float64Array(32)
      const times = 4000
      for (let t = 0; t < times; t++) {
        for (const [i, value] of decoded(codec, encoded(codec, { shapes, values }, [t, 7]), shapes).entries()) sum[i] += value / times
      }
      // Six deviations of a mean of 4000, of values whose deviation is at most sqrt(n / k - 1) <= sqrt(20 / 3 - 1) times them.
      for (const [i, mean] of sum.entries()) expect(Math.abs(mean / values[i] - 1)).toBeLessThan((6 * 2.4) / Math.sqrt(times))
    }
  })

  it('sends every number once where it sends all', () => {
    const codec = chain({ kind: 'randomK', share: 1, unbiased: true })
    expect([...decoded(codec, encoded(codec, { shapes, values }), shapes)]).toEqual([...values])
  })

  it('remembers what is left out, unless it is unbiased', () => {
    const codec = chain({ kind: 'randomK', share: 0.1 })
    const memory: Memory = new Map()
    const got = new Float64Array(32)
    for (let t = 0; t < 40; t++) {
      for (const [i, value] of decoded(codec, encoded(codec, { shapes, values }, [t, 1], memory), shapes).entries()) got[i] += value
    }
    const [left] = memory.values()
    for (const [i, value] of values.entries()) expect(got[i] + left[i]).toBeCloseTo(40 * value, 2)
    const free: Memory = new Map()
    encoded(chain({ kind: 'randomK', unbiased: true }), { shapes, values }, [1, 1], free)
    expect(free.size).toBe(0)
  })

  it('says of which tensors a number is not finite, whether it was drawn or not', () => {
    const codec = chain({ kind: 'randomK', count: 1, unbiased: true })
    for (let i = 0; i < 32; i++) {
      const sick = values.slice()
      sick[i] = i % 2 === 0 ? NaN : -Infinity
      const bytes = encoded(codec, { shapes, values: sick })
      expect(bytes.length).toBe(8 + 1 + 4)
      const got = decoded(codec, bytes, shapes)
      const [first, second] = [got.subarray(0, 20), got.subarray(20)]
      expect(first.every(Number.isFinite)).toBe(i >= 20)
      expect(second.every(Number.isFinite)).toBe(i < 20)
    }
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(chain({ kind: 'randomK', share: 0.2, unbiased: true }), { shapes, values })
    expect(sizeOf(shapes)).toBe(32)
  })
})
