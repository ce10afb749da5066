import { expect } from 'vitest'

import { ByteReader } from '../../src/codecs/coding/byte-reader.js'
import { sizeOf, type Block, type Codec, type Shape } from '../../src/codecs/codec.js'
import { drawsOf } from '../../src/codecs/coding/draws.js'
import { Malformed } from '../../src/codecs/coding/malformed.js'
import { encoded } from './codecs.js'

/** Frames that a codec is tried with: WINDTUNNEL_FUZZ=100000 for the bar. */
export const frames = Number(process.env.WINDTUNNEL_FUZZ ?? 2000)

/** Every place is written, or it is said that no encoder has written these bytes. Answers whether they were taken. */
const taken = (codec: Codec, bytes: Uint8Array, shapes: readonly Shape[]): boolean => {
  const into = new Float32Array(sizeOf(shapes)).fill(12345)
  try {
    const reader = new ByteReader(bytes)
    codec.decode(reader, shapes, into)
    reader.end()
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return false
  }
  expect(into.includes(12345)).toBe(false)
  return true
}

/** Tries a codec with what it makes of a block, with bits turned, bytes replaced, cut, doubled; and with random bytes. */
export const tryHostile = (codec: Codec, block: Block, times = frames): { readonly taken: number; readonly refused: number } => {
  const draws = drawsOf([11, 12])
  const below = (end: number): number => Math.floor(draws.unit() * end)
  const whole = encoded(codec, block)
  expect(taken(codec, whole, block.shapes)).toBe(true)
  const count = { taken: 0, refused: 0 }
  for (let frame = 0; frame < times; frame++) {
    let bytes = whole.slice()
    const way = below(5)
    if (way === 0) bytes = Uint8Array.from({ length: below(2 * whole.length + 1) }, () => below(256))
    else if (way === 1) bytes = bytes.subarray(0, below(whole.length))
    else if (way === 2) bytes = Uint8Array.from([...bytes, ...bytes.subarray(below(whole.length))])
    else {
      for (let changes = 1 + below(4); changes > 0; changes--) {
        const at = way === 3 ? below(bytes.length) : below(Math.min(16, bytes.length))
        bytes[at] = below(2) === 0 ? below(256) : bytes[at] ^ (1 << below(8))
      }
    }
    count[taken(codec, bytes, block.shapes) ? 'taken' : 'refused']++
  }
  expect(count.refused).toBeGreaterThan(0)
  return count
}
