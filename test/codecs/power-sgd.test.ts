import { describe, expect, it } from 'vitest'

import { type Memory, type Shape, sizeOf } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { chain } from './chains.js'
import { decoded, encoded } from './codecs.js'
import { tryHostile } from './hostile.js'

const ofNormal = (size: number, seed: number): Float32Array => {
  const draws = drawsOf([seed, 5])
  return Float32Array.from({ length: size }, () => draws.unit() + draws.unit() + draws.unit() + draws.unit() - 2)
}

/** The same in nested lists, with a plain Gram-Schmidt: what one message decodes to. */
const dense = (matrix: number[][], right: number[][]): number[][] => {
  const left = matrix.map((row) => right.map((factor) => row.reduce((sum, value, i) => sum + value * factor[i], 0)))
  for (let c = 0; c < right.length; c++) {
    for (let d = 0; d < c; d++) {
      const by = left.reduce((sum, row) => sum + row[c] * row[d], 0)
      for (const row of left) row[c] -= by * row[d]
    }
    const length = Math.sqrt(left.reduce((sum, row) => sum + row[c] ** 2, 0))
    for (const row of left) row[c] /= length
  }
  const next = right.map((factor, c) => factor.map((_, j) => matrix.reduce((sum, row, i) => sum + row[j] * left[i][c], 0)))
  return matrix.map((row, i) => row.map((_, j) => next.reduce((sum, factor, c) => sum + left[i][c] * factor[j], 0)))
}

const norm = (values: Iterable<number>): number => Math.sqrt([...values].reduce((sum, value) => sum + value * value, 0))

/** A matrix of known singular values: sums of outer products of rows of a Hadamard matrix, which are orthogonal. */
const ofValues = (rows: number, width: number, singular: readonly number[]): Float32Array => {
  const sign = (a: number, b: number): number => {
    let bits = a & b
    let odd = 0
    for (; bits > 0; bits &= bits - 1) odd ^= 1
    return odd === 1 ? -1 : 1
  }
  return Float32Array.from({ length: rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return singular.reduce((sum, value, k) => sum + (value * sign(k, row) * sign(k + 1, column)) / Math.sqrt(rows * width), 0)
  })
}

describe('powerSgd', () => {
  it('sends flags, the factors of matrices as rows, and vectors whole', () => {
    const shapes = [[3, 3], [2]]
    const values = Float32Array.of(3, 6, 6, 4, 8, 8, 0, 0, 0, 7, 8)
    const codec = chain({ kind: 'powerSgd', rank: 1, feedback: false })
    const bytes = encoded(codec, { shapes, values })
    expect(bytes.length).toBe(1 + 4 * (3 + 3 + 2))
    expect(codec.most(shapes)).toBe(bytes.length)
    const sent = new Float32Array(bytes.slice(1).buffer)
    const sign = Math.sign(sent[0])
    expect([...sent].map((value, i) => (i < 6 ? sign * value : value))).toEqual([0.6, 0.8, 0, 5, 10, 10, 7, 8].map((value) => expect.closeTo(value, 5)))
    expect([...decoded(codec, bytes, shapes)]).toEqual([...values].map((value) => expect.closeTo(value, 5)))
  })

  it('sends whole what has no fewer numbers as factors', () => {
    const codec = chain({ kind: 'powerSgd', rank: 4 })
    for (const shapes of [[[4, 4]], [[1, 9]], [[3, 2]], [[7]], [[]], [[0, 5]]] satisfies Shape[][]) {
      const values = ofNormal(sizeOf(shapes), 1)
      const bytes = encoded(codec, { shapes, values })
      expect(bytes.length).toBe(1 + 4 * values.length)
      expect(decoded(codec, bytes, shapes)).toEqual(values)
    }
  })

  it('is what nested lists and a plain Gram-Schmidt give', () => {
    for (const rank of [1, 2, 5]) {
      const shapes = [[4, 5, 12]]
      const values = ofNormal(240, rank)
      const codec = chain({ kind: 'powerSgd', rank, feedback: false })
      const draws = drawsOf([1, 2])
      const right = Array.from({ length: rank }, () => Array.from({ length: 12 }, () => 2 * draws.unit() - 1))
      const matrix = Array.from({ length: 20 }, (_, i) => [...values.subarray(12 * i, 12 * i + 12)])
      const wanted = dense(matrix, right).flat()
      const got = decoded(codec, encoded(codec, { shapes, values }), shapes)
      expect(norm(wanted.map((value, i) => value - got[i])) / norm(wanted)).toBeLessThan(1e-6)
    }
  })

  it('comes to the greatest singular values over messages, and only with a warm start', () => {
    const singular = [10, 8, 5, 1]
    const values = ofValues(32, 16, singular)
    const shapes = [[32, 16]]
    const errors = (warmStart: boolean): number[] => {
      const codec = chain({ kind: 'powerSgd', rank: 2, feedback: false, warmStart })
      const memory: Memory = new Map()
      return Array.from({ length: 25 }, (_, t) => norm(decoded(codec, encoded(codec, { shapes, values }, [t, 3], memory), shapes).map((value, i) => value - values[i])))
    }
    // No product of that rank is nearer than what the smaller values leave.
    const best = norm(singular.slice(2))
    expect(norm(values)).toBeCloseTo(norm(singular), 3)
    expect(errors(true)[24]).toBeLessThan(1.0001 * best)
    expect(Math.min(...errors(true))).toBeGreaterThan(0.9999 * best)
    expect(Math.min(...errors(false))).toBeGreaterThan(1.001 * best)
  })

  it('adds what is left to the next message: over all of them nothing is lost', () => {
    const shapes = [[20, 10], [5]]
    const codec = chain({ kind: 'powerSgd', rank: 1 })
    const memory: Memory = new Map()
    const given = new Float64Array(205)
    const got = new Float64Array(205)
    for (let t = 0; t < 50; t++) {
      const values = ofNormal(205, t)
      for (const [i, value] of values.entries()) given[i] += value
      for (const [i, value] of decoded(codec, encoded(codec, { shapes, values }, [t, 1], memory), shapes).entries()) got[i] += value
    }
    const left = memory.get('0.error') ?? new Float32Array()
    for (const [i, value] of given.entries()) expect(got[i] + left[i]).toBeCloseTo(value, 3)
    expect([...memory.keys()].sort()).toEqual(['0.error', '0.factors'])
    expect(memory.get('0.factors')).toHaveLength(10)
  })

  it('is of no rank but that of the matrix: of zeros, of a row, of one value, at any scale', () => {
    const shapes = [[6, 8]]
    const codec = chain({ kind: 'powerSgd', rank: 3, feedback: false })
    for (const scale of [1e-38, 1e-20, 1, 1e20, 1e37]) {
      const one = new Float32Array(48).map((_, i) => Math.fround((i < 8 ? i : 0) * scale))
      const row = decoded(codec, encoded(codec, { shapes, values: one }), shapes)
      expect(norm(row.map((value, i) => (value - one[i]) / scale))).toBeLessThan(1e-5)
    }
    const memory: Memory = new Map()
    expect([...decoded(codec, encoded(codec, { shapes, values: new Float32Array(48) }, [1, 2], memory), shapes)]).toEqual(Array(48).fill(0))
    // From factors of 0 no iteration would come back: it begins anew.
    const values = ofValues(6, 8, [1])
    expect(norm(decoded(codec, encoded(codec, { shapes, values }, [2, 2], memory), shapes))).toBeGreaterThan(0.5 * norm(values))
  })

  it('says of which matrices a number is not finite, and goes on from the factors of before', () => {
    const shapes = [[6, 8], [6, 8], [3]]
    const codec = chain({ kind: 'powerSgd', rank: 1, feedback: false })
    const memory: Memory = new Map()
    const values = ofNormal(99, 4)
    encoded(codec, { shapes, values }, [1, 1], memory)
    const before = memory.get('0.factors')?.slice()
    values[50] = Infinity
    values[98] = NaN
    const got = decoded(codec, encoded(codec, { shapes, values }, [2, 1], memory), shapes)
    expect(got.subarray(0, 48).every(Number.isFinite)).toBe(true)
    expect(got.subarray(48, 96).every(Number.isNaN)).toBe(true)
    expect([...got.subarray(96)]).toEqual([...values.subarray(96)])
    expect(memory.get('0.factors')?.subarray(8)).toEqual(before?.subarray(8))
    expect(memory.get('0.factors')?.every(Number.isFinite)).toBe(true)
  })

  it('refuses what no encoder has written, or decodes all of it', () => {
    tryHostile(chain({ kind: 'powerSgd', feedback: false }), { shapes: [[10, 20], [100]], values: ofNormal(300, 4) })
  })
})
