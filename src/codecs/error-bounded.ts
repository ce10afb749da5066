import { z } from 'zod'

import { BinsDecoder, BinsEncoder, binsEnd, roughBits } from './coding/bins.js'
import type { ByteReader } from './coding/byte-reader.js'
import { ByteWriter } from './coding/byte-writer.js'
import type { Block, Codec, Shape } from './codec.js'
import { codecEntry, plain } from './entry.js'
import { exact } from './fp32.js'
import { guessed, guesses, stretchesOf, type Guess, type Stretch } from './coding/guess.js'
import { Malformed } from './coding/malformed.js'
import { RangeDecoder, RangeEncoder } from './coding/range-coder.js'

const binOf = (value: number, guess: number, error: number): number => (error > 0 ? Math.round((value - guess) / (2 * error)) : 0)

const ofBin = (bin: number, guess: number, error: number): number => Math.fround(guess + 2 * error * bin)

const greatest = 3.4028234663852886e38

/** The greatest 32-bit float that is not above a number, which is not negative. */
const floor32 = (value: number): number => {
  const near = new Float32Array([Math.min(value, greatest)])
  if (near[0] > value) new Int32Array(near.buffer)[0]--
  return near[0]
}

interface Bound {
  readonly absolute?: number
  readonly relative?: number
}

const relativeDefault = 0.01

/** The error that a tensor's numbers may have. */
const errorOf = (values: Float32Array, { start, end }: Stretch, { absolute, relative = relativeDefault }: Bound): number => {
  if (absolute !== undefined) return floor32(absolute)
  let least = Infinity
  let most = -Infinity
  for (let i = start; i < end; i++) {
    const value = values[i]
    if (value - value !== 0) continue
    if (value < least) least = value
    if (value > most) most = value
  }
  return least <= most ? floor32(relative * (most - least)) : 0
}

const samples = 2048

/** The guess that is likely to need the fewest bits, by some of the numbers. */
const bestGuess = (values: Float32Array, stretch: Stretch, error: number): Guess => {
  const bits = [0, 0, stretch.axes > 1 ? 0 : Infinity]
  const step = Math.max(1, Math.floor((stretch.end - stretch.start) / samples))
  for (const guess of [0, 1, 2] as const) {
    for (let i = stretch.start; i < stretch.end; i += step) {
      const from = guessed(values, i, stretch, guess)
      bits[guess] += roughBits(error > 0 || from === values[i] ? binOf(values[i], from, error) : binsEnd)
    }
  }
  return bits.indexOf(Math.min(...bits)) as Guess
}

/** All but the byte that says so. */
const encodeBins = ({ shapes, values }: Block, bound: Bound, out: ByteWriter): void => {
  const known = new Float32Array(values.length)
  const kept = new ByteWriter()
  const coder = new RangeEncoder()
  const bins = new BinsEncoder(coder)
  for (const stretch of stretchesOf(shapes)) {
    if (stretch.start === stretch.end) continue
    const error = errorOf(values, stretch, bound)
    const guess = bestGuess(values, stretch, error)
    out.u8(guess)
    if (bound.absolute === undefined) out.f32(error)
    for (let i = stretch.start; i < stretch.end; i++) {
      const from = guessed(known, i, stretch, guess)
      const bin = binOf(values[i], from, error)
      const back = ofBin(bin, from, error)
      // False for what is not finite as well.
      if (Math.abs(bin) < binsEnd && Math.abs(back - values[i]) <= error) {
        known[i] = back
        bins.put(bin)
      } else {
        known[i] = values[i]
        bins.put(undefined)
        kept.floats(values.subarray(i, i + 1))
      }
    }
  }
  out.varint(kept.length / 4)
  out.bytes(kept.written())
  const coded = coder.end()
  out.varint(coded.length)
  out.bytes(coded)
}

/** What comes before the bins: of each tensor that is not empty how it was guessed, and how wrong it may be. */
const readHeads = (bytes: ByteReader, stretches: readonly Stretch[], { absolute }: Bound) =>
  stretches.map((stretch) => {
    const guess = bytes.u8()
    if (guess >= (stretch.axes > 1 ? guesses.length : 2)) throw new Malformed(`a tensor of ${stretch.axes} axes guessed in way ${guess}`)
    const error = absolute === undefined ? bytes.f32() : floor32(absolute)
    if (!(error >= 0 && error < Infinity)) throw new Malformed(`an error of ${error}`)
    return { stretch, guess: guess as Guess, error }
  })

const decodeBins = (bytes: ByteReader, shapes: readonly Shape[], into: Float32Array, bound: Bound): void => {
  const heads = readHeads(bytes, stretchesOf(shapes).filter(({ start, end }) => start < end), bound)
  const kept = new Float32Array(bytes.varint(Math.min(into.length, Math.floor(bytes.left / 4))))
  bytes.floats(kept)
  let used = 0
  const coder = new RangeDecoder(bytes.take(bytes.varint(bytes.left)))
  const bins = new BinsDecoder(coder)
  for (const { stretch, guess, error } of heads) {
    for (let i = stretch.start; i < stretch.end; i++) {
      const bin = bins.take()
      if (bin === undefined) {
        if (used === kept.length) throw new Malformed(`more numbers out of line than the ${kept.length} that are there`)
        into.set(kept.subarray(used, ++used), i)
      } else {
        into[i] = ofBin(bin, guessed(into, i, stretch, guess), error)
        if (into[i] - into[i] !== 0) throw new Malformed('a bin of a number that is too great')
      }
    }
  }
  if (used < kept.length) throw new Malformed(`${kept.length - used} numbers out of line too many`)
  coder.end()
}

const bounded = (bound: Bound): Codec => ({
  encode: (block, out, sending) => {
    const coded = new ByteWriter(1024)
    encodeBins(block, bound, coded)
    const fewer = coded.length < exact.most(block.shapes)
    out.u8(fewer ? 1 : 0)
    if (fewer) out.bytes(coded.written())
    else exact.encode(block, out, sending)
  },
  decode: (bytes, shapes, into) => {
    const way = bytes.u8()
    if (way > 1) throw new Malformed(`numbers of kind ${way}, where 0 is as they are and 1 is in bins`)
    if (way === 0) exact.decode(bytes, shapes, into)
    else decodeBins(bytes, shapes, into, bound)
  },
  bound: ({ shapes, values }) => {
    const bounds = new Float64Array(values.length)
    for (const stretch of stretchesOf(shapes)) bounds.fill(errorOf(values, stretch, bound), stretch.start, stretch.end)
    return bounds
  },
  most: (shapes) => 1 + exact.most(shapes),
})

/**
 * Every number within a bound, in as few bits as its surprise: each is guessed from what the receiver knows by then, and what
 * is sent is how many steps of twice the bound it is away,
 *
 *   q = round((x - guess) / (2 e)),  decoded: x' = guess + 2 e q in 32 bits,  |x - x'| <= e
 *
 * The steps go through a range coder that learns how often each is needed (bins.ts). A number whose x' is not within the bound
 * (by rounding, by distance, as it is not finite) goes as it is. `relative` is to the range of a tensor's finite values.
 */
export const errorBounded = codecEntry({
  kind: 'errorBounded',
  sentence: 'Every number within a bound: guessed from those before, off by whole steps that a range coder makes few bits of.',
  source: 'Di and Cappello, Fast Error-Bounded Lossy HPC Data Compression with SZ (IPDPS 2016); Tao et al. (IPDPS 2017): Lorenzo predictor and linear quantisation; for federations FedSZ (arXiv 2312.13461)',
  schema: z
    .strictObject({
      kind: z.literal('errorBounded'),
      absolute: z.number().positive().optional().describe('The greatest absolute error of each number.'),
      relative: z.number().gt(0).lt(1).optional().describe("The same as a share of the range of its tensor's values: .01 without both."),
    })
    .refine(({ absolute, relative }) => absolute === undefined || relative === undefined, {
      error: "give 'absolute' or 'relative': both say how wrong a number may be",
      path: ['relative'],
    }),
  makes: 'numbers',
  traits: () => ({ ...plain, unbiased: false, readsNumbers: true, sums: false }),
  build: (options) => bounded(options),
})
