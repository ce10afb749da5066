import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { copyPost, newPost } from '../../../src/federation/delivery/post.js'
import { backedOff, firstTrips, type RoundTrips, sampled } from '../../../src/federation/delivery/round-trips.js'
import { minutes, ms, seconds } from '../../../src/time/micros.js'

const bounds = { shortest: ms(10), longest: minutes(1) }
const after = (...trips: number[]): RoundTrips => trips.reduce((known, took) => sampled(known, took, bounds), firstTrips(bounds))

describe('round trips', () => {
  it('are estimated as RFC 6298 says, by hand', () => {
    expect(firstTrips(bounds)).toEqual({ smoothed: undefined, wait: seconds(1) })
    // R = 80: SRTT 80, RTTVAR 40, RTO 80 + 160.
    expect(after(80_000)).toEqual({ smoothed: { mean: 80_000, deviation: 40_000 }, wait: 240_000 })
    // R = 120: RTTVAR 30 + |80 - 120| / 4 = 40, SRTT 70 + 15 = 85, RTO 85 + 160.
    expect(after(80_000, 120_000)).toEqual({ smoothed: { mean: 85_000, deviation: 40_000 }, wait: 245_000 })
    // R = 85: RTTVAR 30, SRTT 85, RTO 85 + 120.
    expect(after(80_000, 120_000, 85_000)).toEqual({ smoothed: { mean: 85_000, deviation: 30_000 }, wait: 205_000 })
  })

  it('keep a wait that had to be longer until there is a sample', () => {
    const slow = backedOff(after(80_000), 480_000)
    expect(slow).toEqual({ smoothed: { mean: 80_000, deviation: 40_000 }, wait: 480_000 })
    expect(backedOff(slow, 240_000)).toEqual(slow)
    expect(sampled(slow, 120_000, bounds)).toEqual(after(80_000, 120_000))
  })

  it('die and come back with the actor', () => {
    const post = newPost()
    post.outgoing.set('client-A', { next: 7, sent: new Map(), trips: after(80_000) })
    const kept = copyPost(post)
    post.outgoing.get('client-A')!.trips = after(5)
    expect(kept.outgoing.get('client-A')!.trips).toEqual(after(80_000))
  })

  it('stay within their bounds', () => {
    expect(after(0, 0, 0, 0).wait).toBe(ms(10))
    expect(after(minutes(3)).wait).toBe(minutes(1))
    expect(firstTrips({ shortest: seconds(3), longest: minutes(1) }).wait).toBe(seconds(3))
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1e9 })), (trips) => {
      const { wait } = after(...trips)
      expect(wait).toBeGreaterThanOrEqual(bounds.shortest)
      expect(wait).toBeLessThanOrEqual(bounds.longest)
    }))
  })

  it('come to what a constant line takes, whatever was before', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1e7 }), { maxLength: 20 }), fc.integer({ min: 0, max: 1e7 }), (before, line) => {
      const { smoothed, wait } = after(...before, ...Array.from({ length: 150 }, () => line))
      // (7/8)^150 of what it was off by before.
      expect(Math.abs(smoothed!.mean - line)).toBeLessThan(1)
      expect(smoothed!.deviation).toBeLessThan(1)
      expect(wait).toBeLessThanOrEqual(Math.max(bounds.shortest, line + 6))
      // Never shorter than the line.
      expect(wait).toBeGreaterThanOrEqual(Math.floor(line))
    }))
  })
})
