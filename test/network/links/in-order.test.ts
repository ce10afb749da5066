import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Fair } from '../../../src/network/links/fair.js'
import { Fifo } from '../../../src/network/links/fifo.js'
import { InOrder } from '../../../src/network/links/in-order.js'
import type { Links, Transfer } from '../../../src/network/links/links.js'
import type { Line, Path } from '../../../src/network/topology.js'
import type { Rate } from '../../../src/network/weather.js'
import { Clock } from '../clock.js'

const line = (owner: string): Line => ({ owner, direction: 'up' })
const rate = (): Rate => ({ bytesPerSecond: 1e6, until: Infinity })

/** Lines of 1 byte a microsecond, and what came off them. */
const lines = (make: 'fair' | 'fifo') => {
  const clock = new Clock()
  const links: Links = make === 'fifo'
    ? new Fifo({ now: () => clock.now, cancel: clock.cancel, rate })
    : new InOrder(new Fair({ now: () => clock.now, at: (time, action) => clock.at(time, action), cancel: clock.cancel, rate }))
  const ends: Record<string, number> = {}
  const start = (name: string, path: Path, bytes: number): Transfer =>
    links.start(path, bytes, { lastByte: (at) => clock.at(at, () => (ends[name] = at)) })
  return { clock, links, ends, start }
}

const [a, b] = [line('a'), line('b')]
const connection = (...over: readonly Line[]): Path => ({ lines: over, direction: 'inside', connection: {} })

describe('what is sent in order', () => {
  it('is not overtaken by what is shorter, and shares its lines with what is not', async () => {
    const { clock, ends, start } = lines('fair')
    const way = connection(a, b)
    start('long', way, 1000)
    start('short', way, 10)
    clock.at(100, () => start('other', { lines: [b], direction: 'up' }, 100))
    await clock.run()
    // The other has half of b from 100 to 300; the short one begins where the long one ends.
    expect(ends).toEqual({ other: 300, long: 1100, short: 1110 })
  })

  it('over several paths of one connection, whichever is shorter', async () => {
    const { clock, ends, start } = lines('fair')
    const one = {}
    start('long', { lines: [a], direction: 'up', connection: one }, 100)
    start('short', { lines: [a, b], direction: 'up', connection: one }, 10)
    await clock.run()
    expect(ends).toEqual({ long: 100, short: 110 })
  })

  it('goes by connections, each by itself', async () => {
    const { clock, ends, start } = lines('fair')
    start('one', connection(a), 100)
    start('another', connection(a), 50)
    await clock.run()
    expect(ends).toEqual({ another: 100, one: 150 })
  })

  it('of what waits nothing has passed; who is stopped lets the next begin', async () => {
    const { clock, links, ends, start } = lines('fair')
    const way = connection(a)
    const [first, second, third] = [start('first', way, 100), start('second', way, 100), start('third', way, 100)]
    start('empty', way, 0)
    expect([first, second].map(({ isPassing }) => isPassing)).toEqual([true, true])
    expect(links.on(a)).toEqual([first, second, third, expect.anything()])
    clock.at(40, () => {
      expect(second.stop()).toBe(0)
      expect(first.stop()).toBe(40)
      expect(first.stop()).toBe(100)
    })
    await clock.run()
    expect(ends).toEqual({ third: 140, empty: 140 })
    expect([third.stop(), third.isPassing, links.on(a)]).toEqual([100, false, []])
  })

  it('over lines of its own ends where first come, first served does, with whatever is stopped', async () => {
    const sent = fc.array(
      fc.record({ at: fc.nat(300), bytes: fc.oneof(fc.nat(60), fc.constant(0), fc.nat(1000)), stop: fc.option(fc.nat(300), { nil: undefined, freq: 3 }) }),
      { maxLength: 12 },
    )
    const flown = async (make: 'fair' | 'fifo', all: readonly { readonly at: number; readonly bytes: number; readonly stop: number | undefined }[]) => {
      const { clock, ends, start } = lines(make)
      const way = connection(a, b)
      const passed: Record<string, number> = {}
      all.forEach(({ at, bytes, stop }, i) => {
        clock.at(at, () => {
          const transfer = start(`${i}`, way, bytes)
          if (stop !== undefined) clock.at(at + stop, () => (passed[i] = transfer.stop()))
        })
      })
      await clock.run()
      return { ends, passed }
    }
    await fc.assert(fc.asyncProperty(sent, async (all) => {
      const [fair, fifo] = [await flown('fair', all), await flown('fifo', all)]
      const stopped = (i: string) => all[Number(i)].stop !== undefined
      // Of what is stopped at the instant of its end, fair lines have told already; fifo withdraws what it has scheduled.
      const kept = ({ ends }: typeof fair) => Object.fromEntries(Object.entries(ends).filter(([i]) => !stopped(i)))
      expect(kept(fair)).toEqual(kept(fifo))
      expect(fair.passed).toEqual(fifo.passed)
    }), { numRuns: 400 })
  })
})
