import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  beginParameters, decodeControl, decodeParameters, encodeControl, seal,
} from '../../src/network/frame.js'
import { flipBits } from '../../src/network/flip-bits.js'
import { clockEnd } from '../../src/time/micros.js'
import { readSafetensors, safetensorsHeader } from '../../src/network/safetensors.js'

const header = safetensorsHeader([
  { name: 'a', shape: [2, 2] },
  { name: 'b', shape: [3] },
])

const frameOf = (numbers: readonly number[], round = 3, examples = 17, steps = 5): Uint8Array => {
  const { frame, values } = beginParameters({ kind: 'update', round, examples, steps }, header, numbers.length)
  values.set(numbers)
  return seal(frame)
}

describe('parameter frames', () => {
  it('come back bitwise as they were, with their head', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 7, maxLength: 7 }), fc.nat(1e6), fc.nat(1e9), fc.nat(1e9), (numbers, round, examples, steps) => {
        const decoded = decodeParameters(frameOf([...numbers], round, examples, steps), 'update', header, 7)
        expect(decoded.ok).toBe(true)
        if (!decoded.ok) return
        expect(decoded.head).toEqual({ kind: 'update', round, examples, steps })
        expect([...decoded.body].every((v, i) => Object.is(v, numbers[i]))).toBe(true)
      }),
    )
  })

  it('are a 32-byte head and a safetensors block that any reader of the format can open', () => {
    const frame = frameOf([1, 2, 3, 4, 5, 6, 7])
    expect(frame.length).toBe(32 + header.length + 4 * 7)
    const read = readSafetensors(frame.subarray(32))
    expect(read.ok && read.tensors.map(({ name, shape, values }) => [name, shape, [...values]])).toEqual([
      ['a', [2, 2], [1, 2, 3, 4]],
      ['b', [3], [5, 6, 7]],
    ])
  })

  it('are refused when any single bit has changed', () => {
    const frame = frameOf([1, 2, 3, 4, 5, 6, 7])
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice()
      damaged[bit >> 3] ^= 1 << (bit & 7)
      expect(decodeParameters(damaged, 'update', header, 7).ok, `bit ${bit}`).toBe(false)
    }
  })

  it('pass without a checksum, and are refused with one of another frame', () => {
    const { frame, values } = beginParameters({ kind: 'update', round: 3, examples: 0, steps: 0 }, header, 7)
    values.set([1, 2, 3, 4, 5, 6, 7])
    expect([...frame.subarray(28, 32)]).toEqual([0, 0, 0, 0])
    const unsealed = decodeParameters(frame, 'update', header, 7)
    expect(unsealed.ok && [...unsealed.body]).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(seal(frame.slice())).toHaveLength(frame.length)
    frame.set(frameOf([1, 2, 3, 4, 5, 6, 7]).subarray(28, 32), 28)
    expect(decodeParameters(frame, 'update', header, 7)).toEqual({ ok: false, why: 'checksum' })
  })

  it('hold nothing but what was written: memory that is not cleared does not reach the wire', () => {
    const twice = Array.from({ length: 2 }, () => frameOf([1, 2, 3, 4, 5, 6, 7]))
    expect(twice[0]).toEqual(twice[1])
    expect([...twice[0].subarray(5, 8)]).toEqual(Array(3).fill(0))
  })

  it('are refused when cut short, of other tensors, or of another layout', () => {
    const frame = frameOf([1, 2, 3, 4, 5, 6, 7])
    expect(decodeParameters(frame.subarray(0, 31), 'update', header, 7)).toEqual({ ok: false, why: 'short' })
    expect(decodeParameters(frame.subarray(0, 60), 'update', header, 7)).toEqual({ ok: false, why: 'short' })
    const other = safetensorsHeader([{ name: 'a', shape: [7] }])
    expect(decodeParameters(frame, 'update', other, 7)).toEqual({ ok: false, why: 'layout' })
  })

  it('say something else when a byte is changed and the checksum made again: receivers read the bytes', () => {
    const frame = frameOf([1, 2, 3, 4, 5, 6, 7])
    frame[frame.length - 1] ^= 0x80
    const decoded = decodeParameters(seal(frame), 'update', header, 7)
    expect(decoded.ok && [...decoded.body]).toEqual([1, 2, 3, 4, 5, 6, -7])
  })

  it('are read in place when aligned, and right when not', () => {
    const frame = frameOf([1, 2, 3, 4, 5, 6, 7])
    const shifted = new Uint8Array(frame.length + 1)
    shifted.set(frame, 1)
    const decoded = decodeParameters(shifted.subarray(1), 'update', header, 7)
    expect(decoded.ok && [...decoded.body]).toEqual([1, 2, 3, 4, 5, 6, 7])
  })
})

describe('any bits may be flipped', () => {
  const about = { patience: 5000, missing: 'last', deadline: undefined } as const
  const unsealed = (head: Parameters<typeof beginParameters>[0]): Uint8Array => {
    const { frame, values } = beginParameters(head, header, 7)
    values.set([1, 2, 3, 4, 5, 6, 7])
    return frame
  }
  const frames = [
    unsealed({ kind: 'update', round: 3, examples: 17, steps: 5 }), unsealed({ kind: 'model', round: 3, ...about }),
    frameOf([1, 2, 3, 4, 5, 6, 7]), encodeControl({ kind: 'open', round: 3, ...about }, { selected: ['client-a'] }),
    encodeControl({ kind: 'close', round: 3 }, { outcome: 'closed' }),
  ]

  it('and a receiver reads what can have been sent, or refuses: it never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.array(fc.nat(2 ** 20), { maxLength: 12 }), fc.boolean(), (frame, flips, inHead) => {
        const bits = flips.map((bit) => bit % (inHead ? 256 : 8 * frame.length))
        const damaged = flipBits(frame, bits)
        for (const kind of ['update', 'model'] as const) {
          const decoded = decodeParameters(damaged, kind, header, 7)
          if (!decoded.ok) continue
          expect(decoded.head.round).toBeLessThan(2 ** 21)
          if (decoded.head.kind === 'update') expect(Number.isSafeInteger(decoded.head.examples) && decoded.head.examples >= 0).toBe(true)
        }
        for (const kind of ['open', 'close'] as const) expect(decodeControl(damaged, kind, any).ok).toBeTypeOf('boolean')
      }),
      { numRuns: 2000 },
    )
  })

  it('without a checksum: half an example, fewer than none, or no number of them is no head', () => {
    const withExamples = (examples: number) => decodeParameters(unsealed({ kind: 'update', round: 3, examples, steps: 5 }), 'update', header, 7)
    for (const examples of [0.5, -1, NaN, Infinity, 2 ** 53]) expect(withExamples(examples)).toEqual({ ok: false, why: 'head' })
    for (const examples of [0, 1, 2 ** 53 - 1]) expect(withExamples(examples).ok).toBe(true)
  })
})

describe('a model’s frame', () => {
  const instructions = fc.record({
    patience: fc.option(fc.nat({ max: clockEnd }), { nil: undefined }),
    missing: fc.constantFrom('last' as const, 'sit-out' as const),
    deadline: fc.option(fc.nat({ max: clockEnd }), { nil: undefined }),
    late: fc.constantFrom('give-up' as const, undefined),
  })

  it('carries what the client must know of its round, in the head that it has anyway', () => {
    fc.assert(
      fc.property(instructions, fc.nat(1e6), (about, round) => {
        const { frame, values } = beginParameters({ kind: 'model', round, ...about }, header, 7)
        values.fill(1)
        expect(frame.length).toBe(32 + header.length + 4 * 7)
        const decoded = decodeParameters(seal(frame), 'model', header, 7)
        expect(decoded.ok && decoded.head).toEqual({ kind: 'model', round, ...about })
        const open = decodeControl(encodeControl({ kind: 'open', round, ...about }, []), 'open', any)
        expect(open.ok && open.head).toEqual({ kind: 'open', round, ...about })
      }),
    )
  })

  it('is no update, and the other way round', () => {
    const about = { patience: undefined, missing: 'last', deadline: undefined } as const
    const { frame } = beginParameters({ kind: 'model', round: 1, ...about }, header, 7)
    expect(decodeParameters(frame, 'update', header, 7)).toEqual({ ok: false, why: 'kind' })
    expect(decodeParameters(frameOf([1, 2, 3, 4, 5, 6, 7]), 'model', header, 7)).toEqual({ ok: false, why: 'kind' })
  })
})

/** Takes any body. */
const any = (body: unknown): body is unknown => body !== undefined

describe('control frames', () => {
  it('carry any JSON, and are read as what they are', () => {
    const frame = encodeControl({ kind: 'close', round: 2 }, { selected: ['client-é'] })
    expect(decodeControl(frame, 'close', any)).toEqual({
      ok: true, head: { kind: 'close', round: 2 }, body: { selected: ['client-é'] },
    })
    expect(decodeControl(frame, 'open', any)).toEqual({ ok: false, why: 'kind' })
  })

  it('are refused when any single bit has changed, or when the body is no JSON', () => {
    const frame = encodeControl({ kind: 'close', round: 2 }, { outcome: 'closed' })
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const damaged = frame.slice()
      damaged[bit >> 3] ^= 1 << (bit & 7)
      expect(decodeControl(damaged, 'close', any).ok, `bit ${bit}`).toBe(false)
    }
    const text = frame.slice()
    text[32] = '?'.charCodeAt(0)
    expect(decodeControl(seal(text), 'close', any)).toEqual({ ok: false, why: 'layout' })
  })
})
