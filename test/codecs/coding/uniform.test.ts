import { describe, expect, it } from 'vitest'

import type { Shape } from '../../../src/codecs/codec.js'
import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { Malformed } from '../../../src/codecs/coding/malformed.js'
import { buildCodec, stageSchema } from '../../../src/codecs/registry.js'
import { decoded, encoded } from '../codecs.js'

const codecOf = (kind: string, options: object = {}) => buildCodec([stageSchema.parse({ kind, ...options })])

const bytesOf = (kind: string, values: readonly number[], shapes: readonly Shape[], options: object = {}): number[] => [
  ...encoded(codecOf(kind, options), { shapes, values: Float32Array.from(values) }),
]

const one = [0x00, 0x00, 0x80, 0x3f]
const two = [0x00, 0x00, 0x00, 0x40]
const none = [0, 0, 0, 0]
const notANumber = [0x00, 0x00, 0xc0, 0x7f]

describe('whole numbers of a few bits', () => {
  it('are these bytes', () => {
    expect(bytesOf('int8', [1, -1, 0.5, 0, -0.25], [[5]])).toEqual([...one, 127, 0x81, 64, 0, 0xe0])
    // Two a byte, the first in the lower half.
    expect(bytesOf('int4', [2, -2, 1, 0, -0.5], [[5]])).toEqual([...two, 0x97, 0x04, 0x0e])
    expect(bytesOf('int2', [1, -1, 0.4, 0.5, -0.6], [[5]])).toEqual([...one, 0b01_00_11_01, 0b11])
  })

  it('share scales by row, segment and block: all scales, then all codes', () => {
    const shapes = [[2, 2], [2]]
    const values = [1, 1, 2, 2, 0, 0]
    expect(bytesOf('int8', values, shapes, { per: 'row' })).toEqual([...one, ...two, ...none, 127, 127, 127, 127, 0, 0])
    expect(bytesOf('int8', values, shapes, { per: 'segment' })).toEqual([...two, ...none, 64, 64, 127, 127, 0, 0])
    expect(bytesOf('int8', values, shapes, { per: 3 })).toEqual([...two, ...two, ...none, 64, 64, 127, 127, 0, 0])
  })

  it('say of a group with what is not finite that it is NaN, and of no other', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const bytes = bytesOf('int8', [bad, 1, 2, 2], [[2, 2]], { per: 'row' })
      expect(bytes).toEqual([...notANumber, ...two, 0, 0, 127, 127])
      expect([...decoded(codecOf('int8', { per: 'row' }), Uint8Array.from(bytes), [[2, 2]])]).toEqual([NaN, NaN, 2, 2])
    }
  })

  it.each([
    ['a code that is not used', 'int8', [...one, 0x80]],
    ['a code that is not used', 'int4', [...one, 0x08]],
    ['bits after the last code', 'int4', [...one, 0x17]],
    ['a scale below 0', 'int8', [0x00, 0x00, 0x80, 0xbf, 0]],
    ['an infinite scale', 'int8', [0x00, 0x00, 0x80, 0x7f, 1]],
    ['another NaN', 'int8', [0x01, 0x00, 0xc0, 0x7f, 0]],
    ['a code where there is no scale', 'int8', [...none, 1]],
    ['a code in what is no number', 'int8', [...notANumber, 1]],
    ['less than there must be', 'int8', one],
  ])('refuse %s', (_, kind, bytes) => {
    expect(() => decoded(codecOf(kind), Uint8Array.from(bytes), [[1]])).toThrow(Malformed)
  })

  it.each([
    { kind: 'int8', greatest: 127 },
    { kind: 'int4', greatest: 7 },
    { kind: 'int2', greatest: 1 },
  ])('$kind: are what a slow search finds the nearest, and what a draw rounds up', ({ kind, greatest }) => {
    const draws = drawsOf([8, 9])
    const values = Float32Array.from({ length: 500 }, () => (draws.unit() - 0.5) ** 3)
    const most = Math.max(...values.map(Math.abs))
    const choices = Array.from({ length: 2 * greatest + 1 }, (_, i) => ((i - greatest) * most) / greatest)
    const nearest = decoded(codecOf(kind, { per: 'segment' }), encoded(codecOf(kind, { per: 'segment' }), { shapes: [[500]], values }), [[500]])
    const chance = codecOf(kind, { per: 'segment', rounding: 'stochastic' })
    const rounded = decoded(chance, encoded(chance, { shapes: [[500]], values }, [3, 4]), [[500]])
    const drawn = drawsOf([3, 4])
    for (const [i, value] of values.entries()) {
      const best = choices.toSorted((a, b) => Math.abs(a - value) - Math.abs(b - value))[0]
      expect(nearest[i]).toBe(Math.fround(best))
      const up = drawn.next() / 2 ** 32
      const exact = (value / most) * greatest
      const low = Math.floor(exact)
      expect(rounded[i]).toBeCloseTo(((exact - low + up >= 1 ? low + 1 : low) * most) / greatest, 7)
    }
  })
})
