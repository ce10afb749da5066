import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../../src/codecs/coding/byte-writer.js'
import type { Codec } from '../../../src/codecs/codec.js'
import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { buildCodec } from '../../../src/codecs/registry.js'
import { decoded, encoded } from '../codecs.js'

/** What a format of 16 bits says, worked out slowly. */
const reference = (exponentBits: number, fractionBits: number) => {
  const bias = 2 ** (exponentBits - 1) - 1
  return (pattern: number): number => {
    const sign = pattern >= 0x8000 ? -1 : 1
    const exponent = Math.floor(pattern / 2 ** fractionBits) % 2 ** exponentBits
    const fraction = (pattern % 2 ** fractionBits) / 2 ** fractionBits
    if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN
    return sign * (exponent === 0 ? 2 ** (1 - bias) * fraction : 2 ** (exponent - bias) * (1 + fraction))
  }
}

const formats = [
  { kind: 'fp16', meaning: reference(5, 10), infinite: 0x7c00, bytes: [0x00, 0x3c, 0x01, 0xc0, 0xff, 0x7b, 0x00, 0x7c, 0x01, 0x00], of: [1, -2.001953125, 65504, 65520, 6e-8] },
  { kind: 'bf16', meaning: reference(8, 7), infinite: 0x7f80, bytes: [0x80, 0x3f, 0x01, 0xc0, 0x7f, 0x7f, 0x80, 0x7f, 0x01, 0x00], of: [1, -2.015625, 3.3895313892515355e38, 3.4e38, 9e-41] },
] as const

const patternsOf = (codec: Codec, values: readonly number[]): Uint16Array =>
  new Uint16Array(encoded(codec, { shapes: [[values.length]], values: Float32Array.from(values) }).buffer)

describe.each(formats)('$kind', ({ kind, meaning, infinite, bytes, of }) => {
  const codec = buildCodec([{ kind }])
  const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i)

  it('writes these bytes', () => {
    expect([...encoded(codec, { shapes: [[5]], values: Float32Array.from(of) })]).toEqual([...bytes])
  })

  it('reads every pattern of 16 bits as its formula says, and writes it again', () => {
    const values = decoded(codec, new Uint8Array(all.buffer), [[0x10000]])
    for (const [i, value] of values.entries()) if (!Object.is(value, meaning(i))) expect.fail(`${i} is ${value}, not ${meaning(i)}`)
    const again = patternsOf(codec, [...values])
    for (const [i, pattern] of again.entries()) {
      if (Number.isNaN(values[i])) expect(Number.isNaN(meaning(pattern))).toBe(true)
      else if (pattern !== i) expect.fail(`${i} is written as ${pattern}`)
    }
  })

  it('rounds what lies halfway to even, and what lies beside it to the nearer', () => {
    const middles: number[] = []
    const want: number[] = []
    for (let i = 0; i < infinite; i++) {
      // What would come after the greatest number, had the format another exponent, is where infinity begins.
      const above = i + 1 === infinite ? 2 * meaning(i) - meaning(i - 1) : meaning(i + 1)
      const middle = (meaning(i) + above) / 2
      const bits = new Uint32Array(Float32Array.of(middle).buffer)[0]
      const floats = new Float32Array(Uint32Array.of(bits - 1, bits, bits + 1).buffer)
      expect(floats[1]).toBe(middle)
      for (const [j, value] of floats.entries()) {
        const even = i % 2 === 0 ? i : i + 1
        const pattern = j === 0 ? i : j === 1 ? even : i + 1
        middles.push(value, -value)
        want.push(pattern, pattern + 0x8000)
      }
    }
    const got = patternsOf(codec, middles)
    for (const [i, pattern] of want.entries()) if (got[i] !== pattern) expect.fail(`${middles[i]} is ${got[i]}, not ${pattern}`)
  })

  it('rounds any other number to the nearest there is', () => {
    const draws = drawsOf([5, 6])
    const values = new Float32Array(Uint32Array.from({ length: 20_000 }, () => draws.next() & 0x7fffffff).buffer)
    const got = patternsOf(codec, [...values])
    for (const [i, value] of values.entries()) {
      if (Number.isNaN(value)) {
        if (!Number.isNaN(meaning(got[i]))) expect.fail(`NaN became ${got[i]}`)
        continue
      }
      // Patterns are ordered as their meanings are: the last that is not above.
      let low = 0
      for (let high: number = infinite; high - low > 1; ) {
        const middle = (low + high) >> 1
        if (meaning(middle) <= value) low = middle
        else high = middle
      }
      const above = low + 1 === infinite ? 2 * meaning(low) - meaning(low - 1) : meaning(low + 1)
      const nearest = value === Infinity || above - value < value - meaning(low) ? low + 1 : low
      if (above - value !== value - meaning(low) && got[i] !== nearest) expect.fail(`${value} is ${got[i]}, not ${nearest}`)
    }
  })

  it('writes and reads at odd places as at even ones', () => {
    const values = Float32Array.from({ length: 99 }, (_, i) => (i - 50) / 7)
    const block = { shapes: [[99]], values }
    const out = new ByteWriter()
    out.u8(7)
    codec.encode(block, out, { draws: drawsOf([1, 2]), memory: new Map() })
    expect(out.written().subarray(1)).toEqual(encoded(codec, block))
    const reader = new ByteReader(out.written())
    reader.u8()
    const into = new Float32Array(99)
    codec.decode(reader, [[99]], into)
    reader.end()
    expect(into).toEqual(decoded(codec, encoded(codec, block), [[99]]))
  })
})
