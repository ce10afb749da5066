import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drain, passed, type Rated } from '../../../src/network/links/drain.js'
import { clockEnd } from '../../../src/time/micros.js'

const steady = (bytesPerSecond: number): Rated => ({ rate: () => ({ bytesPerSecond, until: Infinity }) })

/** Rates by the instant from which they hold. */
const steps = (...changes: readonly (readonly [from: number, bytesPerSecond: number])[]): Rated => ({
  rate: (at) => {
    const next = changes.findIndex(([from]) => from > at)
    const [, bytesPerSecond] = changes[(next < 0 ? changes.length : next) - 1]
    return { bytesPerSecond, until: next < 0 ? Infinity : changes[next][0] }
  },
})

describe('drain', () => {
  it('rounds up and follows a rate that changes on the way', () => {
    expect(drain(500, 0, steady(1e6))).toBe(500)
    expect(drain(1, 10, steady(3e6))).toBe(11)
    expect(drain(200, 0, steps([0, 1e6], [100, 3e6]))).toBe(134)
    expect(drain(200, 0, steps([0, 1e6], [100, 0], [700, 1e6]))).toBe(800)
  })

  it('has one answer at rate 0: no bytes pass at once, others when there is a rate again, or never', () => {
    expect(drain(0, 42, steady(0))).toBe(42)
    expect(drain(0, 42, steady(7))).toBe(42)
    expect(drain(1, 42, steady(0))).toBe(Infinity)
    expect(drain(1, 42, steps([0, 0], [100, 1e6]))).toBe(101)
  })

  it('is never where bytes would still be passing when the clock ends', () => {
    const [second, end] = [1e6, Math.floor(clockEnd / 1e6)]
    expect(drain(end, 0, steady(1))).toBe(end * second)
    expect(drain(end + 1, 0, steady(1))).toBe(Infinity)
    expect(drain(1, 0, steady(1e-308))).toBe(Infinity)
    expect(drain(1, 0, steps([0, 0], [2 ** 50, 1]))).toBe(Infinity)
  })

  it('at a rate without limit takes no time', () => {
    expect(drain(1e12, 42, steady(Infinity))).toBe(42)
  })
})

const size = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1e9 }))
/** From a byte a second to a gigabyte. */
const rate = fc.integer({ min: 0, max: 9 }).map((power) => 10 ** power)

describe('what has passed', () => {
  it('is nothing at the start, all at the end, and what the rate says between, within a byte', () => {
    fc.assert(
      fc.property(size, rate, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, bytesPerSecond, share) => {
        const end = drain(bytes, 5, steady(bytesPerSecond))
        fc.pre(end < Infinity)
        expect(passed(5, 5, steady(bytesPerSecond))).toBe(0)
        expect(passed(5, end, steady(bytesPerSecond))).toBeGreaterThanOrEqual(bytes)
        const at = Math.floor(5 + share * (end - 5))
        expect(Math.abs(passed(5, at, steady(bytesPerSecond)) - (bytesPerSecond * (at - 5)) / 1e6)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('adds up over changes of the rate', () => {
    const rates = steps([0, 1e6], [100, 0], [700, 2e6])
    expect([0, 50, 100, 400, 700, 750].map((at) => passed(0, at, rates))).toEqual([0, 50, 100, 100, 100, 200])
  })
})
