import { describe, expect, it } from 'vitest'

import type { Codec, Memory } from '../../src/codecs/codec.js'
import { withFeedback } from '../../src/codecs/feedback.js'
import { exact } from '../../src/codecs/fp32.js'
import { decoded, encoded } from './codecs.js'

/** Sends whole numbers, rounded to 0. */
const whole: Codec = { ...exact, encode: ({ values }, out) => out.floats(values.map(Math.trunc)) }

const shapes = [[3]]

/** What the receiver gets of some messages, one after the other. */
const received = (memory: Memory, messages: readonly (readonly number[])[], codec = withFeedback(whole, '0')): number[][] =>
  messages.map((message) => [...decoded(codec, encoded(codec, { shapes, values: Float32Array.from(message) }, [1, 2], memory), shapes)])

describe('error feedback', () => {
  it('adds to a message what was left out of those before', () => {
    const memory: Memory = new Map()
    expect(received(memory, [[0.5, -0.75, 3.25], [0.5, -0.5, 3.5], [0.5, 0, 0.25]])).toEqual([[0, -0, 3], [1, -1, 3], [0, -0, 1]])
    expect([...memory]).toEqual([['0.error', Float32Array.of(0.5, -0.25, 0)]])
  })

  it('owes nobody more than what was not sent: all that was sent and what is kept are all that was given', () => {
    const memory: Memory = new Map()
    const messages = Array.from({ length: 100 }, (_, i) => [i / 16, -i / 32, ((i * 7) % 11) / 8])
    const got = received(memory, messages)
    const error = memory.get('0.error')!
    for (let i = 0; i < 3; i++) {
      const sum = (of: readonly (readonly number[])[]): number => of.reduce((all, message) => all + message[i], 0)
      expect(sum(got) + error[i]).toBe(sum(messages))
    }
  })

  it('sends what is not finite, and goes on with what it owed before', () => {
    const memory: Memory = new Map()
    received(memory, [[0.5, 0.25, 0.75]])
    expect(received(memory, [[NaN, Infinity, 0.5]])).toEqual([[NaN, Infinity, 1]])
    expect(memory.get('0.error')).toEqual(Float32Array.of(0.5, 0.25, 0.25))
    expect(received(memory, [[0.5, 0.75, 0.75]])).toEqual([[1, 1, 1]])
  })

  it('remembers only what is finite, of sums and differences beyond 32 bits too', () => {
    const far = 3e38
    const opposite: Codec = { ...exact, encode: ({ values }, out) => out.floats(values.map((value) => -value)) }
    const memory: Memory = new Map()
    received(memory, [[1, 2, 3], [far, far, far]], withFeedback(opposite, '0'))
    // 1 + 1, then 3e38 - -3e38, which no float holds.
    expect(memory.get('0.error')).toEqual(Float32Array.of(2, 4, 6))
  })

  it('keeps its own name and arrays of its own, so that what a checkpoint holds does not change', () => {
    const memory: Memory = new Map([['1.error', Float32Array.of(9, 9, 9)]])
    received(memory, [[0.5, 0.5, 0.5]])
    const checkpoint = memory.get('0.error')!
    received(memory, [[0.25, 0.25, 0.25]])
    expect(checkpoint).toEqual(Float32Array.of(0.5, 0.5, 0.5))
    expect(memory.get('0.error')).toEqual(Float32Array.of(0.75, 0.75, 0.75))
    expect(memory.get('1.error')).toEqual(Float32Array.of(9, 9, 9))
  })

  it('says so where the memory is of something else', () => {
    const memory: Memory = new Map([['0.error', new Float32Array(4)]])
    expect(() => received(memory, [[1, 2, 3]])).toThrow("remembers 4 numbers as '0.error', and is given 3")
  })

  it('promises what the codec does of bytes, and nothing of one message', () => {
    const codec = withFeedback(exact, '0')
    expect(codec.most(shapes)).toBe(12)
    expect(codec.bound({ shapes, values: new Float32Array(3) })).toBeUndefined()
  })
})
