import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Offer, paretoFront } from '../../src/statistics/pareto.js'

const beats = (a: Offer, b: Offer): boolean => a.cost <= b.cost && a.worth >= b.worth && (a.cost < b.cost || a.worth > b.worth)

describe('paretoFront', () => {
  it('holds those that no other beats, as asking every pair says', () => {
    const few = fc.integer({ min: 0, max: 6 })
    fc.assert(fc.property(fc.array(fc.record({ cost: few, worth: few }), { maxLength: 20 }), (offers) => {
      const front = paretoFront(offers)
      const slow = offers.filter((one) => !offers.some((other) => beats(other, one)))
      expect(new Set(front)).toEqual(new Set(slow))
      expect(front).toHaveLength(slow.length)
      expect(front.map(({ cost }) => cost)).toEqual(front.map(({ cost }) => cost).toSorted((a, b) => a - b))
    }))
  })

  it('leaves out what has no cost or is worth nothing that is known', () => {
    expect(paretoFront([{ cost: NaN, worth: 1 }, { cost: 1, worth: NaN }, { cost: 2, worth: 0 }])).toEqual([{ cost: 2, worth: 0 }])
  })
})
