import fc from 'fast-check'
import { expect, it } from 'vitest'

import { BinsDecoder, BinsEncoder, binsEnd } from '../../../src/codecs/coding/bins.js'
import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { Malformed } from '../../../src/codecs/coding/malformed.js'
import { evenOdds, RangeDecoder, RangeEncoder } from '../../../src/codecs/coding/range-coder.js'

/**
 * The same intervals in whole numbers without an end: range coding as it is defined. What the coder holds in 32 bits with
 * carries, this holds whole.
 */
const naive = (bits: readonly number[]): number[] => {
  let low = 0n
  let range = 0xffffffffn
  let odd = 1024n
  let bytes = 4
  for (const bit of bits) {
    const bound = (range >> 11n) * odd
    if (bit === 0) {
      range = bound
      odd += (2048n - odd) >> 5n
    } else {
      low += bound
      range -= bound
      odd -= odd >> 5n
    }
    while (range < 2n ** 24n) {
      range <<= 8n
      low <<= 8n
      bytes++
    }
  }
  return Array.from({ length: bytes }, (_, i) => Number((low >> BigInt(8 * (bytes - 1 - i))) & 0xffn))
}

const coded = (bits: readonly number[]): Uint8Array => {
  const coder = new RangeEncoder()
  const odds = evenOdds(1)
  for (const bit of bits) coder.bit(odds, 0, bit)
  return coder.end()
}

it('codes bits as whole numbers without an end would, carries and all', () => {
  const draws = drawsOf([1, 9])
  for (let length = 0; length < 400; length++) {
    // Mostly ones, then zeros: the range stays near the upper end, where carries run far.
    const bits = Array.from({ length }, () => (draws.unit() < [0.97, 0.5, 0.03][length % 3] ? 1 : 0))
    const bytes = coded(bits)
    expect([...bytes]).toEqual(naive(bits))
    const decoder = new RangeDecoder(bytes)
    const odds = evenOdds(1)
    expect(bits.map(() => decoder.bit(odds, 0))).toEqual(bits)
    decoder.end()
  }
})

it('needs as many bits as bits tell', () => {
  const draws = drawsOf([2, 9])
  const bits = Array.from({ length: 100_000 }, () => (draws.unit() < 0.05 ? 1 : 0))
  const entropy = -(0.05 * Math.log2(0.05) + 0.95 * Math.log2(0.95))
  expect((8 * coded(bits).length) / bits.length / entropy).toBeLessThan(1.06)
})

const bins = fc.array(
  fc.oneof(fc.constant(undefined), fc.constant(0), fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1 - binsEnd, max: binsEnd - 1 })),
  { maxLength: 300 },
)

it('gives back bins, and what is none', () => {
  fc.assert(
    fc.property(bins, (list) => {
      const coder = new RangeEncoder()
      const encoder = new BinsEncoder(coder)
      for (const bin of list) encoder.put(bin)
      const range = new RangeDecoder(coder.end())
      const decoder = new BinsDecoder(range)
      expect(list.map(() => decoder.take())).toEqual(list)
      range.end()
    }),
  )
})

it('refuses bytes that are too few or too many', () => {
  const bytes = coded([1, 0, 1])
  expect(() => new RangeDecoder(bytes.subarray(1))).toThrow(Malformed)
  expect(() => {
    new RangeDecoder(Uint8Array.of(...bytes, 0)).end()
  }).toThrow(Malformed)
})
