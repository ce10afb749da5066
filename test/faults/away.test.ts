import { describe, expect, test } from 'vitest'
import type { Envelope } from '../../src/network/envelope.js'
import { away } from '../../src/faults/all.js'
import { scheduleSchema, windows } from '../../src/schedules/schedule.js'
import { seconds } from '../../src/time/micros.js'
import { envelope, model, update, weatherOf } from './weather.js'

describe('away without a phase', () => {
  test('in rounds: not selectable then, and nothing else', () => {
    const weather = weatherOf([away('client-NL', { rounds: [2, 3], id: 'a' })])
    const answers = [1, 2, 3, 4].map((round) => weather.available('client-NL', round, round))
    expect(answers).toEqual([true, false, false, true])
    expect(weather.available('client-US', 2, 2)).toBe(true)
    weather.opens(2, 20)
    expect(weather.judge(envelope({ round: 1 }), 20)).toEqual({ delay: 0, copies: [] })
    expect(weather.span('client-NL', 20, 10, 1)).toEqual({ until: 30 })
    expect(weather.absence('client-NL', 20)).toBeUndefined()
    for (const round of [2, 2, 2]) weather.available('client-NL', round, round)
    expect(weather.report()).toEqual([
      {
        id: 'a',
        kind: 'away',
        text: 'client-NL away, rounds 2-3',
        targets: ['client-NL'],
        fired: 2,
        outcome: 'not selectable 2 times',
      },
    ])
  })

  test('in time: out of reach in [from, until)', () => {
    const weather = weatherOf([away('client-NL', { from: 100, until: 200, id: 'a' })])
    expect([99, 100, 199, 200].map((at) => weather.available('client-NL', at, 1))).toEqual([true, false, false, true])
    expect([99, 100, 199, 200].map((at) => weather.absence('client-NL', at))).toEqual([undefined, 'a', 'a', undefined])
    expect(weather.span('client-NL', 50, 49, 1)).toEqual({ until: 99 })
    expect(weather.span('client-NL', 50, 50, 1)).toEqual({ until: 100, interrupted: 'away', whole: 100 })
    expect(weather.span('client-NL', 150, 10, 1)).toEqual({ until: 150, interrupted: 'away', whole: 160 })
    expect(weather.judge(envelope({ id: 1 }), 99).lost).toBeUndefined()
    expect(weather.judge(envelope({ id: 2 }), 100).lost?.travelled).toBe(0)
    const down = envelope({ id: 3, from: 'aggregator', to: 'client-NL', kind: 'close' })
    expect(weather.judge(down, 150).lost?.travelled).toBe(0)
    expect(weather.judge(envelope({ id: 4, from: 'client-US' }), 150).lost).toBeUndefined()
    expect([50, 99, 100, 200].map((at) => weather.leaves('client-NL', at))).toEqual([100, 100, undefined, undefined])
    expect(weather.door(envelope({ to: 'client-NL' }), 99)).toBe('deliver')
    expect(weather.door(envelope({ to: 'client-NL' }), 100)).toEqual({ drop: 'a' })
    expect(weather.door(envelope({ to: 'client-US' }), 100)).toBe('deliver')
    expect(weather.nextChange(0)).toBe(200)
    expect(weather.nextChange(200)).toBeUndefined()
  })
})

describe('leaving in training', () => {
  test('after a drawn fraction, then gone until the round closes', () => {
    const weather = weatherOf([away('client-NL', { phase: 'training', rounds: [2, 2], id: 'a' })])
    expect(weather.span('client-NL', 0, 1000, 1)).toEqual({ until: 1000 })
    weather.opens(2, 2000)
    const span = weather.span('client-NL', 2000, 1000, 2)
    expect(span.interrupted).toBe('left in training')
    expect(span.until).toBeGreaterThan(2000)
    expect(span.until).toBeLessThanOrEqual(3000)
    expect(weather.span('client-NL', 2000, 1000, 2)).toEqual(span)
    expect(weather.absence('client-NL', span.until - 1)).toBeUndefined()
    expect(weather.absence('client-NL', span.until)).toBe('a')
    expect(weather.available('client-NL', span.until, 3)).toBe(false)
    expect(weather.span('client-NL', span.until + 1, 10, 2)).toEqual({ until: span.until + 1, interrupted: 'away', whole: span.until + 11 })
    const lost = { travelled: 0, fault: 'a' }
    expect(weather.judge(envelope({ round: 2 }), span.until).lost).toEqual(lost)
    const about = { envelope: 0, from: 'client-NL', round: 2 }
    weather.happen(span.until, 'aggregator', { kind: 'drop', ...about, ...lost })
    weather.closes(2, 5000)
    expect(weather.available('client-NL', 5000, 3)).toBe(true)
    expect(weather.span('client-NL', 5000, 1000, 3)).toEqual({ until: 6000 })
    const [report] = weather.report()
    expect(report.fired).toBe(1)
    expect(report.text).toBe('client-NL leaves in training, round 2')
    expect(report.outcome).toMatch(/^2 trainings cut short \(0\.00\d s charged for nothing\); 1 message lost \(0 bytes/)
  })

  test('for a duration: back when it is over, whatever the round does', () => {
    const weather = weatherOf([away('client-NL', { phase: 'training', for: 10_000 })])
    const { until } = weather.span('client-NL', 0, 1000, 1)
    weather.closes(1, 500)
    expect(weather.available('client-NL', until + 9_999, 2)).toBe(false)
    expect(weather.nextChange(until)).toBe(until + 10_000)
    expect(weather.available('client-NL', until + 10_000, 2)).toBe(true)
  })

  test('a round that closes before the client would leave keeps nobody away', () => {
    const weather = weatherOf([away('client-NL', { phase: 'training' })])
    const { until } = weather.span('client-NL', 0, seconds(10), 1)
    weather.closes(1, 1)
    expect(weather.absence('client-NL', until)).toBeUndefined()
    weather.span('client-NL', 5, seconds(10), 1)
    expect(weather.absence('client-NL', seconds(20))).toBeUndefined()
  })

  test('the leaving depends on the client and the round, not on what else was asked', () => {
    const one = weatherOf([away('client', { phase: 'training' })])
    const other = weatherOf([away('client', { phase: 'training' })])
    for (const round of [1, 2, 3]) other.span('client-US', 0, 777, round)
    const ends = (weather: typeof one) =>
      [1, 2, 3, 4].map((round) => weather.span('client-NL', round * 1e6, 1000, round).until % 1e6)
    one.closes(9, 9)
    other.closes(9, 9)
    const drawn = ends(one)
    expect(ends(other)).toEqual(drawn)
    expect(new Set(drawn).size).toBe(4)
  })

  test('before the upload: trained to the end, and nothing is sent', () => {
    const weather = weatherOf([away('client-NL', { phase: 'before-upload', id: 'a' })])
    // Two legs.
    expect(weather.span('client-NL', 0, 1000, 1)).toEqual({ until: 1000 })
    expect(weather.span('client-NL', 1000, 1000, 1)).toEqual({ until: 2000 })
    expect(weather.absence('client-NL', 2000)).toBeUndefined()
    expect([weather.stays('client-NL', 2000, 1), weather.stays('client-NL', 2000, 1)]).toEqual([false, false])
    expect(weather.stays('client-US', 2000, 1)).toBe(true)
    expect(weather.absence('client-NL', 2000)).toBe('a')
    weather.closes(1, 3000)
    expect(weather.absence('client-NL', 3000)).toBeUndefined()
    expect(weather.report()[0].outcome).toBe('1 training finished and never sent (0.002 s for nothing)')
  })

  test('a coin per client and round', () => {
    const weather = weatherOf([away('client', { phase: 'before-upload', probability: 0.3 })])
    let left = 0
    for (let round = 1; round <= 3000; round++) {
      for (const client of ['client-BR', 'client-NL', 'client-US']) {
        if (!weather.stays(client, round * 10 + 5, round)) left++
      }
      weather.closes(round, round * 10 + 6)
    }
    expect(Math.abs(left / 9000 - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 9000))
    expect(weather.report()[0].fired).toBe(left)
  })
})

describe('leaving in a transfer', () => {
  const cutAt = (travelled: readonly (number | undefined)[]) => travelled.findIndex((share) => share !== undefined)

  test('download: parts before the cut arrive, the cut one in part, those after it not at all', () => {
    const weather = weatherOf([away('client-NL', { phase: 'download', id: 'a' })])
    const places = new Set<number>()
    for (let round = 1; round <= 60; round++) {
      const at = seconds(round * 100)
      weather.opens(round, at)
      const shares = model('client-NL', round, at).map((e) => weather.judge(e, at).lost?.travelled)
      const again = model('client-NL', round, at).map((e) => weather.judge(e, at).lost?.travelled)
      expect(again).toEqual(shares)
      const cut = cutAt(shares)
      places.add(cut)
      expect(shares.slice(0, cut)).toEqual(shares.slice(0, cut).map(() => undefined))
      expect(shares[cut]).toBeGreaterThanOrEqual(0)
      expect(shares[cut]).toBeLessThan(1)
      expect(shares.slice(cut + 1)).toEqual(shares.slice(cut + 1).map(() => 0))
      // It leaves one microsecond after the bytes that passed of the cut part would have arrived.
      const [cutPart, ...after] = model('client-NL', round, at).slice(cut)
      const lost = (e: Envelope, travelled: number) =>
        weather.happen(at + 100, 'client-NL', { kind: 'drop', envelope: e.id, from: e.from, round, travelled, fault: 'a' })
      lost(cutPart, 500)
      for (const part of after) lost(part, 0)
      expect(weather.absence('client-NL', at + 20_100)).toBeUndefined()
      expect(weather.absence('client-NL', at + 20_101)).toBe('a')
      expect(weather.span('client-NL', at + 30_000, 10, round).interrupted).toBe('away')
      weather.closes(round, at + seconds(50))
      expect(weather.available('client-NL', at + seconds(50), round + 1)).toBe(true)
    }
    expect(places).toEqual(new Set([0, 1, 2]))
    expect(weather.report()[0].fired).toBe(60)
  })

  test('upload: the model arrives, training ends, the update does not get through', () => {
    const weather = weatherOf([away('client-NL', { phase: 'upload', id: 'a' })])
    expect(model('client-NL', 1, 0).map((e) => weather.judge(e, 0).lost)).toEqual([undefined, undefined, undefined])
    expect(weather.span('client-NL', 0, 1000, 1)).toEqual({ until: 1000 })
    const cut = update('client-NL', 1, 1000).filter((e) => weather.judge(e, 1000).lost !== undefined)
    expect(cut.length).toBeGreaterThan(0)
    for (const { id, from, to, round } of cut) {
      weather.happen(2000, to, { kind: 'drop', envelope: id, from, round, travelled: 0, fault: 'a' })
    }
    // A retransmission comes when the client has left.
    const later = update('client-NL', 1, 5000).map((e) => ({ ...e, id: e.id + 50, attempt: 1 }))
    expect(later.map((e) => weather.judge(e, 5000).lost)).toEqual(later.map(() => ({ travelled: 0, fault: 'a' })))
    expect(weather.report()[0]).toMatchObject({ fired: 1 })
  })
})

describe('schedules and faults together', () => {
  const schedule = scheduleSchema.parse(windows({ who: 'client-NL', windows: [[0, 100]], every: 300 }))

  test('a window that ends interrupts work, cuts transfers and loses what is sent after it', () => {
    const weather = weatherOf([], { schedule })
    expect(weather.span('client-NL', 50, 49, 1)).toEqual({ until: 99 })
    expect(weather.span('client-NL', 50, 70, 1)).toEqual({ until: 100, interrupted: 'window ended', whole: 120 })
    expect(weather.span('client-NL', 150, 10, 1)).toEqual({ until: 150, interrupted: 'window ended', whole: 160 })
    expect(weather.judge(envelope(), 100).lost).toEqual({ travelled: 0, fault: 'schedule' })
    expect(weather.judge(envelope(), 300).lost).toBeUndefined()
    expect(weather.leaves('client-NL', 50)).toBe(100)
    const there = [0, 99, 100, 299, 300].map((at) => weather.available('client-NL', at, 1))
    expect(there).toEqual([true, true, false, false, true])
    expect([0, 100, 299, 300].map((at) => weather.nextChange(at))).toEqual([300, 300, 300, 600])
    expect(weather.report()).toEqual([])
  })

  test('a fault that says no where the schedule did already has not fired', () => {
    const weather = weatherOf([away('client-NL', { rounds: [1, 9] })], { schedule })
    expect(weather.available('client-NL', 150, 1)).toBe(false)
    expect(weather.report()[0]).toMatchObject({ fired: 0, outcome: 'never fired' })
    expect(weather.available('client-NL', 10, 1)).toBe(false)
    expect(weather.report()[0].fired).toBe(1)
  })
})

describe('what outlives the flight', () => {
  const outlived = (fault: Parameters<typeof weatherOf>[0][number], about = {}) => {
    const weather = weatherOf([fault], about)
    weather.opens(1, 0)
    weather.span('client-NL', 0, 10, 1)
    weather.closes(1, seconds(1))
    weather.opens(2, seconds(1))
    weather.closes(2, seconds(3))
    return weather.report()[0].outlived
  }

  test('is told: a window of rounds, of time, an absence that is not over', () => {
    expect(outlived(away('client-NL', { rounds: [1, 3] }))).toBe('its window ends with round 3, the flight did with round 2')
    expect(outlived(away('client-NL', { rounds: [1, 2] }))).toBeUndefined()
    expect(outlived(away('client-NL', { from: 0, until: seconds(4) }))).toBe('its window ends at 4.000 s, the flight did at 3.000 s')
    expect(outlived(away('client-NL', { from: 0, until: seconds(3) }))).toBeUndefined()
    const left = { phase: 'training', rounds: [1, 1] as [number, number] } as const
    expect(outlived(away('client-NL', { ...left, for: seconds(180) }))).toBe(
      '1 client that it sent away had not come back when the flight ended at 3.000 s',
    )
    expect(outlived(away('client-NL', { ...left, for: seconds(2) }))).toBeUndefined()
    expect(outlived(away('client-NL', left))).toBeUndefined()
  })

  test('is told of nothing before a round has closed', () => {
    expect(weatherOf([away('client-NL', { rounds: [1, 3] })]).report()[0].outlived).toBeUndefined()
  })
})
