import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { corrupt } from '../../src/faults/all.js'
import type { Planned, Tools } from '../../src/faults/fault.js'
import { faultSchema } from '../../src/faults/registry.js'
import { flipBits } from '../../src/network/flip-bits.js'
import { envelope, weatherOf } from './weather.js'

/** The fault with the draws that are given, one after the other; the first is its coin where it tosses one. */
const drawing = (about: object, draws: readonly number[]) => {
  const struck: unknown[] = []
  const tools: Tools = {
    draws: { visit: () => 0, message: (_kind, _about, _copy, nth) => draws[nth] },
    parts: [], strikes: () => true, names: () => true, relabelled: () => 0, events: { isOn: () => true, endsAt: () => Infinity }, live: () => {}, leave: () => {},
    strike: (...all) => struck.push(all),
  }
  const fault = faultSchema.parse({ kind: 'corrupt', link: {}, ...about })
  const planned = { id: 'c', key: 'c', fault, targets: [] } as unknown as Planned
  const { messages } = corrupt.compile(planned as Parameters<typeof corrupt.compile>[0], tools)
  return { flips: (size: number, copy = '') => messages!.flips!(envelope({ size }), copy), struck }
}

describe('which bits', () => {
  it('so many different ones of all there are', () => {
    const { flips, struck } = drawing({ bits: 3 }, [0.9, 0.5, 0.25, 0.5, 0.999])
    // 80 bits: 40, 20, 40 again, 79.
    expect(flips(10)).toEqual([20, 40, 79])
    expect(flips(10)).toEqual([20, 40, 79])
    expect(struck[0]).toEqual(['client-NL', 0, 'message damaged', 0, 3])
  })

  it('no more than there are', () => {
    expect(drawing({ bits: 9 }, [0, 0, 0.13, 0.26, 0.38, 0.5, 0.63, 0.76, 0.88]).flips(1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('each with its probability: the gaps between them are geometric', () => {
    // ln(1 - u) / ln(.5): 1 (u = .5), 0 (.25), 2 (.75), 3 (.9), beyond the end (.999).
    const { flips } = drawing({ rate: 0.5 }, [0, 0.5, 0.25, 0.75, 0.9, 0.999])
    expect(flips(2)).toEqual([1, 2, 5, 9])
    expect(drawing({ rate: 1 }, Array(10).fill(0.3)).flips(1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('none where the coin says so, and none of what is lost', () => {
    expect(drawing({ bits: 3, probability: 0.4 }, [0.5, 0.1, 0.2, 0.3]).flips(10)).toEqual([])
    const weather = weatherOf([corrupt({ message: 'update' }, { bits: 2, id: 'c' })])
    expect(weather.judge(envelope({ kind: 'model' }), 0)).toEqual({ delay: 0, copies: [] })
    expect(weather.judge(envelope(), 0).flips).toHaveLength(2)
    expect(weather.damages).toBe(true)
    expect(weatherOf([]).damages).toBe(false)
    expect(weather.report()[0]).toMatchObject({ fired: 1, outcome: '1 message damaged (2 bits)' })
  })

  it('the number follows the binomial distribution, and every bit is as likely', () => {
    const weather = weatherOf([corrupt({}, { rate: 0.02 })])
    const seen = new Float64Array(800)
    const messages = 2000
    for (let round = 1; round <= messages; round++) {
      for (const bit of weather.judge(envelope({ id: round, round, size: 100 }), 0).flips ?? []) seen[bit]++
    }
    const all = seen.reduce((a, b) => a + b, 0)
    // 800 bits x 2,000 messages x .02 = 32,000, sd 177: within five of them; halves within five of theirs.
    expect(Math.abs(all - 32_000)).toBeLessThan(885)
    const first = seen.subarray(0, 400).reduce((a, b) => a + b, 0)
    expect(Math.abs(first - all / 2)).toBeLessThan(450)
    expect(Math.max(...seen)).toBeLessThan(40 + 5.5 * Math.sqrt(40))
    expect(Math.min(...seen)).toBeGreaterThan(40 - 5.5 * Math.sqrt(40))
  })
})

describe('flipped bits', () => {
  it('count from the lowest of the first byte; twice is not at all, and what was sent stays', () => {
    const sent = Uint8Array.of(0, 0b1000_0000, 255)
    expect([...flipBits(sent, [0, 15, 16, 3, 3])]).toEqual([1, 0, 254])
    expect([...sent]).toEqual([0, 128, 255])
  })

  it('are undone by flipping them again', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.array(fc.nat(319)), (bytes, bits) => {
      const inside = bits.map((bit) => bit % (8 * bytes.length))
      expect([...flipBits(flipBits(bytes, inside), inside)]).toEqual([...bytes])
    }))
  })
})

it('gives either bits or rate', () => {
  expect(() => faultSchema.parse({ kind: 'corrupt', link: {} })).toThrow(/give either `bits` or `rate`/)
  expect(() => faultSchema.parse({ kind: 'corrupt', link: {}, bits: 1, rate: 0.1 })).toThrow(/give either/)
})
