import fc from 'fast-check'
import { expect, it } from 'vitest'

import { allFinite } from '../../src/federation/finite.js'

it('a vector is finite if each of its numbers is, however large, and one that is not shows wherever it stands', () => {
  const largest = 3.4028234663852886e38
  const number = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(largest, -largest, -0, 1e-45))
  const broken = fc.constantFrom(Number.NaN, Infinity, -Infinity)
  fc.assert(
    fc.property(fc.array(number, { maxLength: 20 }), fc.array(fc.tuple(fc.nat(19), broken), { maxLength: 3 }), (values, holes) => {
      const vector = Float32Array.from(values)
      expect(allFinite(vector)).toBe(true)
      for (const [place, value] of holes) if (place < vector.length) vector[place] = value
      expect(allFinite(vector)).toBe(vector.every(Number.isFinite))
    }),
  )
  expect(allFinite(new Float32Array(100_000).fill(largest))).toBe(true)
})
