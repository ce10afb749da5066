import { describe, expect, it } from 'vitest'

import type { Codec } from '../../src/codecs/codec.js'
import { drawSeed, drawsOf, type Draws } from '../../src/codecs/coding/draws.js'
import { hadamard } from '../../src/codecs/coding/hadamard.js'
import { CELLS, centroids, quantiserOf, REACH } from '../../src/codecs/coding/lloyd-max.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'
import { decoded, encoded } from './codecs.js'
import { distortionOf, lloydMax } from './lloyd-max-solver.js'

const codecOf = (bits: number): Codec => buildCodec([stageSchema.parse({ kind: 'eden', bits })])

/** Box and Muller's. */
const gaussian = (size: number, draws: Draws): Float32Array =>
  Float32Array.from({ length: size }, () => Math.sqrt(-2 * Math.log(1 - draws.unit())) * Math.cos(2 * Math.PI * draws.unit()))

/** An entry of the Walsh-Hadamard matrix. */
const entry = (row: number, column: number): number => {
  let sign = 1
  for (let both = row & column; both > 0; both &= both - 1) sign = -sign
  return sign
}

const multiplied = (vector: readonly number[]): number[] =>
  vector.map((_, row) => vector.reduce((sum, value, column) => sum + entry(row, column) * value, 0))

/** |decoded - x|^2 / |x|^2. */
const normalisedError = (got: Float32Array, values: Float32Array): number => {
  let error = 0
  let squares = 0
  for (const [i, value] of values.entries()) {
    error += (got[i] - value) ** 2
    squares += value ** 2
  }
  return error / squares
}

it.each([1, 2, 4, 8, 16, 64])('the fast transform of %i numbers is the matrix of Walsh and Hadamard', (length) => {
  const vector = Array.from({ length }, (_, i) => ((i * 37) % 19) - 9)
  const fast = Float64Array.from(vector)
  hadamard(fast)
  expect([...fast]).toEqual(multiplied(vector))
})

describe('levels for a normal distribution', () => {
  it.each([1, 2, 3, 4])('%i bits: are what a solver finds, with its error', (bits) => {
    const solved = lloydMax(2 ** (bits - 1))
    for (const [i, centroid] of centroids[bits - 1].entries()) expect(centroid).toBeCloseTo(solved[i], 12)
    expect(centroids[bits - 1]).toHaveLength(solved.length)
    // Max's table I.
    expect(distortionOf(solved)).toBeCloseTo([0.3634, 0.1175, 0.03454, 0.009497][bits - 1], 4)
  })

  it.each([1, 2, 3, 4])('%i bits: no cell holds two edges, and none lies in the first, the last or beyond', (bits) => {
    const { edges, codes } = quantiserOf(bits)
    const finite = [...edges].filter((edge) => edge < Infinity)
    expect(finite).toHaveLength(2 ** bits - 1)
    for (const [cell, code] of codes.entries()) {
      const start = cell / CELLS - REACH
      expect(code).toBe(finite.filter((edge) => edge <= start).length)
      expect(finite.filter((edge) => edge > start && edge < start + 1 / CELLS).length).toBeLessThanOrEqual(1)
    }
    expect(Math.max(...finite.map(Math.abs))).toBeLessThan(REACH - 1 / CELLS)
  })
})

describe('EDEN', () => {
  it.each([
    { bits: 1, error: 0.571 },
    { bits: 2, error: 0.133 },
    { bits: 3, error: 0.0358 },
    { bits: 4, error: 0.0096 },
    // Half of the numbers with each: 1 / (1 - (.3634 + .1175) / 2) - 1.
    { bits: 1.5, error: 0.3166 },
  ])('$bits bits: has the error of its paper on 100,000 normal numbers', ({ bits, error }) => {
    const values = gaussian(100_000, drawsOf([1, 2]))
    const got = decoded(codecOf(bits), encoded(codecOf(bits), { shapes: [[100_000]], values }), [[100_000]])
    expect(normalisedError(got, values) / error).toBeGreaterThan(0.97)
    expect(normalisedError(got, values) / error).toBeLessThan(1.03)
  })

  it('has it whatever is rotated: tables with large and small rows, and changes that are mostly 0', () => {
    const values = gaussian(100_000, drawsOf([1, 2])).map((value, i) => (i % 10 === 0 ? value * 10 ** ((i % 7) - 3) : 0))
    const got = decoded(codecOf(2), encoded(codecOf(2), { shapes: [[1000, 100]], values }), [[1000, 100]])
    expect(normalisedError(got, values)).toBeLessThan(0.133 * 1.05)
  })

  it.each([1, 2, 3, 4, 2.5])('%f bits: is the bytes of a slow rotation by matrices and a search for the nearest levels', (bits) => {
    const length = 256
    const values = gaussian(length, drawsOf([3, 4]))
    const bytes = encoded(codecOf(bits), { shapes: [[length]], values }, [5, 6])
    const seed = drawSeed(drawsOf([5, 6]))
    const draws = drawsOf(seed)
    const signs = Array.from({ length: 2 * length / 32 }, () => draws.next()).flatMap((word) => Array.from({ length: 32 }, (_, bit) => 1 - 2 * ((word >>> bit) & 1)))
    const once = multiplied([...values].map((value, i) => value * signs[i]))
    const rotated = multiplied(once.map((value, i) => value * signs[length + i]))
    const squares = values.reduce((sum, value) => sum + value * value, 0)
    const high = bits === 2.5 ? 128 : 0
    const digits: number[] = []
    let product = 0
    for (const [i, value] of rotated.entries()) {
      const width = i < high ? 3 : Math.floor(bits)
      const levels = [...centroids[width - 1].map((centroid) => -centroid).toReversed(), ...centroids[width - 1]]
      const normal = value / Math.sqrt(squares * length)
      const code = levels.reduce((best, level, j) => (Math.abs(level - normal) < Math.abs(levels[best] - normal) ? j : best), 0)
      product += levels[code] * value
      for (let bit = 0; bit < width; bit++) digits.push((code >> bit) & 1)
    }
    const want = new DataView(new ArrayBuffer(12 + digits.length / 8))
    for (const [i, half] of seed.entries()) want.setUint32(4 * i, half, true)
    want.setFloat32(8, (length * squares) / product, true)
    for (const [i, digit] of digits.entries()) want.setUint8(12 + (i >> 3), want.getUint8(12 + (i >> 3)) | (digit << (i & 7)))
    expect([...bytes]).toEqual([...new Uint8Array(want.buffer)])
  })

  it('decodes to what it was along the vector, whatever is drawn', () => {
    const values = gaussian(1000, drawsOf([3, 4]))
    const squares = values.reduce((sum, value) => sum + value * value, 0)
    for (const bits of [1, 2.5, 4]) {
      // 1000 numbers are blocks of 512, 256, 128 and 104: in each.
      const got = decoded(codecOf(bits), encoded(codecOf(bits), { shapes: [[1000]], values }), [[1000]])
      expect(got.reduce((sum, value, i) => sum + value * values[i], 0) / squares).toBeCloseTo(1, 6)
    }
  })

  it('is right on average of two numbers that are not 0 among many, of which one round of signs would lose one', () => {
    const values = new Float32Array(4096)
    values[0] = 1
    values[77] = 0.5
    const codec = codecOf(1)
    const seeds = 300
    let sum = 0
    let squares = 0
    for (let seed = 0; seed < seeds; seed++) {
      const other = decoded(codec, encoded(codec, { shapes: [[4096]], values }, [seed, 9]), [[4096]])[77]
      sum += other
      squares += other * other
    }
    const standardError = Math.sqrt((squares / seeds - (sum / seeds) ** 2) / seeds)
    expect(standardError).toBeLessThan(0.01)
    expect(Math.abs(sum / seeds - 0.5)).toBeLessThan(4 * standardError)
  })

  it('sends what is shorter as it is, and nothing but that where all is', () => {
    const few = Float32Array.of(1, -2, NaN)
    expect([...encoded(codecOf(4), { shapes: [[3]], values: few })]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, ...new Uint8Array(few.slice(2).buffer)])
    // 17 numbers are 68 bytes, as many as a scale and 128 numbers of 4 bits; 18 are more.
    expect(codecOf(4).most([[17]])).toBe(68)
    expect(codecOf(4).most([[18]])).toBe(8 + 68)
    expect(codecOf(1).most([[4096], [4096 + 128 + 5]])).toBe(8 + 3 * 4 + 2 * 512 + 16 + 20)
  })

  it('says nothing of a block of zeros, and of one with what is not finite that it is NaN', () => {
    const values = new Float32Array(4224).fill(NaN, 4200)
    const bytes = encoded(codecOf(1), { shapes: [[4224]], values }, [5, 6])
    const seed = new Uint8Array(Uint32Array.from(drawSeed(drawsOf([5, 6]))).buffer)
    expect([...bytes]).toEqual([...seed, 0, 0, 0, 0, 0, 0, 0xc0, 0x7f, ...new Uint8Array(528)])
    const got = decoded(codecOf(1), bytes, [[4224]])
    expect(got.subarray(0, 4096).every((value) => value === 0)).toBe(true)
    expect(got.subarray(4096).every(Number.isNaN)).toBe(true)
    bytes[20] = 1
    expect(() => decoded(codecOf(1), bytes, [[4224]])).toThrow(Malformed)
  })
})
