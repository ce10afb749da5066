import { describe, expect, it } from 'vitest'

import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { sizeOf, type Codec, type Shape } from '../../src/codecs/codec.js'
import { drawsOf, type Draws } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { encoded } from './codecs.js'
import { everyCodec } from './option-sets.js'

/** Frames that each codec is tried with: WINDTUNNEL_FUZZ=100000 for the bar. */
const frames = Number(process.env.WINDTUNNEL_FUZZ ?? 2000)

const tensors: readonly (readonly Shape[])[] = [[[5, 8], [], [3]], [[40]], [[2, 3]], [[0], [1]]]

const below = (end: number, draws: Draws): number => Math.floor(draws.unit() * end)

/** What an encoder has written, with what may happen to it; and bytes that none has. */
const frameOf = (whole: Uint8Array, draws: Draws): Uint8Array => {
  const way = below(5, draws)
  if (way === 0) return Uint8Array.from({ length: below(2 * whole.length + 9, draws) }, () => draws.next())
  if (way === 1) return whole.slice(0, below(whole.length + 1, draws))
  if (way === 2) return Uint8Array.from([...whole, ...whole.subarray(below(whole.length + 1, draws))])
  const bytes = whole.slice()
  // Most of what can go wrong stands in the first bytes.
  const reach = way === 3 ? bytes.length : Math.min(16, bytes.length)
  for (let changes = 1 + below(4, draws); changes > 0 && reach > 0; changes--) {
    const at = below(reach, draws)
    bytes[at] = below(2, draws) === 0 ? draws.next() : bytes[at] ^ (1 << below(8, draws))
  }
  return bytes
}

/** Whether bytes are taken for a message; every place is then written. What else is thrown than `Malformed` is ours to mend. */
const taken = (codec: Codec, bytes: Uint8Array, shapes: readonly Shape[]): boolean => {
  const into = new Float32Array(sizeOf(shapes)).fill(12345.678)
  const reader = new ByteReader(bytes)
  try {
    codec.decode(reader, shapes, into)
    reader.end()
  } catch (error) {
    if (error instanceof Malformed) return false
    throw error
  }
  const again = new Float32Array(into.length)
  codec.decode(new ByteReader(bytes), shapes, again)
  expect(Buffer.compare(new Uint8Array(into.buffer), new Uint8Array(again.buffer))).toBe(0)
  return true
}

describe.each(everyCodec)('hostile bytes for $name', ({ codec }) => {
  it('are read, or refused as malformed, and nothing else happens', () => {
    const draws = drawsOf([31, 32])
    let refused = 0
    for (const shapes of tensors) {
      const values = Float32Array.from({ length: sizeOf(shapes) }, () => (draws.unit() < 0.3 ? 0 : draws.unit() - 0.5))
      const whole = encoded(codec, { shapes, values })
      expect(taken(codec, whole, shapes)).toBe(true)
      for (let frame = 0; frame < frames / tensors.length; frame++) if (!taken(codec, frameOf(whole, draws), shapes)) refused++
    }
    // Cut, doubled and random ones have other lengths than any encoder writes.
    expect(refused).toBeGreaterThan(frames / 5)
  })
})
