import { describe, expect, it } from 'vitest'

import type { Memory, Shape } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { buildCodec, stageSchema } from '../../src/codecs/registry.js'
import { decoded, encoded } from './codecs.js'

const codecOf = (options: object = {}) => buildCodec([stageSchema.parse({ kind: 'sign', ...options })])

const bytesOf = (values: readonly number[], shapes: readonly Shape[], options: object = {}): number[] => [
  ...encoded(codecOf(options), { shapes, values: Float32Array.from(values) }),
]

const one = [0x00, 0x00, 0x80, 0x3f]
const two = [0x00, 0x00, 0x00, 0x40]
const none = [0, 0, 0, 0]
const notANumber = [0x00, 0x00, 0xc0, 0x7f]

describe('signs', () => {
  it('are these bytes: mean magnitudes, then a bit for each number', () => {
    expect(bytesOf([-1, 1.5, -0.5, 0, 2, 1, -1, 0.5, -1.5], [[9]])).toEqual([...one, 0b01000101, 1])
    // Of a group that has no scale no sign is sent.
    expect(bytesOf([-1, 3, -0, 0, -2, NaN, -2, 2], [[4, 2]], { per: 'row' })).toEqual([...two, ...none, ...notANumber, ...two, 0b01000001])
  })

  it.each([
    ['a sign after the last number', [...one, 0b10]],
    ['a sign where there is no scale', [...none, 1]],
    ['a sign of what is no number', [...notANumber, 1]],
    ['less than there must be', one],
  ])('refuse %s', (_, bytes) => {
    expect(() => decoded(codecOf(), Uint8Array.from(bytes), [[1]])).toThrow(Malformed)
  })

  it('and what they leave out are what a slow loop of EF-SignSGD makes of ten messages', () => {
    const codec = codecOf()
    const shapes = [[7], [3, 4]]
    const memory: Memory = new Map()
    const draws = drawsOf([4, 5])
    const error = new Float32Array(19)
    for (let message = 0; message < 10; message++) {
      const values = Float32Array.from({ length: 19 }, () => draws.unit() - 0.5)
      const corrected = values.map((value, i) => value + error[i])
      const want = [corrected.subarray(0, 7), corrected.subarray(7)].flatMap((part) => {
        const mean = Math.fround(part.reduce((sum, value) => sum + Math.abs(value), 0) / part.length)
        return [...part].map((value) => (value < 0 ? -mean : mean))
      })
      expect([...decoded(codec, encoded(codec, { shapes, values }, [1, 2], memory), shapes)]).toEqual(want)
      for (const [i, value] of want.entries()) error[i] = corrected[i] - value
    }
  })
})
