import { z } from 'zod'

import { base3Bytes, packBase3, unpackBase3 } from './coding/base3.js'
import { sizeOf, type Codec } from './codec.js'
import { codecEntry } from './entry.js'
import { Malformed } from './coding/malformed.js'
import { pack, packedBytes, unpack } from './coding/packing.js'
import { codesOfNone, largestMagnitude, readScales, told, writeScales } from './coding/scales.js'
import { groupsIn, perField, spansOf, type Per } from './coding/spans.js'

interface Options {
  readonly per: Per
  readonly clip?: number
  readonly packing: 'base3' | 'bits'
}

/** The standard deviation of numbers that are finite. */
const deviation = (values: Float32Array, start: number, end: number): number => {
  let sum = 0
  for (let i = start; i < end; i++) sum += values[i]
  const mean = sum / (end - start)
  let squares = 0
  for (let i = start; i < end; i++) squares += (values[i] - mean) * (values[i] - mean)
  return Math.sqrt(squares / (end - start))
}

/** What is sent for -1 and 1: the greatest magnitude, after clipping. */
const scaleOf = (values: Float32Array, start: number, end: number, clip: number | undefined): number => {
  const most = largestMagnitude(values, start, end)
  return clip === undefined || !told(most) ? most : Math.fround(Math.min(most, clip * deviation(values, start, end)))
}

/** Codes of one group: the chance of one that is not 0 is the magnitude, of which the scale is 1. `minus`: what stands for -1. */
const chosen = (values: Float32Array, start: number, end: number, scale: number, minus: number, codes: Uint8Array, drawn: Uint32Array): void => {
  const perDraw = scale * 2 ** -32
  for (let i = start; i < end; i++) {
    const value = values[i]
    codes[i] = Math.abs(value) > drawn[i] * perDraw ? (value < 0 ? minus : 1) : 0
  }
}

const ternaryCodec = ({ per, clip, packing }: Options): Codec => {
  const minus = packing === 'base3' ? 2 : 3
  return {
    encode: ({ shapes, values }, out, { draws }) => {
      const spans = spansOf(shapes, per)
      const scales = new Float32Array(groupsIn(spans))
      const codes = new Uint8Array(values.length)
      const drawn = draws.many(values.length)
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = scaleOf(values, at, stop, clip)
          scales[group++] = scale
          if (scale > 0) chosen(values, at, stop, scale, minus, codes, drawn)
        }
      }
      writeScales(scales, out)
      if (packing === 'base3') packBase3(codes, out)
      else pack(codes, 2, out)
    },
    decode: (bytes, shapes, into) => {
      const spans = spansOf(shapes, per)
      const scales = readScales(bytes, groupsIn(spans))
      const codes = packing === 'base3' ? unpackBase3(bytes, into.length) : unpack(bytes, into.length, 2)
      if (packing === 'bits' && codes.includes(2)) throw new Malformed('a code of 2, which stands for nothing')
      let group = 0
      for (const { start, end, size } of spans) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = scales[group++]
          if (!(scale > 0)) codesOfNone(codes, at, stop)
          const says = Float32Array.of(told(scale) ? 0 : scale, scale, -scale, -scale)
          for (let i = at; i < stop; i++) into[i] = says[codes[i]]
        }
      }
    },
    bound: ({ shapes, values }) => {
      const bounds = new Float64Array(values.length)
      for (const { start, end, size } of spansOf(shapes, per)) {
        for (let at = start; at < end; at += size) {
          const stop = Math.min(at + size, end)
          const scale = scaleOf(values, at, stop, clip)
          for (let i = at; i < stop; i++) {
            const magnitude = Math.abs(values[i])
            // What is clipped is never 0, and 0 is always.
            const farthest = magnitude === 0 ? 0 : magnitude > scale && scale > 0 ? magnitude - scale : Math.max(magnitude, scale - magnitude)
            bounds[i] = told(scale) ? farthest : Infinity
          }
        }
      }
      return bounds
    },
    most: (shapes) =>
      4 * groupsIn(spansOf(shapes, per)) + (packing === 'base3' ? base3Bytes(sizeOf(shapes)) : packedBytes(sizeOf(shapes), 2)),
  }
}

/**
 * -1, 0 or 1 times the greatest magnitude s of each segment (row, block), by chance:
 *
 *   s sign(x) b,  P(b = 1) = |x| / s                                         (equations 2 to 4)
 *
 * `clip`: numbers beyond so many standard deviations of their segment count as if they were there (equation 6, 2.5 in the
 * paper). That lowers s, and with it the variance, and is not unbiased.
 */
export const ternary = codecEntry({
  kind: 'ternary',
  sentence: 'Each number is -1, 0 or 1 times the greatest of its segment, by chance and unbiased: 1.6 bits.',
  source: 'Wen et al., TernGrad: Ternary Gradients to Reduce Communication in Distributed Deep Learning (NeurIPS 2017), equations 2 to 6',
  schema: z.strictObject({
    kind: z.literal('ternary'),
    per: perField.default('segment').describe("What shares one scale of 4 bytes: a 'row', a 'segment', or so many numbers of a segment."),
    clip: z.number().positive().optional().describe('Clips to so many standard deviations, 2.5 in the paper: less variance, but biased. Not clipped without it.'),
    packing: z.enum(['base3', 'bits']).default('base3').describe("'base3': five numbers a byte; 'bits': four."),
  }),
  makes: 'numbers',
  traits: ({ clip }) => ({ unbiased: clip === undefined, readsNumbers: false, sums: false, remembers: false, of: 'changes' }),
  build: (options) => ternaryCodec(options),
})
