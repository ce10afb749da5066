import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Transfer } from '../../../src/network/links/links.js'
import { fairLines, fly, lineOf } from './fair/fly.js'
import { type Case, slowly } from './fair/reference.js'

const instant = fc.nat(400)
const bytes = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }).map((n) => n * 10), fc.nat(1e6))
const rate = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }).map((n) => n * 1e6) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.double({ min: 1e3, max: 1e8, noNaN: true }) },
)
const weight = fc.oneof(
  { weight: 4, arbitrary: fc.constant(1) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.double({ min: 0.01, max: 100, noNaN: true }) },
)

/** Random lines, whose paths may be any: stars and trees of two levels among them. */
const cases: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 7 }).chain((count) => {
  const lines = Array.from({ length: count }, (_, i) => i)
  const some = fc.subarray(lines, { minLength: 1, maxLength: Math.min(4, count) })
  const tree = fc.nat(count - 1).map((own) => [...new Set([own, own % 2, 0])])
  const path = fc.oneof(some, tree)
  return fc.record({
    rates: fc.array(
      fc.tuple(rate, fc.array(fc.record({ from: fc.integer({ min: 1, max: 300 }), bytesPerSecond: rate }), { maxLength: 2 })).map(([first, later]) => [
        { from: 0, bytesPerSecond: first }, ...later.sort((a, b) => a.from - b.from).filter(({ from }, i, all) => all[i + 1]?.from !== from),
      ]),
      { minLength: count, maxLength: count },
    ),
    sent: fc.array(
      fc.record({ at: instant, lines: path, bytes: bytes.map((n) => n + 1), weight, stop: fc.option(instant, { nil: undefined, freq: 3 }) }).map((one) => ({
        ...one, stop: one.stop === undefined ? undefined : one.at + one.stop,
      })),
      { maxLength: 12 },
    ),
    closed: fc.array(fc.record({ from: instant, long: fc.integer({ min: 1, max: 80 }), lines: some }).map(({ long, ...rest }) => ({ ...rest, until: rest.from + long })), { maxLength: 2 }),
  })
})

describe('fair sharing', () => {
  it('equals exact arithmetic that does everything anew, to the microsecond and the byte, on 1,000 random topologies', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async (one, isTold) => {
        expect(await fly(one, isTold)).toEqual(slowly(one))
      }),
      { numRuns: 1000 },
    )
  })
})

const line = lineOf

/** Ends of transfers that all begin at 0, over named lines of so many bytes a microsecond. */
const endsOf = async (
  capacities: Readonly<Record<string, number>>,
  flows: Readonly<Record<string, { readonly over: string; readonly bytes: number; readonly weight?: number }>>,
): Promise<Record<string, number>> => {
  const { clock, ends, start } = fairLines(({ owner }) => ({ bytesPerSecond: capacities[owner!] * 1e6, until: Infinity }))
  const lines = Object.fromEntries(Object.keys(capacities).map((name) => [name, line(name)]))
  for (const [name, { over, bytes, weight }] of Object.entries(flows)) start(name, over.split('').map((one) => lines[one]), bytes, weight)
  await clock.run()
  return ends
}

describe('examples that can be reckoned by hand', () => {
  // Bertsekas and Gallager, Data Networks, 2nd edition, section 6.5.2, figure 6.18: sessions 2, 3 and 5 get 1/3 on the line
  // that they share; session 1 gets the 2/3 that are left where it meets 3; session 4 gets 1, its line's all.
  it('Bertsekas and Gallager: a third each where three meet, and the rest of the other lines to who is there', async () => {
    const flows = { one: { over: 'a', bytes: 200 }, two: { over: 'b', bytes: 100 }, three: { over: 'ab', bytes: 100 }, four: { over: 'c', bytes: 300 }, five: { over: 'b', bytes: 100 } }
    expect(await endsOf({ a: 1, b: 1, c: 1 }, flows)).toEqual({ one: 300, two: 300, three: 300, four: 300, five: 300 })
  })

  it('the parking lot: a long way has half of each line, and no less for being long', async () => {
    const flows = { long: { over: 'abc', bytes: 100 }, onA: { over: 'a', bytes: 100 }, onB: { over: 'b', bytes: 150 }, onC: { over: 'c', bytes: 50 } }
    // C's is over at 100; nobody gains by it, for the long way is kept by the others. At 200 it is over, and B's has 50 left.
    expect(await endsOf({ a: 1, b: 1, c: 1 }, flows)).toEqual({ onC: 100, long: 200, onA: 200, onB: 250 })
  })

  it('who stays has the rest, from where in a microsecond another has left', async () => {
    // Over at 1.5, 2.5 and 3.5, told at the next instants.
    expect(await endsOf({ a: 2 }, { first: { over: 'a', bytes: 1 }, second: { over: 'a', bytes: 2 }, third: { over: 'a', bytes: 4 } })).toEqual({ first: 2, second: 3, third: 4 })
  })

  it('by weight', async () => {
    expect(await endsOf({ a: 1 }, { one: { over: 'a', bytes: 100 }, three: { over: 'a', bytes: 300, weight: 3 } })).toEqual({ one: 400, three: 400 })
    expect(await endsOf({ a: 1 }, { one: { over: 'a', bytes: 100 }, three: { over: 'a', bytes: 100, weight: 3 } })).toEqual({ three: 134, one: 200 })
  })

  it('a line of its own keeps one below its share of the line of all, which the others have', async () => {
    expect(await endsOf({ s: 3, a: 0.5, b: 4, c: 4 }, { a: { over: 'as', bytes: 50 }, b: { over: 'bs', bytes: 125 }, c: { over: 'cs', bytes: 125 } })).toEqual({ a: 100, b: 100, c: 100 })
  })
})

describe('what does not pass', () => {
  it('no bytes, and a path without lines, take no time', async () => {
    const { clock, ends, start } = fairLines(() => ({ bytesPerSecond: 0, until: Infinity }))
    start('nothing', [line('a')], 0)
    start('inside', [], 1e9)
    start('never', [line('a')], 1)
    await clock.run()
    expect(ends).toEqual({ nothing: 0, inside: 0 })
    expect(clock.now).toBe(0)
  })

  it('at a rate without limit all is there at once, and takes nothing from others', async () => {
    const { clock, ends, start } = fairLines(({ owner }) => ({ bytesPerSecond: owner === 'a' ? Infinity : 1e6, until: Infinity }))
    clock.at(5, () => start('boundless', [line('a')], 1e12))
    start('bound', [line('a'), line('b')], 10)
    await clock.run()
    expect(ends).toEqual({ boundless: 5, bound: 10 })
  })

  it('who is stopped leaves the rest to the others, and says what had passed; after the last byte all has', async () => {
    const { clock, links, ends, start } = fairLines()
    const a = line('a')
    const first = start('first', [a], 100)
    const second = start('second', [a], 100)
    const passed: number[] = []
    clock.at(51, () => passed.push(first.stop(), first.stop()))
    clock.at(126, () => {
      expect([links.on(a).length, second.isPassing]).toEqual([2, true])
      passed.push(second.stop())
    })
    start('third', [a], 60)
    clock.at(400, () => expect([links.on(a).length, second.isPassing]).toEqual([0, false]))
    await clock.run()
    expect(passed).toEqual([17, 100, 54])
    expect(ends).toEqual({ third: 132 })
  })

  it('is told of in the order in which transfers came, where many end at once', async () => {
    const { clock, ends, start } = fairLines()
    const all = line('all')
    for (const name of ['z', 'y', 'x', 'w']) start(name, [all, line(name)], 25)
    await clock.run()
    expect(Object.entries(ends)).toEqual(['z', 'y', 'x', 'w'].map((name) => [name, 100]))
  })

  it('a rate that is said to hold for no time is an error', () => {
    const { start } = fairLines((_, at) => ({ bytesPerSecond: 1, until: at }))
    expect(() => start('one', [line('a')], 1)).toThrow(/must hold for a while/)
  })
})

/** A generator of numbers in [0, 1) with a state. */
const draws = (): (() => number) => {
  let state = 1
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}

describe('many, large and long', () => {
  it('one event of the kernel is under way for all of them', async () => {
    const { clock, ends, start } = fairLines()
    const server = line('server')
    for (let i = 0; i < 1000; i++) start(String(i), [line(`own ${i}`), server], 1 + i)
    clock.at(5, () => expect(clock.kernel.pending).toBe(1))
    await clock.run()
    expect(ends['999']).toBe(500_500)
    expect(Object.keys(ends)).toHaveLength(1000)
  })

  it('a terabyte and a byte, from a byte a second up: to the microsecond, years away', async () => {
    const rates = [[{ from: 0, bytesPerSecond: 1e11 }], [{ from: 0, bytesPerSecond: 1e4 }], [{ from: 0, bytesPerSecond: 1 }]]
    const sent = [
      { at: 0, lines: [0], bytes: 1e12, weight: 1, stop: undefined },
      { at: 1, lines: [0, 1], bytes: 1e12 + 1, weight: 3, stop: undefined },
      { at: 3, lines: [1], bytes: 7, weight: 0.1, stop: undefined },
      { at: 5, lines: [0, 2], bytes: 1e8 + 1, weight: 100, stop: undefined },
      { at: 7, lines: [0], bytes: 3, weight: 1e-6, stop: undefined },
    ]
    const one = { rates, sent, closed: [] }
    expect(await fly(one)).toEqual(slowly(one))
  })

  it('50 flows in 20 random stars and trees of two levels, to the microsecond', { timeout: 120_000 }, async () => {
    const draw = draws()
    const upTo = (n: number): number => 1 + Math.floor(draw() * n)
    for (let nth = 0; nth < 20; nth++) {
      // The server's line, four regions' where there are any, and ten clients'.
      const rates = Array.from({ length: 15 }, (_, i) => [{ from: 0, bytesPerSecond: upTo(40) * (i === 0 ? 1e6 : i < 5 ? 4e5 : 1e5) }])
      const sent = Array.from({ length: 50 }, () => {
        const client = upTo(10) - 1
        const lines = nth % 2 === 0 ? [5 + client, 0] : [5 + client, 1 + (client % 4), 0]
        return { at: upTo(50_000), lines, bytes: upTo(100_000), weight: 1, stop: undefined }
      })
      const one = { rates, sent, closed: [] }
      expect(await fly(one)).toEqual(slowly(one))
    }
  })

  it('no more passes on a line than it carries, and no less while somebody waits: 3,000 flows over two levels', async () => {
    const draw = draws()
    const server = line('server')
    const { clock, ends, links, start } = fairLines(({ owner }) => ({ bytesPerSecond: owner === 'server' ? 1e8 : 1e6 * (1 + Number(owner) % 7), until: Infinity }))
    const begun: { readonly bytes: number; readonly transfer: Transfer; passed: number | undefined }[] = []
    for (let i = 0; i < 3000; i++) {
      clock.at(Math.floor(draw() * 1e6), () => {
        const bytes = 1 + Math.floor(draw() * 1e5)
        begun.push({ bytes, transfer: start(String(begun.length), [line(String(i)), server], bytes), passed: undefined })
      })
      clock.at(Math.floor(draw() * 2e6), () => {
        const one: (typeof begun)[number] | undefined = begun[Math.floor(draw() * begun.length)]
        if (one !== undefined && one.transfer.isPassing) one.passed = one.transfer.stop()
      })
    }
    const idle = 1e6
    await clock.kernel.run({ until: idle })
    expect(links.on(server).length).toBeGreaterThan(100)
    await clock.run()
    expect(links.on(server)).toEqual([])
    const total = begun.reduce((sum, { bytes, passed }) => sum + (passed ?? bytes), 0)
    const last = Math.max(...Object.values(ends))
    // 100 bytes a microsecond; a whole byte at most is not counted of each that was stopped.
    expect(total).toBeLessThanOrEqual(last * 100)
    expect(total).toBeGreaterThan((last - 1e5) * 100)
  })
})
