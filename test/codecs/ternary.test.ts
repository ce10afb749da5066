import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { packBase3, unpackBase3 } from '../../src/codecs/coding/base3.js'
import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../src/codecs/coding/byte-writer.js'
import type { Shape } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'
import { decoded, encoded } from './codecs.js'

const codecOf = (options: object = {}) => buildCodec([stageSchema.parse({ kind: 'ternary', ...options })])

const bytesOf = (values: readonly number[], shapes: readonly Shape[], options: object = {}): number[] => [
  ...encoded(codecOf(options), { shapes, values: Float32Array.from(values) }),
]

const one = [0x00, 0x00, 0x80, 0x3f]
const two = [0x00, 0x00, 0x00, 0x40]
const none = [0, 0, 0, 0]
const notANumber = [0x00, 0x00, 0xc0, 0x7f]

describe('ternary numbers', () => {
  it('are these bytes: greatest magnitudes, then five numbers a byte, or four', () => {
    // 1, 2, 0, 1, 2 to the base 3, the first lowest: 1 + 6 + 0 + 27 + 162; then 1.
    expect(bytesOf([2, -2, 0, 2, -2, 2], [[6]])).toEqual([...two, 196, 1])
    expect(bytesOf([2, -2, 0, 2, -2], [[5]], { packing: 'bits' })).toEqual([...two, 0b01_00_11_01, 0b11])
    expect(bytesOf([1, -1, 0, 0, -2, NaN], [[3, 2]], { per: 'row' })).toEqual([...one, ...none, ...notANumber, 7, 0])
  })

  it('clips to standard deviations', () => {
    // Mean 1, deviation 2, in floats without rounding.
    expect(bytesOf([-1, 3, -1, 3], [[4]], { clip: 0.5 })).toEqual([...one, 2 + 3 + 18 + 27])
  })

  it('are what a slow loop of equations 2 to 4 draws', () => {
    const draws = drawsOf([4, 5])
    const values = Float32Array.from({ length: 400 }, () => (draws.unit() - 0.5) ** 3)
    const most = Math.max(...values.map(Math.abs))
    for (const packing of ['base3', 'bits']) {
      const codec = codecOf({ packing })
      const got = decoded(codec, encoded(codec, { shapes: [[400]], values }, [6, 7]), [[400]])
      const chance = drawsOf([6, 7])
      const want = [...values].map((value) => (chance.next() / 2 ** 32 < Math.abs(value) / most ? Math.sign(value) * most : 0))
      expect([...got]).toEqual(want)
      expect(new Set(got).size).toBe(3)
    }
  })

  it.each([
    ['a byte that five digits do not make', {}, [...one, 243]],
    ['digits after the last number', {}, [...one, 3]],
    ['a code that stands for nothing', { packing: 'bits' }, [...one, 0b10]],
    ['bits after the last code', { packing: 'bits' }, [...one, 0b101]],
    ['a code where there is no scale', {}, [...none, 1]],
    ['a code in what is no number', {}, [...notANumber, 1]],
    ['less than there must be', {}, one],
  ])('refuse %s', (_, options, bytes) => {
    expect(() => decoded(codecOf(options), Uint8Array.from(bytes), [[1]])).toThrow(Malformed)
  })
})

it('digits to the base 3 come back, in as many bytes as fives', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 23 }), (numbers) => {
      const out = new ByteWriter(1)
      packBase3(Uint8Array.from(numbers), out)
      expect(out.length).toBe(Math.ceil(numbers.length / 5))
      expect([...unpackBase3(new ByteReader(out.written()), numbers.length)]).toEqual(numbers)
    }),
  )
})
