import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Fifo } from '../../../src/network/links/fifo.js'
import type { Transfer } from '../../../src/network/links/links.js'
import type { Line, Path } from '../../../src/network/topology.js'
import type { Rate } from '../../../src/network/weather.js'
import { Clock } from '../clock.js'

const line = (owner: string, direction: 'up' | 'down' = 'up'): Line => ({ owner, direction })
const path = (...lines: readonly Line[]): Path => ({ lines, direction: 'up' })

/** Lines of 1 byte a microsecond, unless `rates` says otherwise, and what came off them. */
const lines = (rates: (line: Line, at: number) => Rate = () => ({ bytesPerSecond: 1e6, until: Infinity })) => {
  const clock = new Clock()
  const links = new Fifo({ now: () => clock.now, cancel: clock.cancel, rate: rates })
  const ends: Record<string, number> = {}
  const told: Record<string, number[]> = {}
  const start = (name: string, over: Path, bytes: number): Transfer =>
    links.start(over, bytes, {
      lastByte: (at) => {
        ;(told[name] ??= []).push(at)
        return clock.at(at, () => (ends[name] = at))
      },
    })
  return { clock, links, ends, told, start }
}

const a = line('a')
const b = line('b')

describe('first come, first served', () => {
  it('one transfer after the other has a line; lines do not wait for each other', async () => {
    const { clock, ends, start } = lines()
    start('first', path(a), 500)
    start('other way', path(line('a', 'down')), 100)
    start('other line', path(b), 100)
    clock.at(10, () => start('second', path(a), 100))
    clock.at(1000, () => start('later', path(a), 1))
    await clock.run()
    expect(ends).toEqual({ first: 500, 'other way': 100, 'other line': 100, second: 600, later: 1001 })
  })

  it('no bytes take no time of their own, whatever the rate; they wait for their turn all the same', async () => {
    const { clock, ends, start } = lines((_, at) => (at < 50 ? { bytesPerSecond: 1e6, until: 50 } : { bytesPerSecond: 0, until: Infinity }))
    start('first', path(a), 30)
    start('nothing', path(a), 0)
    clock.at(60, () => start('nothing at rate 0', path(b), 0))
    clock.at(60, () => start('never', path(b), 1))
    clock.at(70, () => start('after never', path(b), 0))
    await clock.run()
    expect(ends).toEqual({ first: 30, nothing: 30, 'nothing at rate 0': 60 })
  })

  it('a path without lines is passed at once', async () => {
    const { clock, ends, start } = lines()
    start('inside', path(), 1e9)
    await clock.run()
    expect(ends).toEqual({ inside: 0 })
  })
})

describe('a path over several lines', () => {
  it('needs all of them at once, and goes at the rate of the slowest', async () => {
    const { clock, ends, start } = lines(({ owner }) => ({ bytesPerSecond: owner === 'b' ? 0.5e6 : 1e6, until: Infinity }))
    start('on a', path(a), 100)
    start('on b', path(b), 100)
    start('both', path(a, b), 10)
    start('behind on a', path(a), 1)
    await clock.run()
    expect(ends).toEqual({ 'on a': 100, 'on b': 200, both: 220, 'behind on a': 221 })
  })
})

describe('stopping', () => {
  it('says what had passed, and those behind move up; who is told a new end is not told the old one', async () => {
    const { clock, ends, told, start } = lines()
    const first = start('first', path(a), 500)
    start('second', path(a), 100)
    start('third', path(a, b), 10)
    let passed = -1
    clock.at(200, () => (passed = first.stop()))
    await clock.run()
    expect(passed).toBe(200)
    expect(ends).toEqual({ second: 300, third: 310 })
    expect(told).toEqual({ first: [500], second: [600, 300], third: [610, 310] })
  })

  it('says nothing passed of what still waits, and leaves those before it alone', async () => {
    const { clock, ends, links, start } = lines()
    start('first', path(a), 500)
    const second = start('second', path(a), 100)
    start('third', path(a), 10)
    clock.at(200, () => {
      expect(second.stop()).toBe(0)
      expect(links.on(a)).toHaveLength(2)
    })
    await clock.run()
    expect(ends).toEqual({ first: 500, third: 510 })
  })

  it('after the last byte changes nothing: all has passed', async () => {
    const { clock, links, start } = lines()
    const first = start('first', path(a), 500)
    start('second', path(a), 100)
    clock.at(500, () => {
      expect(links.on(a)).toHaveLength(1)
      expect(first.stop()).toBe(500)
    })
    await clock.run()
  })

  it('unblocks what waited for a line of several', async () => {
    const { clock, ends, start } = lines(() => ({ bytesPerSecond: 1e6, until: Infinity }))
    const slow = start('slow', path(b), 1e6)
    start('both', path(a, b), 10)
    start('behind', path(a), 5)
    clock.at(20, () => slow.stop())
    await clock.run()
    expect(ends).toEqual({ both: 30, behind: 35 })
  })
})

/** One microsecond and one byte at a time: who came first on all of its lines, has them. */
const slowly = (arrivals: readonly Arrival[], blocks: readonly Block[] = []): (readonly [end: number | undefined, passed: number])[] => {
  const left = arrivals.map(({ bytes }) => bytes)
  const ends = arrivals.map((): number | undefined => undefined)
  const isOver = (i: number, now: number) => ends[i] !== undefined || (arrivals[i].stop ?? Infinity) <= now
  for (let now = 0; now < 600; now++) {
    const busy = new Set<string>()
    const blocked = (owner: string) => blocks.some(({ from, until, owners }) => from <= now && now < until && owners.includes(owner))
    arrivals.forEach(({ at, owners }, i) => {
      if (at > now || isOver(i, now)) return
      const isFree = owners.every((owner) => !busy.has(owner))
      for (const owner of owners) busy.add(owner)
      if (isFree && !owners.some(blocked) && --left[i] === 0) ends[i] = now + 1
    })
  }
  return arrivals.map(({ bytes }, i) => [ends[i], bytes - left[i]])
}

/** Nothing passes on these lines. */
interface Block {
  readonly from: number
  readonly until: number
  readonly owners: readonly string[]
}

interface Arrival {
  readonly at: number
  readonly owners: readonly string[]
  readonly bytes: number
  readonly stop: number | undefined
}

it('equals a loop over microseconds, whatever stops and is blocked when', async () => {
  const arrival = fc.record({
    at: fc.nat(60),
    owners: fc.subarray(['a', 'b', 'c'], { minLength: 1, maxLength: 2 }),
    bytes: fc.integer({ min: 1, max: 20 }),
    stop: fc.option(fc.nat(120), { nil: undefined }),
  })
  const block = fc.record({ from: fc.nat(100), long: fc.nat(40), owners: fc.subarray(['a', 'b', 'c'], { minLength: 1, maxLength: 2 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { maxLength: 10 }), fc.array(block, { maxLength: 4 }), async (unsorted, blocking) => {
      const blocks = blocking.map(({ from, long, owners }) => ({ from, until: from + long, owners }))
      // A stop before the arrival would have nothing to stop.
      const arrivals = unsorted
        .map((one) => ({ ...one, stop: one.stop === undefined ? undefined : one.at + one.stop }))
        .sort((x, y) => x.at - y.at)
      const { clock, ends, links, start } = lines()
      const own: Record<string, Line> = { a, b, c: line('c') }
      const passed = arrivals.map(({ bytes }) => bytes)
      arrivals.forEach(({ at, owners, bytes, stop }, i) => {
        clock.at(at, () => {
          const transfer = start(String(i), path(...owners.map((owner) => own[owner])), bytes)
          if (stop !== undefined) clock.at(stop, () => (passed[i] = transfer.stop()))
        })
      })
      for (const { from, until, owners } of blocks) {
        clock.at(from, () => {
          const unblock = links.block(owners.map((owner) => own[owner]))
          clock.at(until, unblock)
        })
      }
      await clock.run()
      expect(arrivals.map((_, i) => [ends[String(i)], passed[i]])).toEqual(slowly(arrivals, blocks))
    }),
    { numRuns: 300 },
  )
})

describe('a weather that says something else of the past, since a fault is over or a round has opened', () => {
  it('what has passed has passed; from a block on it is asked anew', async () => {
    let bytesPerSecond = 1e6
    const { clock, links, ends, start } = lines(() => ({ bytesPerSecond, until: Infinity }))
    const first = start('first', path(a), 100)
    clock.at(10, () => (bytesPerSecond = 2e6))
    let release = (): void => {}
    clock.at(20, () => (release = links.block([a])))
    clock.at(50, () => release())
    clock.at(60, () => (bytesPerSecond = 0.5e6))
    await clock.run()
    // 20 bytes by 20 microseconds, and 80 at two a microsecond from 50 on, whatever is said at 60.
    expect(ends).toEqual({ first: 90 })
    expect(first.stop()).toBe(100)
  })

  it('nothing ends in the past, and no more bytes pass than there are', async () => {
    const step = fc.record({ at: fc.nat(300), what: fc.constantFrom('faster', 'slower', 'block', 'release', 'start', 'stop') })
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      let factor = 1
      const { clock, links, start } = lines((one) => ({ bytesPerSecond: (one.owner === 'a' ? 1e6 : 0.7e6) * factor, until: Infinity }))
      const releases: (() => void)[] = []
      const transfers: { readonly transfer: Transfer; readonly bytes: number }[] = []
      for (const { at, what } of steps) {
        clock.at(at, () => {
          if (what === 'faster') factor *= 3
          else if (what === 'slower') factor /= 3
          else if (what === 'block') releases.push(links.block([a]))
          else if (what === 'release') releases.pop()?.()
          else if (what === 'start') transfers.push({ transfer: start(`${transfers.length}`, transfers.length % 2 === 0 ? path(a) : path(a, b), 40), bytes: 40 })
          else {
            const one = transfers.shift()
            if (one === undefined) return
            const passed = one.transfer.stop()
            expect(passed).toBeGreaterThanOrEqual(0)
            expect(passed).toBeLessThanOrEqual(one.bytes)
          }
        })
      }
      // The clock refuses what is to happen before now.
      await clock.run()
    }))
  })
})

describe('a rate that changes', () => {
  it('moves the ends of what is under way and of what waits for it; what has passed has passed', async () => {
    let slow = 1
    const { clock, links, ends, told, start } = lines(({ owner }) => ({ bytesPerSecond: owner === 'a' ? 1e6 / slow : 1e6, until: Infinity }))
    const first = start('first', path(a), 500)
    start('second', path(a), 100)
    start('third', path(a, b), 10)
    start('elsewhere', path(line('c')), 700)
    const change = (to: number) => () => {
      slow = to
      links.rerate([a])
    }
    clock.at(200, change(10))
    clock.at(1200, change(1))
    clock.at(1250, () => expect(links.on(a)[0]).toBe(first))
    await clock.run()
    // 200 bytes, 100 in 1,000 microseconds, and 200.
    expect(ends).toEqual({ first: 1400, second: 1500, third: 1510, elsewhere: 700 })
    expect(told).toEqual({ first: [500, 3200, 1400], second: [600, 4200, 1500], third: [610, 4300, 1510], elsewhere: [700] })
  })

  it('and one that is what it was moves nothing, not by a microsecond; nor is anybody told anew', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 1e3, max: 1e7, noNaN: true }), fc.nat(5000), async (bytes, bytesPerSecond, at) => {
      const { clock, links, told, start } = lines((_, now) => (now < 700 ? { bytesPerSecond, until: 700 } : { bytesPerSecond: bytesPerSecond / 3, until: Infinity }))
      start('first', path(a), bytes)
      start('second', path(a, b), 10)
      clock.at(at, () => links.rerate([a, b]))
      await clock.run()
      expect([told.first.length, told.second.length]).toEqual([1, 1])
    }))
  })

  it('though it is the same now, and another one later', async () => {
    let later = 1e6
    const { clock, links, ends, start } = lines((_, now) => (now < 300 ? { bytesPerSecond: 1e6, until: 300 } : { bytesPerSecond: later, until: Infinity }))
    start('first', path(a), 400)
    clock.at(200, () => {
      later = 0.5e6
      links.rerate([a])
    })
    await clock.run()
    expect(ends).toEqual({ first: 500 })
  })
})
