import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationSchema, parseDuration } from '../../src/time/duration.js'

test('texts with units', () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ['250 us', 250],
    ['40 ms', 40_000],
    ['1.5 s', 1_500_000],
    ['5min', 300_000_000],
    ['2 h', 7_200_000_000],
    ['1 d', 86_400_000_000],
    ['0.0001 ms', 0],
    ['5', undefined],
    ['5 minutes', undefined],
    ['-5 s', undefined],
    ['1e3 s', undefined],
    [' 5 s', undefined],
  ]
  for (const [text, expected] of table) {
    expect(parseDuration(text), text).toBe(expected)
    expect(durationSchema.safeParse(text).data, text).toBe(expected)
  }
})

test('integers stay what they are; fractions and negative numbers are refused', () => {
  fc.assert(fc.property(fc.nat(), (n) => durationSchema.parse(n) === n))
  for (const bad of [1.5, -1, Number.NaN, Infinity, null, '']) expect(durationSchema.safeParse(bad).success).toBe(false)
  expect(durationSchema.safeParse('soon').error?.issues[0].message).toContain('"5 min"')
})
