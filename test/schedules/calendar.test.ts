import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendar, merged, type Window } from '../../src/schedules/calendar.js'

const window = (from: number, until: number): Window => ({ from, until })

test('overlapping and touching windows are one, empty ones none', () => {
  const windows = [window(5, 7), window(0, 2), window(2, 3), window(6, 9), window(4, 4)]
  expect(merged(windows)).toEqual([window(0, 3), window(5, 9)])
})

test('a literal table: once, repeating, across the border', () => {
  const once = calendar([window(10, 20), window(30, 40)])
  expect([0, 10, 19, 20, 35].map((at) => once.next(at))).toEqual([
    window(10, 20),
    window(10, 20),
    window(10, 20),
    window(30, 40),
    window(30, 40),
  ])
  expect(once.next(40)).toBeUndefined()
  const daily = calendar([window(10, 20)], 100, 5)
  expect([0, 15, 25, 124, 125].map((at) => daily.next(at))).toEqual([
    window(15, 25),
    window(15, 25),
    window(115, 125),
    window(115, 125),
    window(215, 225),
  ])
  const night = calendar([window(0, 10), window(90, 100)], 100)
  expect([0, 9, 10, 95, 105, 110].map((at) => night.next(at))).toEqual([
    window(-10, 10),
    window(-10, 10),
    window(90, 110),
    window(90, 110),
    window(90, 110),
    window(190, 210),
  ])
  expect(calendar([window(0, 50), window(50, 100)], 100, 30).next(7)).toEqual(window(0, Infinity))
})

test('agrees with asking every instant', () => {
  const windows = fc.array(
    fc.tuple(fc.nat(59), fc.integer({ min: 1, max: 30 })).map(([from, n]) => window(from, Math.min(60, from + n))),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(windows, fc.integer({ min: -200, max: 200 }), fc.nat(300), (list, phase, at) => {
      const there = (t: number) => {
        const within = (((t - phase) % 60) + 60) % 60
        return list.some(({ from, until }) => from <= within && within < until)
      }
      const next = calendar(list, 60, phase).next(at)
      const always = merged(list).length === 1 && merged(list)[0].until - merged(list)[0].from === 60
      if (always) {
        expect(next).toEqual(window(0, Infinity))
        return
      }
      let begin = at
      while (!there(begin)) begin++
      let end = begin
      while (there(end)) end++
      while (there(begin - 1)) begin--
      expect(next).toEqual(window(begin, end))
    }),
    { numRuns: 400 },
  )
})
