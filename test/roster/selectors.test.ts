import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SpecificationError } from '../../src/errors.js'
import { editDistance, nearest } from '../../src/documents/nearest.js'
import {
  all,
  fraction,
  named,
  one,
  resolve,
  role,
  scenario,
  selectorSchema,
  type Selector,
} from '../../src/roster/selectors.js'
import { federation, three } from '../faults/weather.js'

const lots: Record<string, number> = {
  'client-BR': 0.5,
  'client-NL': 0.1,
  'client-US': 0.9,
  'expert-1': 0.8,
  'expert-2': 0.2,
}
const pick = (selector: Selector) => resolve(selector, three, (name) => lots[name], 'faults[0].who')

describe('selectors', () => {
  test('a literal table', () => {
    expect(pick(one())).toEqual(['client-NL'])
    expect(pick(one('expert'))).toEqual(['expert-2'])
    expect(pick(all())).toEqual(['client-BR', 'client-NL', 'client-US'])
    expect(pick(fraction(0.2))).toEqual(['client-NL'])
    expect(pick(fraction(0.5))).toEqual(['client-BR', 'client-NL'])
    expect(pick(fraction(1))).toEqual(['client-BR', 'client-NL', 'client-US'])
    expect(pick(scenario('US'))).toEqual(['client-US'])
    expect(pick(role('expert'))).toEqual(['expert-1', 'expert-2'])
    expect(pick(named('expert-1', 'client-NL', 'client-NL'))).toEqual(['client-NL', 'expert-1'])
  })

  test('texts are role words or names', () => {
    expect(selectorSchema.parse('client')).toEqual(role('client'))
    expect(selectorSchema.parse('client-NL')).toEqual(named('client-NL'))
    expect(selectorSchema.parse({ select: 'fraction', of: 0.2 })).toEqual(fraction(0.2))
    expect(selectorSchema.safeParse({ select: 'fraction', of: 0 }).success).toBe(false)
    expect(selectorSchema.safeParse({ select: 'fraction', of: 0.5, off: 1 }).success).toBe(false)
  })

  test('finding nobody says who exists, and who was meant', () => {
    expect(() => pick(named('client-NI'))).toThrow(SpecificationError)
    expect(() => pick(named('client-NI'))).toThrow(
      "faults[0].who: nobody is named 'client-NI'. Did you mean 'client-NL'? There are: aggregator, client-BR, ",
    )
    expect(() => pick(scenario('us'))).toThrow("holds scenario 'us'. Did you mean 'US'? There are: BR, NL, US.")
    expect(() => resolve(one(), federation(), () => 0, 'here')).toThrow('here: there is no client to select. There are: agg')
    expect(() => pick(named('zzzzzzzzzz'))).toThrow(/^((?!Did you mean).)*$/)
  })

  test('a larger fraction contains a smaller one, and another participant changes only ties of rank', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 12 })
    const share = fc.double({ min: 0.01, max: 1, noNaN: true })
    fc.assert(
      fc.property(names, share, share, (codes, a, b) => {
        const lot = (name: string) => ((name.length * 7919 + name.charCodeAt(7) * 104_729) % 1000) / 1000
        const small = resolve(fraction(Math.min(a, b)), federation(...codes), lot, '')
        const large = resolve(fraction(Math.max(a, b)), federation(...codes), lot, '')
        expect(large).toEqual(expect.arrayContaining([...small]))
        expect(resolve(fraction(a), federation(...codes).toReversed(), lot, '')).toEqual(
          resolve(fraction(a), federation(...codes), lot, ''),
        )
      }),
    )
  })
})

test('edit distance and the nearest name', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3)
  expect(editDistance('', 'abc')).toBe(3)
  expect(nearest('experts', ['expert', 'aggregator'])).toBe('expert')
  expect(nearest('client-XX', ['aggregator', 'expert-1'])).toBeUndefined()
})
