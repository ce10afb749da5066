import fc from 'fast-check'
import { expect, it } from 'vitest'

import { Alike } from '../../src/network/alike.js'

const message = fc.record({ flow: fc.nat(2), part: fc.constantFrom('', 'trunk', 'expert-1'), round: fc.nat(4), attempt: fc.nat(2) })

it('those that are alike are counted apart: no two of them get one number', () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 60 }), (sent) => {
    const alike = new Alike()
    const given = new Map<string, number[]>()
    for (const { flow, part, round, attempt } of sent) {
      const key = JSON.stringify([flow, part, round, attempt])
      const numbers = given.get(key) ?? []
      numbers.push(alike.count(flow, part, round, attempt))
      given.set(key, numbers)
    }
    for (const numbers of given.values()) expect(new Set(numbers).size).toBe(numbers.length)
  }))
})

it('where rounds go up, they are counted from 0, and a first one is 0', () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 60 }), (some) => {
    const alike = new Alike()
    const known = new Map<string, number>()
    for (const { flow, part, round, attempt } of some.toSorted((a, b) => a.round - b.round)) {
      const key = JSON.stringify([flow, part, round, attempt])
      expect(alike.count(flow, part, round, attempt)).toBe(known.get(key) ?? 0)
      known.set(key, (known.get(key) ?? 0) + 1)
    }
  }))
})
