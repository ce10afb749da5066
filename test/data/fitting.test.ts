import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble, type Frame } from '../../src/data/assemble.js'
import { addDays, dateOf, dayNumber, isDate } from '../../src/data/calendar.js'
import { parseInstant } from '../../src/data/instant.js'
import { fitScaler } from '../../src/data/scaler.js'
import { part, splitAtRandom, splitByBounds, splitByTime } from '../../src/data/split.js'
import { trailing } from '../../src/data/trailing.js'
import { vocabularyFit } from '../../src/data/vocabulary.js'
import { DataError } from '../../src/errors.js'
import { streams } from '../../src/random/streams.js'

describe('vocabularies', () => {
  it('give ids in canonical order, whatever the order of rows', () => {
    const fit = vocabularyFit()
    for (const code of [2, 0, 1, 1]) fit.count(code)
    const words = ['10', '9', 'x', 'never']
    const text = fit.fit(words, { order: 'text', atLeast: 1 })
    expect([0, 1, 2, 3, 99].map((code) => text.id(code))).toEqual([1, 2, 3, 0, 0])
    expect(text.size).toBe(4)
    const number = fit.fit(words, { order: 'number', atLeast: 2 })
    expect([number.size, number.dropped, number.id(1), number.id(0)]).toEqual([2, 2, 1, 0])
  })
  it('put words that are rare or never seen into hash buckets, after the known ones', () => {
    const fit = vocabularyFit()
    for (const code of [0, 0, 1]) fit.count(code)
    const options = { order: 'text', atLeast: 2, buckets: 4 } as const
    const words = ['often', 'rare', 'a', 'foobar', '']
    const vocabulary = fit.fit(words, options)
    // FNV-1a's published values: 'a' e40c292c, 'foobar' bf9cf968, nothing 811c9dc5; all modulo 4, after ids 0 and 1.
    expect([0, 2, 3, 4].map((code) => vocabulary.id(code))).toEqual([1, 2 + 0, 2 + 0, 2 + 1])
    expect([vocabulary.size, vocabulary.dropped]).toEqual([6, 1])
    const rare = vocabulary.id(1)
    expect(rare).toBeGreaterThanOrEqual(2)
    // Later words, whatever they are, move nobody.
    expect(fit.fit([...words, 'more', 'and more'], options).id(1)).toBe(rare)
    expect(fit.fit(words, { ...options, buckets: 0 }).id(1)).toBe(0)
  })
  it('fill buckets evenly', () => {
    const words = Array.from({ length: 8000 }, (_, i) => `item-${i}`)
    const { id } = vocabularyFit().fit(words, { order: 'text', atLeast: 1, buckets: 16 })
    const counts = Array.from({ length: 16 }, () => 0)
    words.forEach((_word, code) => counts[id(code) - 1]++)
    // 500 each, deviation 22.
    expect(Math.min(...counts)).toBeGreaterThan(400)
    expect(Math.max(...counts)).toBeLessThan(600)
  })
})

describe('scalers', () => {
  it('are fitted on the rows they are given alone; what is missing becomes the mean', () => {
    const scale = fitScaler('standard', 'none', [1, 3, NaN, 1e9], (row) => row < 3)
    expect([1, 3, 2, NaN, 5].map(scale)).toEqual([-1, 1, 0, 0, 3])
  })
  it('take logarithms of both signs, and make a constant 0', () => {
    const scale = fitScaler('log', 'none', [Math.E - 1, 1 - Math.E], () => true)
    expect(scale(Math.E - 1)).toBeCloseTo(1, 12)
    expect(scale(1 - Math.E)).toBeCloseTo(-1, 12)
    expect(fitScaler('standard', 'none', [0.1, 0.1, 0.1], () => true)(5)).toBe(0)
    expect(fitScaler('standard', 'none', [NaN], () => true)(5)).toBe(0)
  })
  it('clip to the range of the rows they are fitted on, or to deviations around their mean', () => {
    const training = (row: number): boolean => row < 4
    const values = [1, 3, NaN, 2, 1e9, -1e9]
    const seen = [-1e9, 1, 2, 3, 1e9, NaN]
    const deviation = Math.sqrt(2 / 3)
    expect(seen.map(fitScaler('standard', 'range', values, training)))
      .toEqual([-1, -1, 0, 1, 1, 0].map((x) => x / deviation))
    expect(seen.map(fitScaler('standard', 10, values, training)).map((x) => Number(x.toFixed(12))))
      .toEqual([-10, -1 / deviation, 0, 1 / deviation, 10, 0].map((x) => Number(x.toFixed(12))))
    expect(fitScaler('standard', 0.5, values, training)(1)).toBeCloseTo(-0.5, 12)
    expect(fitScaler('standard', 'none', values, training)(1e9)).toBeCloseTo((1e9 - 2) / deviation, 3)
    expect(seen.map(fitScaler('asis', 'range', values, training))).toEqual([1, 1, 2, 3, 3, 0])
    expect(fitScaler('standard', 'range', [NaN], () => true)(5)).toBe(0)
    expect(fitScaler('asis', 'range', [NaN], () => true)(5)).toBe(5)
  })
  it('clip after the logarithm, so that bounds of the range are those of the data', () => {
    const values = [0, Math.E - 1]
    const scale = fitScaler('log', 'range', values, () => true)
    expect([-7, 0, Math.E - 1, 1e12].map(scale)).toEqual([-1, -1, 1, 1])
    expect(fitScaler('log', 2, values, () => true)(1e12)).toBe(2)
  })
  it('by range change no row that they are fitted on, in any bit', () => {
    const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(NaN))
    fc.assert(fc.property(fc.array(value), fc.constantFrom('asis', 'standard', 'log'), (values, scaling) => {
      const [free, clipped] = (['none', 'range'] as const).map((clip) => fitScaler(scaling, clip, values, () => true))
      expect(values.map(clipped)).toEqual(values.map(free))
    }))
  })
})

describe('splits', () => {
  it('by time never let an instant or an earlier one into a later table', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }), (time) => {
        const parts = splitByTime(time, { train: 0.7, validation: 0.1, test: 0.2 })
        for (let i = 0; i < time.length; i++) {
          for (let j = 0; j < time.length; j++) if (parts[i] < parts[j]) expect(time[i]).toBeLessThan(time[j])
        }
      }),
    )
    expect(Array.from(splitByTime([5, 1, 2, 3, 4], { train: 0.6, validation: 0.2, test: 0.2 })))
      .toEqual([2, 0, 0, 0, 1])
  })
  it('by bounds and at random', () => {
    expect(Array.from(splitByBounds([1, 2, 3, 4], 2, 4))).toEqual([0, 1, 1, 2])
    const random = splitAtRandom(1000, { train: 0.7, validation: 0.1, test: 0.2 }, streams('1')('s'))
    expect([0, 1, 2].map((code) => random.filter((p) => p === code).length)).toEqual([700, 100, 200])
  })
})

describe('the calendar', () => {
  it('knows days and dates', () => {
    expect(dayNumber(19700101)).toBe(0)
    expect(dayNumber(20220425)).toBe(19_107)
    expect(addDays(20240228, 2)).toBe(20240301)
    expect([20240229, 20230229, 20221301, 20220400].map(isDate)).toEqual([true, false, false, false])
    fc.assert(fc.property(fc.integer({ min: -100_000, max: 200_000 }), (day) => {
      expect(dayNumber(dateOf(day))).toBe(day)
    }))
  })
  it('reads instants', () => {
    expect(parseInstant('2022-04-25', 'date')).toBe(1_650_844_800_000)
    expect(parseInstant('20220425', 'date')).toBe(1_650_844_800_000)
    expect(parseInstant('2022-04-25 01:02:03.5Z', 'date')).toBe(1_650_844_800_000 + 3_723_500)
    expect(parseInstant('1650844800', 's')).toBe(1_650_844_800_000)
    for (const bad of ['2022-02-30', 'today', '', '2022-04-25T25:00:00']) {
      expect(parseInstant(bad, 'date')).toBeUndefined()
    }
    expect(parseInstant('', 'ms')).toBeUndefined()
  })
})

describe('trailing statistics', () => {
  it('count strictly earlier days, smoothed by ten rows at the overall rate', () => {
    const { count, rates } = trailing([1, 1, 2, 2, 3], [7, 7, 7, 8, 7], [[1, 0, 1, 0, 0]])
    expect(Array.from(count)).toEqual([0, 0, 2, 0, 3])
    expect(Array.from(rates[0])).toEqual([NaN, NaN, (1 + 10 * 0.5) / 12, (10 * 0.5) / 10, (2 + 10 * 0.5) / 13])
  })

  it('equal a slow look over all pairs, and never look ahead', () => {
    const day = fc.integer({ min: 1, max: 5 })
    const row = fc.record({ day, key: fc.nat(3), label: fc.nat(1) })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), day, (rows, later) => {
        const of = (list: typeof rows) =>
          trailing(list.map((r) => r.day), list.map((r) => r.key), [list.map((r) => r.label)])
        const fast = of(rows)
        rows.forEach((r, i) => {
          const before = rows.filter((o) => o.day < r.day)
          const own = before.filter((o) => o.key === r.key)
          const sum = (list: typeof rows): number => list.reduce((s, o) => s + o.label, 0)
          expect(fast.count[i]).toBe(own.length)
          const slow = (sum(own) + (10 * sum(before)) / before.length) / (own.length + 10)
          if (before.length === 0) expect(fast.rates[0][i]).toBeNaN()
          else expect(fast.rates[0][i]).toBeCloseTo(slow, 12)
        })
        const changed = of(rows.map((r) => (r.day >= later ? { ...r, label: 1 - r.label } : r)))
        rows.forEach((r, i) => {
          if (r.day <= later) expect(Object.is(changed.rates[0][i], fast.rates[0][i])).toBe(true)
        })
      }),
    )
  })
})

describe('assembling a world', () => {
  const frame = (change: Partial<Frame> = {}): Frame => ({
    name: 'a', rows: 4, categorical: [[0, 1, 2, -1]], numeric: [[1, 3, 9, NaN]], labels: [[1, 0, 1, NaN]],
    user: [5, 6, 7, 8], time: [1, 2, 3, 4],
    parts: Uint8Array.of(part.train, part.train, part.test, part.dropped), ...change,
  })
  const draft = (frames: Frame[]) => ({
    name: 'w', fields: [{ name: 'f', words: ['b', 'a', 'c'], order: 'text' as const }],
    numeric: [{ name: 'n', scaling: 'standard' as const }], tasks: [{ name: 't', kind: 'binary' as const }],
    frames, origins: [], split: 'by hand', notes: [],
  })

  it('fits on training rows alone and lies in shared memory', () => {
    const world = assemble(draft([frame()]))
    const [{ train, validation, test }] = world.scenarios
    expect(world.features).toEqual({ categorical: [{ name: 'f', size: 3 }], numeric: ['n'] })
    expect([train.rows, validation.rows, test.rows]).toEqual([2, 0, 1])
    expect(Array.from(train.categorical)).toEqual([2, 1])
    expect(Array.from(train.numeric)).toEqual([-1, 1])
    expect(Array.from(test.categorical)).toEqual([0])
    expect(Array.from(test.numeric)).toEqual([1])
    expect(Array.from(test.user ?? [])).toEqual([7])
    expect(Array.from(test.time ?? [])).toEqual([3])
    for (const array of [train.categorical, train.numeric, train.labels, train.user, train.time]) {
      expect(array?.buffer).toBeInstanceOf(SharedArrayBuffer)
    }
  })

  it('clips what training rows never had to their range, unless the draft or the column says otherwise', () => {
    const given = draft([frame({ numeric: [[1, 3, 9, -5]] })])
    const after = (about: object, column: object = {}): number[] => {
      const numeric = [{ ...given.numeric[0], ...column }]
      const [{ validation, test, scales }] = assemble({ ...given, ...about, numeric }).scenarios
      expect(validation.rows).toBe(0)
      return [...test.numeric, scales![0].low, scales![0].high]
    }
    expect(after({})).toEqual([1, 1, 3])
    expect(after({ clip: 'none' })).toEqual([7, -Infinity, Infinity])
    expect(after({ clip: 2 })).toEqual([2, 0, 4])
    expect(after({ clip: 2 }, { clip: 'none' })).toEqual([7, -Infinity, Infinity])
    expect(after({ clip: 2 }, { scaling: 'asis' })).toEqual([9, -Infinity, Infinity])
    expect(after({}, { scaling: 'asis', clip: 'range' })).toEqual([3, 1, 3])
  })

  it('says what became of rare words, and leaves a value that is not there unknown', () => {
    const given = draft([frame()])
    const { features, scenarios: [{ train, test }], notes } = assemble({ ...given, atLeast: 2, buckets: 3 })
    expect(features.categorical).toEqual([{ name: 'f', size: 4 }])
    expect([...train.categorical, ...test.categorical].every((id) => id >= 1 && id <= 3)).toBe(true)
    expect(notes).toEqual(['2 words of f share 3 hash buckets: in fewer than 2 training rows'])
    expect(assemble({ ...given, atLeast: 2 }).notes).toEqual(['2 words of f are unknown: in fewer than 2 training rows'])
    const own = assemble({ ...given, buckets: 3, fields: [{ ...given.fields[0], buckets: 0 }] })
    expect(own.features.categorical[0].size).toBe(3)
    const missing = assemble({ ...draft([frame({ categorical: [[0, -1, 2, 0]] })]), buckets: 3 })
    expect(missing.scenarios[0].train.categorical[1]).toBe(0)
  })

  it('is the same for training rows whatever the test rows hold', () => {
    const one = assemble(draft([frame()])).scenarios[0].train
    const two = assemble(draft([frame({ categorical: [[0, 1, 0, 1]], numeric: [[1, 3, -50, 2]] })])).scenarios[0].train
    expect(two).toEqual(one)
  })

  it('refuses a scenario without training rows, by name', () => {
    expect(() => assemble(draft([frame({ parts: new Uint8Array(4).fill(part.test) })]))).toThrow(DataError)
    expect(() => assemble(draft([frame({ parts: new Uint8Array(4).fill(part.test) })]))).toThrow(/scenario 'a'/)
  })
})
