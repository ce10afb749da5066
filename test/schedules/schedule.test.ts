import { describe, expect, test } from 'vitest'
import { DataError, SpecificationError } from '../../src/errors.js'
import { streams } from '../../src/random/streams.js'
import {
  always,
  availabilityTrace,
  diurnal,
  periods,
  resolveSchedule,
  scheduleSchema,
  windows,
  type ScheduleInput,
} from '../../src/schedules/schedule.js'
import { resolveOverrides } from '../../src/roster/overrides.js'
import { all, fraction, named, one } from '../../src/roster/selectors.js'
import { hours } from '../../src/time/micros.js'
import { federation, three } from '../faults/weather.js'

const many = federation(...Array.from({ length: 200 }, (_, i) => `c${i}`))
const none = () => ''
const calendars = (entries: readonly ScheduleInput[], participants = three, read: (path: string) => string = none) =>
  resolveSchedule(scheduleSchema.parse(entries), participants, streams('7'), read)

describe('schedules', () => {
  test('windows and periods; the last entry that names a client holds; the rest are always there', () => {
    const found = calendars([
      windows({ windows: [[10, 20]] }),
      always('client-BR'),
      periods({ who: 'client-US', on: 5, off: '15 us', phase: 3 }),
    ])
    expect([...found.keys()].sort()).toEqual(['client-NL', 'client-US'])
    expect(found.get('client-NL')?.next(0)).toEqual({ from: 10, until: 20 })
    expect([3, 8].map((at) => found.get('client-US')?.next(at))).toEqual([
      { from: 3, until: 8 },
      { from: 23, until: 28 },
    ])
    expect(scheduleSchema.parse(periods({ on: 5, off: 5 }))).toHaveLength(1)
    expect(scheduleSchema.parse(undefined)).toEqual([])
  })

  test('diurnal: the share of clients that are there is the share of the day', () => {
    const found = calendars([diurnal({ available: 0.4 })], many)
    const shares = [0, 6, 12, 18].map((hour) => {
      const at = hours(hour)
      const there = [...found.values()].filter((calendar) => (calendar.next(at)?.from ?? Infinity) <= at)
      return there.length / 200
    })
    for (const share of shares) expect(Math.abs(share - 0.4)).toBeLessThan(4 * Math.sqrt((0.4 * 0.6) / 200))
    const together = calendars([diurnal({ available: 0.25, phase: '8 h', spread: 0 })], many)
    for (const calendar of together.values()) expect(calendar.next(0)?.from).toBe(hours(-16) + hours(24))
  })

  test('a client keeps its hour when others come and entries are added', () => {
    const few = calendars([diurnal({ available: 0.4 })], three)
    const entries = [windows({ who: 'client-BR', windows: [[0, 1]] }), diurnal({ available: 0.4 })]
    const more = calendars(entries, [...many, ...three.slice(3)])
    expect(more.get('client-NL')?.next(0)).toEqual(few.get('client-NL')?.next(0))
  })

  test('trace: every client follows one device, which comes again', () => {
    const csv = 'device,start_s,end_s\n0,1,3\n0,2,5\n7,10,40\n8,25,26\n'
    const found = calendars([availabilityTrace({ path: 'phones.csv', length: '20 s', phase: 0 })], many, () => csv)
    const pairs = [...found.values()].map((calendar) => [calendar.next(0), calendar.next(20e6)])
    const firsts = new Set(pairs.map((pair) => JSON.stringify(pair)))
    // Device 8 has nothing in the first 20 seconds; device 7 is cut there.
    expect(firsts).toEqual(
      new Set([
        JSON.stringify([{ from: 1e6, until: 5e6 }, { from: 21e6, until: 25e6 }]),
        JSON.stringify([{ from: 10e6, until: 20e6 }, { from: 30e6, until: 40e6 }]),
      ]),
    )
    const shifted = calendars([availabilityTrace({ path: 'phones.csv', length: '20 s' })], many, () => csv)
    expect(new Set([...shifted.values()].map((calendar) => calendar.next(0)?.from)).size).toBeGreaterThan(100)
  })

  test('refuses what cannot be', () => {
    expect(() => calendars([windows({ who: 'expert-1', windows: [[0, 1]] })])).toThrow(SpecificationError)
    expect(() => calendars([windows({ who: 'client-XX', windows: [[0, 1]] })])).toThrow('schedule[0].who: nobody')
    const trace = (csv: string) => () => calendars([availabilityTrace({ path: 'p.csv' })], three, () => csv)
    expect(trace('device,start_s\n0,1')).toThrow("p.csv:1: no column 'end_s'. It has: device, start_s.")
    expect(trace('device,start_s,end_s\n0,1,x')).toThrow("p.csv:2: column 'end_s' must be a number, got 'x'.")
    expect(trace('device,start_s,end_s\n0,-1,5')).toThrow('p.csv:2: start_s must not be negative')
    expect(trace('device,start_s,end_s\n')).toThrow(DataError)
    for (const bad of [
      windows({ windows: [[5, 5]] }),
      windows({ windows: [[0, 20]], every: 10 }),
      diurnal({ available: 0 }),
      periods({ on: 0, off: 5 }),
    ]) {
      expect(scheduleSchema.safeParse([bad]).success, JSON.stringify(bad)).toBe(false)
    }
  })
})

test('overrides: later entries win, field by field', () => {
  const found = resolveOverrides<{ epochs?: number; batch?: number }>(
    [
      { who: all(), epochs: 1, batch: 32 },
      { who: named('client-NL'), epochs: 3, batch: undefined },
      { who: one('expert'), batch: 1 },
    ],
    three,
    streams('7'),
    'local.clients',
  )
  expect(found.get('client-NL')).toEqual({ epochs: 3, batch: 32 })
  expect(found.get('client-US')).toEqual({ epochs: 1, batch: 32 })
  expect([...found.keys()].filter((name) => name.startsWith('expert'))).toHaveLength(1)
  const absent = () => resolveOverrides([{ who: named('nobody') }], three, streams('7'), 'local.clients')
  expect(absent).toThrow('local.clients[0].who')
  const half = (extra: readonly { who: ReturnType<typeof all> }[]) =>
    [...resolveOverrides<{ x?: number }>([...extra, { who: fraction(0.5), x: 1 }], many, streams('7'), 'w')]
      .filter(([, settings]) => settings.x === 1)
      .map(([name]) => name)
      .sort()
  expect(half([{ who: all() }])).toEqual(half([]))
})
