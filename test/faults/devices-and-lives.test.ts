import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crash, narrow, partial, slow } from '../../src/faults/all.js'
import { endOfWork } from '../../src/faults/speed.js'
import type { Life, Tools } from '../../src/faults/fault.js'
import { drawPlan } from '../../src/faults/plan.js'
import { entryOf } from '../../src/faults/registry.js'
import { networkSchema } from '../../src/schedules/network.js'
import { minutes, type Micros } from '../../src/time/micros.js'
import { three, type Watched, weatherOf } from './weather.js'

const tools: Tools = {
  draws: { visit: () => 0, message: () => 0 }, parts: [], strike: () => {}, strikes: () => true, names: () => true, relabelled: () => 0, events: { isOn: () => true, endsAt: () => Infinity }, leave: () => {}, live: () => {},
}

describe('slow', () => {
  test('a literal table', () => {
    const weather = weatherOf([slow('client-NL', { by: 8, from: 100, until: 180, id: 's' })])
    const end = (start: Micros, cost: Micros) => weather.span('client-NL', start, cost, 1).until
    expect(end(0, 100)).toBe(100)
    expect(end(100, 10)).toBe(180)
    expect(end(100, 11)).toBe(181)
    expect(end(50, 55)).toBe(140)
    expect(end(180, 10)).toBe(190)
    expect(end(90, 15)).toBe(140)
    expect(weather.span('client-US', 100, 10, 1).until).toBe(110)
    const text = 'client-NL 8 times slower, from 0.000 s, until 0.000 s'
    expect(weather.report()[0]).toMatchObject({ fired: 0, text })
    const ends = (start: Micros, at: Micros, outcome: 'computed' | 'abandoned') =>
      weather.happen(at, 'client-NL', { kind: 'trained', round: 1, start, outcome, examples: 1, continues: false })
    // Nothing was slowed before 100.
    ends(0, 100, 'computed')
    expect(weather.report()[0].fired).toBe(0)
    ends(100, 181, 'computed')
    expect(weather.report()[0]).toMatchObject({ fired: 1, outcome: '1 training slowed (0.000 s longer)' })
  })

  test('what a training took longer is counted as far as it came', () => {
    const seconds = 1e6
    const weather = weatherOf([slow('client-NL', { profile: [[0, 1], [10 * seconds, 4]] })])
    const lasts = (start: Micros, cost: Micros, at: Micros, outcome: 'computed' | 'abandoned') => {
      weather.span('client-NL', start, cost, 1)
      weather.happen(at, 'client-NL', { kind: 'trained', round: 1, start, outcome, examples: 1, continues: false })
      return /\((.*) longer\)/.exec(weather.report()[0].outcome)?.[1]
    }
    // Ten seconds as usual, then 4 for 1: at 30 s 15 s of work are done.
    expect(lasts(0, 15 * seconds, 30 * seconds, 'computed')).toBe('15.000 s')
    expect(lasts(1, 100 * seconds, 30 * seconds + 1, 'abandoned')).toBe('30.000 s')
    expect(lasts(2, 100 * seconds, 5 * seconds, 'abandoned')).toBe('30.000 s')
  })

  test('rounds, profiles and several at once', () => {
    const rounds = weatherOf([slow('client', { by: 2, rounds: [2, 2] })])
    expect([1, 2, 3].map((round) => rounds.span('client-NL', 0, 10, round).until)).toEqual([10, 20, 10])
    const profile = weatherOf([slow('client-NL', { profile: [[0, 1], [10, 4], [50, 0.5]] })])
    const ends = [5, 10, 15, 20, 25, 40].map((cost) => profile.span('client-NL', 0, cost, 1).until)
    expect(ends).toEqual([5, 10, 30, 50, 53, 60])
    const both = weatherOf([slow('client-NL', { by: 2 }), slow('client', { by: 3 })])
    expect(both.span('client-NL', 0, 10, 1).until).toBe(60)
    expect(both.span('client-US', 0, 10, 1).until).toBe(30)
  })

  test('equals a loop over microseconds', () => {
    const fault = fc
      .record({
        by: fc.constantFrom(2, 4, 8),
        from: fc.option(fc.nat(100), { nil: undefined }),
        length: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      })
      .map(({ by, from, length }) => slow('client-NL', { by, from, until: length && (from ?? 0) + length }))
    const step = fc.tuple(fc.nat(150), fc.constantFrom(1, 2, 4, 0.5))
    const stepped = fc
      .uniqueArray(step, { minLength: 1, maxLength: 4, selector: ([at]) => at })
      .map((pairs) => slow('client-NL', { profile: pairs.sort((a, b) => a[0] - b[0]) }))
    const several = fc.array(fc.oneof(fault, stepped), { maxLength: 3 })
    fc.assert(
      fc.property(several, fc.nat(120), fc.nat(80), (faults, start, cost) => {
        const ready = drawPlan(faults, three, '7').faults.map((planned) => entryOf(planned.fault).compile(planned, tools).slow!.course(0))
        let time = start
        let left = cost
        // Factors are powers of two, so that this loop is exact.
        while (left > 0) {
          left -= 1 / ready.reduce((product, s) => product * s.factor(time), 1)
          time++
        }
        expect(endOfWork(start, cost, ready)).toBe(time)
      }),
      { numRuns: 200 },
    )
  })

  test('thirds of microseconds do not add up to one too many', () => {
    const weather = weatherOf([slow('client-NL', { by: 3 })])
    for (const cost of [1, 7, 333, 1_000_003]) expect(weather.span('client-NL', 1, cost, 1).until).toBe(1 + 3 * cost)
    const windows = weatherOf([
      slow('client-NL', { by: 3, from: 10, until: 20 }),
      slow('client-NL', { by: 3, from: 20, until: 40 }),
    ])
    expect(windows.span('client-NL', 10, 10, 1).until).toBe(40)
  })
})

test('partial: the least share holds, and only in its rounds', () => {
  const weather = weatherOf([
    partial('client-NL', { epochs: 0.5, rounds: [2, 3], id: 'p' }),
    partial('client', { epochs: 0.25, rounds: [3, 3], id: 'q' }),
  ])
  expect([1, 2, 3, 4].map((round) => weather.completeness('client-NL', round))).toEqual([1, 0.5, 0.25, 1])
  expect([1, 2, 3, 4].map((round) => weather.completeness('client-US', round))).toEqual([1, 1, 0.25, 1])
  weather.completeness('client-NL', 2)
  expect(weather.report().map(({ fired }) => fired)).toEqual([2, 2])
  expect(weather.report()[0]).toMatchObject({
    text: 'client-NL stops after 50 % of the local epochs, rounds 2-3',
    outcome: '2 trainings stopped early',
  })
})

/** An update is taken in: what that sets off. */
const admitted = (weather: Watched, { at, ...about }: { round: number; from: string; part: string; at: number }): readonly Life[] => {
  const before = weather.setOff.length
  weather.happen(at, 'aggregator', { kind: 'admit', envelope: 0, message: 'update', ...about })
  return weather.setOff.slice(before)
}

describe('crash', () => {
  test('by the clock: known before the run, counted when it has come', () => {
    const weather = weatherOf([
      crash('expert-2', { at: minutes(20), restartAfter: minutes(3), keeps: 'checkpoint', id: 'x' }),
      crash('client-NL', { at: minutes(5), id: 'y' }),
    ])
    expect(weather.lives).toEqual([
      { kind: 'crash', who: 'client-NL', at: minutes(5), fault: 'y', keeps: 'nothing' },
      { kind: 'crash', who: 'expert-2', at: minutes(20), fault: 'x', keeps: 'checkpoint', restartAt: minutes(23) },
    ])
    expect(weather.available('client-NL', minutes(5) - 1, 1)).toBe(true)
    expect(weather.report().map(({ fired }) => fired)).toEqual([0, 0])
    expect(weather.available('client-NL', minutes(5), 1)).toBe(true)
    weather.happen(minutes(5), 'client-NL', { kind: 'life', what: 'crash', fault: 'y', keeps: 'nothing', back: undefined })
    expect(weather.available('client-NL', minutes(5), 1)).toBe(false)
    expect(weather.nextChange(minutes(5))).toBeUndefined()
    expect(weather.report().map(({ fired, outcome }) => [fired, outcome])).toEqual([[0, 'never fired'], [1, '1 crash']])
    const life = { kind: 'life', fault: 'x', keeps: 'checkpoint', back: minutes(23) } as const
    weather.happen(minutes(20), 'expert-2', { ...life, what: 'crash' })
    expect(weather.nextChange(minutes(20))).toBe(minutes(23))
    weather.happen(minutes(23), 'expert-2', { ...life, what: 'restart' })
    expect(weather.nextChange(minutes(23))).toBeUndefined()
    expect(weather.report().map(({ fired }) => fired)).toEqual([1, 1])
    expect(weather.report()[0].text).toBe('expert-2 crashes at 20:00.000, back after 3:00.000, keeping a checkpoint')
  })

  test('when the third client has answered: once', () => {
    const when = { round: 2, after: 2, of: 'updates' } as const
    const weather = weatherOf([crash('aggregator', { when, restartAfter: 10, id: 'x' })])
    const update = (round: number, from: string, part: string, at: number): readonly Life[] =>
      admitted(weather, { round, from, part, at })
    expect(weather.lives).toEqual([])
    expect(update(1, 'client-BR', 'trunk', 1)).toEqual([])
    expect(update(1, 'client-NL', 'trunk', 2)).toEqual([])
    expect(update(2, 'client-BR', 'trunk', 3)).toEqual([])
    expect(update(2, 'client-BR', 'trunk', 4)).toEqual([])
    expect(update(2, 'client-NL', 'expert-1', 5)).toEqual([])
    expect(update(2, 'client-NL', 'trunk', 6)).toEqual([
      { kind: 'crash', who: 'aggregator', at: 6, fault: 'x', keeps: 'nothing', restartAt: 16 },
    ])
    expect(update(2, 'client-US', 'trunk', 7)).toEqual([])
    expect(weather.report()[0]).toMatchObject({ fired: 0, outcome: 'never fired' })
    const life = { kind: 'life', what: 'crash', fault: 'x', keeps: 'nothing', back: 16 } as const
    weather.happen(6, 'aggregator', { ...life })
    expect(weather.report()[0]).toMatchObject({ fired: 1, outcome: '1 crash' })
  })

  test('when a round opens, and counting another part', () => {
    const opening = weatherOf([crash('expert', { when: { round: 3, after: 0 } })])
    opening.opens(2, 2)
    expect(opening.setOff).toEqual([])
    opening.opens(3, 3)
    expect(opening.setOff.map(({ who, at }) => [who, at])).toEqual([['expert-1', 3], ['expert-2', 3]])
    const part = weatherOf([crash('expert-1', { when: { round: 1, after: 1, part: 'expert-1' } })])
    expect(admitted(part, { round: 1, from: 'client-NL', part: 'trunk', at: 1 })).toEqual([])
    expect(admitted(part, { round: 1, from: 'client-NL', part: 'expert-1', at: 2 })).toHaveLength(1)
  })
})

describe('narrow', () => {
  const network = networkSchema.parse({ up: '8 Mbps', down: '80 Mbps' })
  test('caps, factors, directions and windows', () => {
    const weather = weatherOf(
      [
        narrow('client-NL', { to: '4 Mbps', direction: 'up', from: 100, until: 200, id: 'n' }),
        narrow('client-NL', { by: 4, from: 150, until: 300, id: 'm' }),
      ],
      { network },
    )
    const rate = (direction: 'up' | 'down', at: number, client = 'client-NL') => {
      const { bytesPerSecond, until } = weather.rate({ owner: client, direction }, at)
      return [bytesPerSecond, until]
    }
    expect(weather.report().map(({ fired }) => fired)).toEqual([0, 0])
    expect([0, 100, 150, 200, 300].map((at) => rate('up', at))).toEqual([
      [1e6, 100],
      [0.5e6, 150],
      [0.25e6, 200],
      [0.25e6, 300],
      [1e6, Infinity],
    ])
    expect([0, 150, 300].map((at) => rate('down', at))).toEqual([[10e6, 150], [2.5e6, 300], [10e6, Infinity]])
    expect(rate('up', 150, 'client-US')).toEqual([1e6, Infinity])
    expect(weather.report().map(({ fired, text }) => [fired, text])).toEqual([
      [1, 'client-NL: uplink bandwidth at most 4 Mbit/s, from 0.000 s, until 0.000 s'],
      [1, 'client-NL: bandwidth divided by 4, from 0.000 s, until 0.000 s'],
    ])
  })

  test('rounds are those that have opened', () => {
    const weather = weatherOf([narrow('client-NL', { by: 2, rounds: [2, 2] })], { network })
    const rates = [1, 2, 3].map((round) => {
      weather.opens(round, round)
      return weather.rate({ owner: 'client-NL', direction: 'up' }, round).bytesPerSecond
    })
    expect(rates).toEqual([1e6, 0.5e6, 1e6])
  })
})

test('an unknown name is a mistake that says so', () => {
  expect(() => weatherOf([]).available('client-XX', 0, 1)).toThrow("knows no 'client-XX'")
  expect(() => weatherOf([]).rate({ owner: 'expert-1', direction: 'up' }, 0)).toThrow("'expert-1' is a server")
})
