import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { firstThere } from '../../../src/federation/selection/first-there.js'
import { randomOrder } from '../../../src/random/order.js'

describe('who is asked', () => {
  it('equals a search of everybody in the drawn order, whoever may be asked and is there', () => {
    const of = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(of, fc.nat(), fc.nat({ max: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (clients, seed, wanted, share, some) => {
        const order = randomOrder(clients, (seed % 1000) / 1000, (seed % 77) / 77)
        const coin = randomOrder(clients, (seed % 13) / 13, (seed % 5) / 5)
        const free = new Set(Array.from({ length: clients }, (_, i) => i).filter((i) => coin.at(i) < share * clients))
        const there = (client: number) => client % 3 !== 1
        const slow = Array.from({ length: clients }, (_, place) => order.at(place))
          .filter((client) => (!some || free.has(client)) && there(client))
          .slice(0, wanted)
        expect(firstThere({ order, clients, wanted, among: some ? free : undefined, isThere: there })).toEqual(slow)
      }),
      { numRuns: 400 },
    )
  })

  it('looks at no more than it must: few of many where many may be asked, the few where few may', () => {
    const looked = (among: ReadonlySet<number> | undefined, wanted: number): number => {
      let count = 0
      const order = { at: (place: number) => (count++, place), placeOf: (client: number) => client }
      firstThere({ order, clients: 10_000, wanted, among, isThere: () => true })
      return count
    }
    expect(looked(undefined, 10)).toBe(10)
    expect(looked(new Set(Array.from({ length: 9990 }, (_, i) => i)), 10)).toBe(10)
    expect(looked(new Set([9_999]), 1)).toBe(1)
    expect(looked(new Set([9_999]), 0)).toBe(0)
  })

  it('one that is away moves up those behind it and changes nothing else', () => {
    const order = randomOrder(100, 0.3, 0.7)
    const all = firstThere({ order, clients: 100, wanted: 20, among: undefined, isThere: () => true })
    for (const away of all) {
      const others = firstThere({ order, clients: 100, wanted: 20, among: undefined, isThere: (client) => client !== away })
      expect(others.slice(0, 19)).toEqual(all.filter((client) => client !== away))
    }
  })
})
