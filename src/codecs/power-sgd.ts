import { z } from 'zod'

import { rowsOf, sizeOf, type Codec, type Shape } from './codec.js'
import type { Draws } from './coding/draws.js'
import { codecEntry } from './entry.js'
import { withFeedback } from './feedback.js'
import { leftOf, orthonormal, product, rightOf, type Size } from './coding/low-rank.js'
import { flagBytes, notFiniteIn, readFlags, spoil, writeFlags } from './coding/not-finite.js'
import { newMemory } from './coding/places.js'

/** How a tensor travels: as the factors of a matrix, or, undefined, whole, as its factors would be no fewer numbers. */
const factorsOf = (shape: Shape, most: number): Size | undefined => {
  if (shape.length < 2) return undefined
  const { rows, width } = rowsOf(shape)
  const rank = Math.min(most, rows, width)
  return rank * (rows + width) < rows * width ? { rows, width, rank } : undefined
}

/** Tensors that travel: a row for each factor, so that what scales by rows scales each by itself. */
const sentShapes = (shapes: readonly Shape[], rank: number): Shape[] =>
  shapes.flatMap((shape) => {
    const size = factorsOf(shape, rank)
    if (size === undefined) return [shape]
    return [
      [size.rank, size.rows],
      [size.rank, size.width],
    ]
  })

/** Factors to begin with: those of the last message, and random ones where there are none or they are 0. */
const begun = (kept: Float32Array | undefined, { width, rank }: Size, draws: Draws): Float32Array => {
  const right = kept?.slice() ?? new Float32Array(rank * width)
  for (let factor = 0; factor < rank; factor++) {
    const one = right.subarray(factor * width, (factor + 1) * width)
    if (one.every((value) => value === 0)) for (let i = 0; i < width; i++) one[i] = 2 * draws.unit() - 1
  }
  return right
}

interface Options {
  readonly rank: number
  readonly warmStart: boolean
}

const lowRank = ({ rank, warmStart }: Options, inner: Codec, place: string): Codec => ({
  encode: ({ shapes, values }, out, { draws, memory }) => {
    const sizes = shapes.map((shape) => factorsOf(shape, rank))
    const flags = notFiniteIn({ shapes, values }).map((flag, i) => flag && sizes[i] !== undefined)
    writeFlags(flags, out)
    const name = `${place}.factors`
    const factors = new Float32Array(sizes.reduce((sum, size) => sum + (size === undefined ? 0 : size.rank * size.width), 0))
    const last = memory.get(name)
    if (last?.length === factors.length) factors.set(last)
    const sent = new Float32Array(sizeOf(sentShapes(shapes, rank)))
    let from = 0
    let to = 0
    let at = 0
    for (const [i, shape] of shapes.entries()) {
      const tensor = values.subarray(from, (from += sizeOf([shape])))
      const size = sizes[i]
      if (size === undefined) {
        sent.set(tensor, to)
        to += tensor.length
        continue
      }
      const right = factors.subarray(at, (at += size.rank * size.width))
      const left = sent.subarray(to, (to += size.rank * size.rows))
      // A matrix that is not all finite has no factors: 0 travels in their place, and those of the last message are kept.
      if (!flags[i]) {
        left.set(orthonormal(leftOf(tensor, begun(right, size, draws), size), size))
        right.set(rightOf(tensor, left, size))
        sent.set(right, to)
      }
      to += right.length
    }
    if (warmStart) memory.set(name, factors)
    inner.encode({ shapes: sentShapes(shapes, rank), values: sent }, out, { draws, memory: newMemory().behind })
  },
  decode: (bytes, shapes, into) => {
    const flags = readFlags(bytes, shapes.length)
    const sent = new Float32Array(sizeOf(sentShapes(shapes, rank)))
    inner.decode(bytes, sentShapes(shapes, rank), sent)
    let from = 0
    let to = 0
    for (const shape of shapes) {
      const tensor = into.subarray(to, (to += sizeOf([shape])))
      const size = factorsOf(shape, rank)
      if (size === undefined) {
        tensor.set(sent.subarray(from, (from += tensor.length)))
        continue
      }
      const left = sent.subarray(from, (from += size.rank * size.rows))
      product(left, sent.subarray(from, (from += size.rank * size.width)), size, tensor)
    }
    spoil(flags, shapes, into)
  },
  bound: () => undefined,
  most: (shapes) => flagBytes(shapes) + inner.most(sentShapes(shapes, rank)),
})

/**
 * Matrices as the product of two narrow ones, found by one step of a power iteration that goes on where the last message's
 * ended:
 *
 *   P = M Q,  P := orthonormal(P),  Q := M^T P,  sent: P and Q,  decoded: P Q^T
 *
 * With M = g_t + e_t and e_(t+1) = M - what the receiver decodes. A tensor of more axes is the matrix [all but the last, the
 * last]; one that has no fewer numbers that way travels whole, as vectors do.
 *
 * Reconstructed: in the paper all workers reduce P and then Q together, so that all share their factors. In a federation each
 * client sends on its own and the server adds up products, so factors are each sender's, one for each receiver; and P is not
 * orthogonalised again after a mean.
 */
export const powerSgd = codecEntry({
  kind: 'powerSgd',
  sentence: "Matrices as products of two narrow ones: a step of a power iteration from the last message's, with what is left added to the next.",
  source: 'Vogels, Karimireddy and Jaggi, PowerSGD (NeurIPS 2019), algorithms 1 and 2; each sender on its own',
  schema: z.strictObject({
    kind: z.literal('powerSgd'),
    rank: z.int().min(1).max(256).default(2).describe('Columns of the factors.'),
    warmStart: z.boolean().default(true).describe("Whether the iteration goes on from the last message's factors, or begins with random ones each time."),
    feedback: z.boolean().default(true).describe('Whether what the receiver did not get is added to the next message.'),
  }),
  makes: 'choice',
  traits: ({ warmStart, feedback }) => ({ unbiased: false, readsNumbers: false, sums: false, remembers: warmStart || feedback, of: 'changes' }),
  build: (options, inner, place) => {
    const codec = lowRank(options, inner, place)
    return options.feedback ? withFeedback(codec, place) : codec
  },
})
