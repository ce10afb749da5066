import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitStratified } from '../../src/data/split.js'
import { streams } from '../../src/random/streams.js'

const shares = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }))
  .map(([a, b, c]) => ({ train: a / (a + b + c), validation: b / (a + b + c), test: c / (a + b + c) }))

describe('a stratified split', () => {
  it('gives all rows together their shares, to a row, and every stratum its own, to two', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('0', '1', 'NaN'), { minLength: 1, maxLength: 300 }), shares, fc.string(), (strata, own, seed) => {
      const parts = splitStratified(strata, own, (stratum) => streams(seed)('stratum', stratum))
      const rows = (code: number, stratum?: string): number =>
        parts.filter((one, row) => one === code && (stratum === undefined || strata[row] === stratum)).length
      for (const [code, share] of [own.train, own.validation, own.test].entries()) {
        expect(Math.abs(rows(code) - share * strata.length)).toBeLessThan(1)
        if (share === 0) expect(rows(code)).toBe(0)
      }
      for (const stratum of new Set(strata)) {
        const size = strata.filter((one) => one === stratum).length
        for (const [code, share] of [own.train, own.validation, own.test].entries()) {
          expect(Math.abs(rows(code, stratum) - share * size)).toBeLessThan(2)
        }
      }
    }))
  })

  it('is drawn by the seed', () => {
    const strata = Array.from({ length: 60 }, (_, i) => String(i % 2))
    const of = (seed: string) => Array.from(splitStratified(strata, { train: 0.5, validation: 0, test: 0.5 }, (s) => streams(seed)(s)))
    expect(of('a')).toEqual(of('a'))
    expect(of('a')).not.toEqual(of('b'))
  })
})
