import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../src/codecs/coding/byte-writer.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { longest, readLevels, writeLevels } from '../../src/codecs/coding/elias.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'
import { decoded, encoded } from './codecs.js'

const codecOf = (options: object = {}) => buildCodec([stageSchema.parse({ kind: 'qsgd', ...options })])

const five = [0x00, 0x00, 0xa0, 0x40]
const none = [0, 0, 0, 0]
const notANumber = [0x00, 0x00, 0xc0, 0x7f]

/** Digits of bytes, the lowest of each first. */
const bitsOf = (bytes: Uint8Array): string =>
  Array.from({ length: 8 * bytes.length }, (_, bit) => (bytes[bit >> 3] >> (bit & 7)) & 1).join('')

describe('QSGD', () => {
  it('is these bytes: norms of buckets, then a sign and a level each', () => {
    // The norm of 3 and -4 is 5: levels 3 and 4 of 5, in 3 bits and one for the sign.
    const values = Float32Array.of(3, -4, 0, 0, NaN, 1)
    expect([...encoded(codecOf({ levels: 5, bucket: 2 }), { shapes: [[6]], values })]).toEqual([...five, ...none, ...notANumber, 0xc3, 0, 0])
    // Level 3 is the omega code of 4 and a sign, level 4 that of 5, level 0 a bit.
    const elias = encoded(codecOf({ levels: 5, bucket: 2, code: 'elias' }), { shapes: [[6]], values })
    expect([...elias.subarray(0, 12)]).toEqual([...five, ...none, ...notANumber])
    expect(bitsOf(elias.subarray(12))).toBe(['101000', '0', '101010', '1', '0000', '000000'].join(''))
  })

  it.each(['fixed', 'elias'])('%s: is what a slow loop of its equation draws', (code) => {
    const draws = drawsOf([4, 5])
    const values = Float32Array.from({ length: 300 }, () => (draws.unit() - 0.5) ** 3)
    for (const norm of ['l2', 'max']) {
      const codec = codecOf({ levels: 7, bucket: 100, code, norm })
      const got = decoded(codec, encoded(codec, { shapes: [[300]], values }, [6, 7]), [[300]])
      const chance = drawsOf([6, 7])
      for (const [i, value] of values.entries()) {
        const bucket = values.subarray(100 * Math.floor(i / 100), 100 * Math.floor(i / 100) + 100)
        const length = norm === 'max' ? Math.max(...bucket.map(Math.abs)) : Math.hypot(...bucket)
        const exact = (7 * Math.abs(value)) / length
        const low = Math.floor(exact)
        const level = chance.next() / 2 ** 32 >= 1 - (exact - low) ? low + 1 : low
        expect(got[i]).toBeCloseTo((Math.sign(value) * level * length) / 7, 6)
      }
    }
  })

  it('needs fewer bytes with Elias codes where few levels are not 0, and more where none is', () => {
    const size = (code: string, norm: string, levels: number): number =>
      encoded(codecOf({ code, norm, levels }), { shapes: [[5000]], values: Float32Array.from({ length: 5000 }, (_, i) => (i % 7) - 3) }).length
    expect(size('elias', 'l2', 7)).toBeLessThan(size('fixed', 'l2', 7) / 2)
    expect(size('elias', 'max', 127)).toBeGreaterThan(size('fixed', 'max', 127))
  })

  it.each([
    ['a level above the last', {}, [...five, 0b0110]],
    ['a 0 below 0', {}, [...five, 0b1000]],
    ['bits after the last level', {}, [...five, 0x10]],
    ['a level where there is no norm', {}, [...none, 1]],
    ['a level in what is no number', {}, [...notANumber, 1]],
    ['less than there must be', {}, five],
    ['an Elias code above the last level', { code: 'elias' }, [...five, 0b111]],
    ['an Elias code that does not end', { code: 'elias' }, [...five, 0xff]],
    ['bits after the last Elias code', { code: 'elias' }, [...five, 0b10]],
    ['less than an Elias code', { code: 'elias' }, five],
  ])('refuses %s', (_, options, bytes) => {
    expect(() => decoded(codecOf({ levels: 5, ...options }), Uint8Array.from(bytes), [[1]])).toThrow(Malformed)
  })
})

describe("Elias's recursive code", () => {
  it('is that of his paper', () => {
    const known: readonly (readonly [number, string])[] = [
      [1, '0'], [2, '100'], [3, '110'], [4, '101000'], [7, '101110'], [8, '1110000'], [15, '1111110'], [16, '10100100000'], [100, '1011011001000'],
    ]
    for (const [number, digits] of known) {
      const out = new ByteWriter(1)
      writeLevels(Uint8Array.of(number - 1), 128, out)
      const written = number === 1 ? digits : `${digits}0`
      expect(bitsOf(out.written())).toBe(written.padEnd(8 * out.length, '0'))
    }
  })

  it('comes back, for every level and sign, in no more bits than the longest', () => {
    for (const most of [1, 2, 3, 7, 64, 127]) {
      const levels = Uint8Array.from({ length: 2 * most + 1 }, (_, i) => (i <= most ? i : (i - most) | 128))
      const out = new ByteWriter(1)
      writeLevels(levels, 128, out)
      const reader = new ByteReader(out.written())
      expect([...readLevels(reader, levels.length, most, 128)]).toEqual([...levels])
      reader.end()
      expect(8 * out.length).toBeLessThanOrEqual(levels.length * longest(most) + 7)
    }
  })
})
