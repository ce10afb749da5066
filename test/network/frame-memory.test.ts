import fc from 'fast-check'
import { expect, it } from 'vitest'

import { beginParameters, decodeParameters } from '../../src/network/frame.js'
import { FrameMemory } from '../../src/network/frame-memory.js'
import { safetensorsHeader } from '../../src/network/safetensors.js'

it('frames of any sizes lie on 8-byte boundaries, never touch, and keep what was written', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const { take } = new FrameMemory()
      const frames = sizes.map((size, i) => take(size).fill(i))
      frames.forEach((frame, i) => {
        expect([frame.length, frame.byteOffset % 8]).toEqual([sizes[i], 0])
        expect(frame.every((byte) => byte === i)).toBe(true)
      })
    }),
    { numRuns: 50 },
  )
})

it('a frame that is cut from a block is read in place', () => {
  const header = safetensorsHeader([{ name: 'a', shape: [3] }])
  const { take } = new FrameMemory()
  for (const numbers of [[1, 2, 3], [4, 5, 6]]) {
    const { frame, values } = beginParameters({ kind: 'update', round: 1, examples: 2, steps: 1 }, header, 3, take)
    values.set(numbers)
    const decoded = decodeParameters(frame, 'update', header, 3)
    expect(decoded.ok && [...decoded.body]).toEqual(numbers)
    expect(decoded.ok && decoded.body.buffer).toBe(frame.buffer)
  }
})
