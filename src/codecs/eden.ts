import { z } from 'zod'

import { sizeOf, type Codec, type Shape } from './codec.js'
import { drawSeed, drawsOf, type Seed } from './coding/draws.js'
import { codecEntry } from './entry.js'
import { hadamard, turnSigns } from './coding/hadamard.js'
import { CELLS, quantiserOf, REACH, type Quantiser } from './coding/lloyd-max.js'
import { pack, packedBytes, unpack } from './coding/packing.js'
import { codesOfNone, readScales, told, writeScales } from './coding/scales.js'

/** Numbers that are rotated together: the greatest block, which a processor's nearest memory holds, and the least. */
const GREATEST = 4096
const LEAST = 128

/** The first `high` numbers of a block have one bit more. */
interface Width {
  readonly high: number
  readonly bytes: number
}

/** Numbers of a tensor that are rotated together, in a block of `length`, the rest of which is 0. */
interface Rotated extends Width {
  readonly start: number
  readonly end: number
  readonly length: number
}

/** Numbers of a tensor that go as they are. */
interface Raw {
  readonly start: number
  readonly end: number
}

interface Layout {
  readonly rotated: readonly Rotated[]
  readonly raw: readonly Raw[]
  /** Numbers in all blocks. */
  readonly length: number
}

const widthOf = (length: number, bits: number): Width => {
  const low = Math.floor(bits)
  // By eights, so that both parts are whole bytes.
  const high = 8 * Math.round(((bits - low) * length) / 8)
  return { high, bytes: packedBytes(high, low + 1) + packedBytes(length - high, low) }
}

/** Each tensor in blocks, the greatest first; what is left of it is one more, unless it is shorter as it is. */
const layoutOf = (shapes: readonly Shape[], bits: number): Layout => {
  const rotated: Rotated[] = []
  const raw: Raw[] = []
  let start = 0
  for (const shape of shapes) {
    const end = start + sizeOf([shape])
    for (let length = GREATEST; length >= LEAST; length /= 2) {
      for (; end - start >= length; start += length) rotated.push({ start, end: start + length, length, ...widthOf(length, bits) })
    }
    const last = widthOf(LEAST, bits)
    if (4 * (end - start) > 4 + last.bytes) rotated.push({ start, end, length: LEAST, ...last })
    else if (end > start) raw.push({ start, end })
    start = end
  }
  return { rotated, raw, length: rotated.reduce((sum, block) => sum + block.length, 0) }
}

/** Signs for two rounds of all blocks, a bit each: both ends draw them. */
const signsOf = ({ length }: Layout, seed: Seed): Uint32Array => drawsOf(seed).many(length / 16)

/** Codes of numbers that are normal with this deviation; answers their inner product with what the codes stand for. */
const quantise = (
  vector: Float64Array, deviation: number, { levels, edges, codes: cells }: Quantiser, from: number, end: number, codes: Uint8Array, at: number,
): number => {
  let product = 0
  const perDeviation = 1 / deviation
  const last = cells.length - 1
  for (let i = from, j = at; i < end; i++, j++) {
    const value = vector[i] * perDeviation
    const cell = ((value + REACH) * CELLS) | 0
    let code = cells[cell < 0 ? 0 : cell > last ? last : cell]
    if (value >= edges[code]) code++
    codes[j] = code
    product += vector[i] * levels[code]
  }
  return product
}

const rotation = (bits: number): Codec => {
  const low = quantiserOf(Math.floor(bits))
  const high = Number.isInteger(bits) ? low : quantiserOf(low.bits + 1)
  return {
    encode: ({ shapes, values }, out, { draws }) => {
      const layout = layoutOf(shapes, bits)
      const scales = new Float32Array(layout.rotated.length)
      const codes = new Uint8Array(layout.length)
      const room = new Float64Array(GREATEST)
      if (layout.length > 0) {
        const seed = drawSeed(draws)
        for (const half of seed) out.u32(half)
        const signs = signsOf(layout, seed)
        let at = 0
        for (const [i, block] of layout.rotated.entries()) {
          const vector = room.subarray(0, block.length)
          let squares = 0
          for (let j = 0, place = block.start; j < vector.length; j++, place++) {
            const value = place < block.end ? values[place] : 0
            vector[j] = value
            squares += value * value
          }
          if (squares > 0 && squares < Infinity) {
            turnSigns(vector, signs, at >>> 4)
            hadamard(vector)
            turnSigns(vector, signs, (at + block.length / 2) >>> 4)
            hadamard(vector)
            const deviation = Math.sqrt(squares * block.length)
            const product =
              quantise(vector, deviation, high, 0, block.high, codes, at) +
              quantise(vector, deviation, low, block.high, block.length, codes, at + block.high)
            scales[i] = (block.length * squares) / product
            if (scales[i] === 0 || !told(scales[i])) codes.fill(0, at, at + block.length)
          } else scales[i] = squares
          at += block.length
        }
      }
      writeScales(scales, out)
      let at = 0
      for (const { high: more, length } of layout.rotated) {
        pack(codes.subarray(at, at + more), high.bits, out)
        pack(codes.subarray(at + more, (at += length)), low.bits, out)
      }
      for (const { start, end } of layout.raw) out.floats(values.subarray(start, end))
    },
    decode: (bytes, shapes, into) => {
      const layout = layoutOf(shapes, bits)
      const signs = layout.length > 0 ? signsOf(layout, [bytes.u32(), bytes.u32()]) : new Uint32Array(0)
      const scales = readScales(bytes, layout.rotated.length)
      const room = new Float64Array(GREATEST)
      let at = 0
      for (const [i, block] of layout.rotated.entries()) {
        const scale = scales[i]
        const vector = room.subarray(0, block.length)
        const most = unpack(bytes, block.high, high.bits)
        const others = unpack(bytes, block.length - block.high, low.bits)
        if (scale > 0) {
          for (let j = 0; j < most.length; j++) vector[j] = high.levels[most[j]]
          for (let j = 0, k = most.length; j < others.length; j++, k++) vector[k] = low.levels[others[j]]
          hadamard(vector)
          turnSigns(vector, signs, (at + block.length / 2) >>> 4)
          hadamard(vector)
          turnSigns(vector, signs, at >>> 4)
          const step = scale / block.length
          for (let j = 0, place = block.start; place < block.end; j++, place++) into[place] = step * vector[j]
        } else {
          codesOfNone(most, 0, most.length)
          codesOfNone(others, 0, others.length)
          into.fill(scale, block.start, block.end)
        }
        at += block.length
      }
      for (const { start, end } of layout.raw) bytes.floats(into.subarray(start, end))
    },
    // The rotation may make any number of any other.
    bound: () => undefined,
    most: (shapes) => {
      const { rotated, raw } = layoutOf(shapes, bits)
      return (
        (rotated.length > 0 ? 8 : 0) +
        rotated.reduce((sum, block) => sum + 4 + block.bytes, 0) +
        raw.reduce((sum, { start, end }) => sum + 4 * (end - start), 0)
      )
    },
  }
}

/**
 * Each tensor, in blocks of 4096 to 128 numbers, is turned by a random rotation R, after which its numbers are nearly normal;
 * each becomes the nearest of the levels that suit a normal distribution best (lloyd-max.ts), of 2^bits:
 *
 *   c = Q(sqrt(d) R x / |x|),  sent: c and S = |x|^2 / <R x, c>,  decoded: S R^-1 c              (algorithm 1)
 *
 * With bits between two whole numbers a part of each block has one more than the others, as in the paper's section on
 * budgets. R is twice a Walsh-Hadamard matrix after random signs, which both ends draw from a seed of 8 bytes: after one such
 * round, as in the paper's code, a vector with two numbers that are not 0 has but two magnitudes, and 1 bit decodes to the
 * greater number alone, whatever the signs. Along x what is decoded is x; across it the error is 0 on average for a uniform
 * rotation, and for this one to within what a block lacks of being normal, which falls with its length.
 *
 * Message: seed; S of each block; codes of each; then what is left of tensors where the numbers themselves are shorter.
 */
export const eden = codecEntry({
  kind: 'eden',
  sentence: 'A random rotation, then 1 to 4 bits (or between) for each number by the best levels for a normal distribution, scaled to be unbiased.',
  source: 'Vargaftik et al., EDEN: Communication-Efficient and Robust Distributed Mean Estimation for Federated Learning (ICML 2022), algorithm 1; with 1 bit DRIVE (NeurIPS 2021)',
  schema: z.strictObject({
    kind: z.literal('eden'),
    bits: z.number().min(1).max(4).default(4).describe('Bits for each number, 1 to 4: with 2.5 half of them have 2 and half 3.'),
  }),
  makes: 'numbers',
  traits: () => ({ unbiased: true, readsNumbers: false, sums: false, remembers: false, of: 'changes' }),
  build: ({ bits }) => rotation(bits),
})
