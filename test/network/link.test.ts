import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Links } from '../../src/network/link.js'

const steady = (bytesPerSecond: number) => ({ rate: () => ({ bytesPerSecond, until: Infinity }) })

describe('access links', () => {
  it('serve first come, first served, each direction by itself', () => {
    const links = new Links(steady(1_000_000))
    expect(links.book('a', 'up', 500, 0)).toEqual({ start: 0, end: 500 })
    expect(links.book('a', 'up', 100, 10)).toEqual({ start: 500, end: 600 })
    expect(links.book('a', 'down', 100, 10)).toEqual({ start: 10, end: 110 })
    expect(links.book('b', 'up', 100, 10)).toEqual({ start: 10, end: 110 })
    expect(links.book('a', 'up', 1, 1000)).toEqual({ start: 1000, end: 1001 })
  })

  it('round ends up and follow a rate that changes on the way', () => {
    const links = new Links({
      rate: (_client, _direction, at) =>
        at < 100 ? { bytesPerSecond: 1e6, until: 100 } : { bytesPerSecond: 3e6, until: Infinity },
    })
    expect(links.book('a', 'up', 200, 0)).toEqual({ start: 0, end: 134 })
  })

  it('know what has passed: all at the end, nothing at the start, never more than there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e7 }), fc.nat(1e6), (bytes, rate, at) => {
        const links = new Links(steady(rate))
        const transfer = links.book('a', 'up', bytes, 0)
        expect(links.passed('a', 'up', bytes, transfer, 0)).toBe(0)
        expect(links.passed('a', 'up', bytes, transfer, transfer.end)).toBe(bytes)
        const passed = links.passed('a', 'up', bytes, transfer, Math.min(at, transfer.end))
        expect(passed).toBeLessThanOrEqual(bytes)
        expect(Math.abs(passed - Math.min(bytes, (rate * at) / 1e6))).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('are free again when a client that left comes back', () => {
    const links = new Links(steady(1))
    links.book('a', 'up', 1000, 0)
    links.release('a', 5)
    expect(links.book('a', 'up', 1, 10).start).toBe(10)
  })
})
