import { describe, expect, it } from 'vitest'

import { sizeOf, type Memory } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { chain } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

/** Changes of a table of which some rows were touched, and of a vector. */
const changes = (rows: number, width: number, share: number, seed: number) => {
  const draws = drawsOf([seed, 8])
  const values = new Float32Array(rows * width + 3)
  for (let row = 0; row < rows; row++) {
    if (draws.unit() < share) for (let i = 0; i < width; i++) values[row * width + i] = draws.unit() - 0.5
  }
  values.fill(1, rows * width)
  return { shapes: [[rows, width], [3]], values }
}

describe('rows', () => {
  it('sends how many, which, and their numbers', () => {
    const block = { shapes: [[4, 2], [2]], values: Float32Array.of(0, 0, 0, 1, 0, 0, -0, 0, 0, 2) }
    const codec = chain({ kind: 'rows' })
    const bytes = encoded(codec, block)
    // One row, gap 1 with b = 0; then the row, and the vector whole.
    expect([...bytes]).toEqual([1, 0, 0b10, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 0, 0, 0, 0, 64])
    expect([...decoded(codec, bytes, block.shapes)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 2])
  })

  it('is exact over tables of any share, and in what it promises', () => {
    const codec = chain({ kind: 'rows' })
    for (const share of [0, 0.01, 0.3, 0.95, 1]) {
      const block = changes(200, 8, share, 4)
      const bytes = encoded(codec, block)
      expect(decoded(codec, bytes, block.shapes)).toEqual(block.values)
      expect(bytes.length).toBeLessThanOrEqual(codec.most(block.shapes))
      expect(codec.bound(block)).toEqual(new Float64Array(block.values.length))
    }
  })

  it('costs what is touched', () => {
    const block = changes(10_000, 16, 0.01, 6)
    const touched = block.values.subarray(0, 160_000).filter((value) => value !== 0).length / 16
    expect(encoded(chain({ kind: 'rows' }), block).length).toBeLessThan(touched * (64 + 8.6 / 8) + 12 + 4)
  })

  it('takes a row of what is no number for touched', () => {
    const block = { shapes: [[2, 2]], values: Float32Array.of(0, NaN, 0, 0) }
    expect([...decoded(chain({ kind: 'rows' }), encoded(chain({ kind: 'rows' }), block), block.shapes)]).toEqual([0, NaN, 0, 0])
  })

  it('keeps what the next codec remembers of a row until the row is touched again', () => {
    const codec = chain({ kind: 'rows' }, { kind: 'topK', share: 0.2 })
    const memory: Memory = new Map()
    const { shapes } = changes(40, 4, 0, 1)
    const given = new Float64Array(sizeOf(shapes))
    const got = new Float64Array(sizeOf(shapes))
    for (let t = 0; t < 60; t++) {
      const block = changes(40, 4, 0.3, t)
      const touched = block.values.map((value) => (value === 0 ? 0 : 1))
      const before = [...memory.values()][0]?.slice()
      for (const [i, value] of block.values.entries()) given[i] += value
      for (const [i, value] of decoded(codec, encoded(codec, block, [t, 2], memory), shapes).entries()) got[i] += value
      const [after] = memory.values()
      if (before !== undefined) for (let i = 0; i < 160; i++) if (touched[i] === 0) expect(after[i]).toBe(before[i])
    }
    const [left] = memory.values()
    for (const [i, value] of given.entries()) expect(got[i] + left[i]).toBeCloseTo(value, 4)
  })

  it("leaves alone what is not the next codec's, of whatever length", () => {
    const codec = chain({ kind: 'rows' }, { kind: 'topK', share: 0.2 })
    const block = changes(40, 4, 0.3, 1)
    const touched = block.values.filter((value) => value !== 0).length
    const memory: Memory = new Map([touched, block.values.length].map((length) => [`of another chain ${length}`, new Float32Array(length).fill(7)]))
    for (let t = 0; t < 3; t++) encoded(codec, block, [t, 1], memory)
    for (const length of [touched, block.values.length]) expect(memory.get(`of another chain ${length}`)).toEqual(new Float32Array(length).fill(7))
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(chain({ kind: 'rows' }), changes(60, 3, 0.2, 5))
    tryHostile(chain({ kind: 'rows' }, { kind: 'topK', share: 0.2, feedback: false }), changes(60, 3, 0.2, 5))
  })
})
