import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { drawElement, inverse, prime, readElement, times, writeElement } from '../../../src/federation/secure-aggregation/field.js'
import { addInRing, demandRoom, fromRing, greatest, packRing, roomFor, toRing, unpackRing } from '../../../src/federation/secure-aggregation/fixed-point.js'
import { combine, share } from '../../../src/federation/secure-aggregation/shamir.js'

const element = fc.bigInt({ min: 0n, max: prime - 1n })

describe('the field', () => {
  it('has inverses', () => {
    fc.assert(fc.property(element.filter((a) => a > 0n), (a) => {
      expect(times(a, inverse(a))).toBe(1n)
    }))
    expect(() => inverse(0n)).toThrow('0 has no inverse')
  })

  it('elements are 32 bytes, and bytes from the prime on are none', () => {
    fc.assert(fc.property(element, fc.nat(9), (a, at) => {
      const bytes = new Uint8Array(50)
      writeElement(a, bytes, at)
      expect(readElement(bytes, at)).toBe(a)
      expect(bytes.slice(at + 32).every((byte) => byte === 0)).toBe(true)
    }))
    const bytes = new Uint8Array(32)
    writeElement(prime, bytes, 0)
    expect(readElement(bytes, 0)).toBeUndefined()
  })
})

describe('shares', () => {
  it('any threshold of them give the secret back, in any order, and more of them too', () => {
    fc.assert(fc.property(element, fc.integer({ min: 1, max: 9 }), fc.nat(6), fc.nat(), (secret, threshold, more, seed) => {
      const shares = share(secret, threshold, threshold + more, drawsOf([seed, 1]))
      const order = shares.toSorted((a, b) => ((a.x * 7 + seed) % 11) - ((b.x * 7 + seed) % 11))
      expect(combine(order.slice(0, threshold))).toBe(secret)
      expect(combine(order)).toBe(secret)
    }))
  })

  it('one fewer gives another number: by those, any secret is as likely', () => {
    const draws = drawsOf([5, 6])
    for (let i = 0; i < 50; i++) {
      const secret = drawElement(draws)
      expect(combine(share(secret, 4, 6, draws).slice(0, 3))).not.toBe(secret)
    }
    // Of the three, with each of two secrets there is a polynomial: a fourth point can be found for both.
    const three = share(1n, 4, 6, draws).slice(0, 3)
    const four = (secret: bigint) => [{ x: 0, y: secret }, ...three]
    expect(new Set([combine(four(1n)), combine(four(2n))])).toEqual(new Set([1n, 2n]))
  })

  it('refuses a threshold that nobody could reach, and a holder twice', () => {
    expect(() => share(1n, 4, 3, drawsOf([1, 1]))).toThrow('a threshold of 4 for 3 holders')
    expect(() => share(1n, 0, 3, drawsOf([1, 1]))).toThrow(RangeError)
    const [a, b] = share(1n, 2, 3, drawsOf([1, 1]))
    expect(() => combine([a, b, a])).toThrow('a holder is named twice')
  })
})

describe('fixed point', () => {
  const about = { range: 2, bits: 16, ring: 32 }

  it('comes back within half a level, and at the range beyond it', () => {
    fc.assert(fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 }), fc.integer({ min: 2, max: 32 }), (values, bits) => {
      const given = { range: 2, bits, ring: 32 }
      fromRing(toRing(values, given), given).forEach((value, i) => {
        const clipped = Math.min(2, Math.max(-2, values[i]))
        expect(Math.abs(value - clipped)).toBeLessThanOrEqual(2 / greatest(given) / 2 + 1e-12)
      })
    }))
  })

  it('what is not finite is refused by its place', () => {
    expect(() => toRing([0, Number.NaN], about)).toThrow('number 1 is NaN')
    expect(() => toRing([Infinity], about)).toThrow('number 0 is Infinity')
  })

  it('sums in the ring are those of whole numbers, up to as many clients as there is room for, at either end', () => {
    for (const [bits, ring] of [[4, 8], [8, 12], [10, 16], [30, 32], [32, 32]] as const) {
      const given = { range: 1, bits, ring }
      const clients = roomFor(given)
      demandRoom(given, clients)
      expect(() => demandRoom(given, clients + 1)).toThrow(`hold those of ${clients}`)
      for (const extreme of [1, -1]) {
        const sum = new Uint32Array(1)
        for (let k = 0; k < clients; k++) addInRing(sum, toRing([extreme], given), 1, ring)
        expect(fromRing(sum, given)[0]).toBeCloseTo(extreme * clients, 6)
      }
      // And what the guard is for: one more, and it comes back at the other end.
      const sum = new Uint32Array(1)
      for (let k = 0; k < clients + 1; k++) addInRing(sum, toRing([1], given), 1, ring)
      expect(fromRing(sum, given)[0] < 0).toBe((clients + 1) * greatest(given) > 2 ** (ring - 1) - 1)
    }
  })

  it('the advice of the guard is one that it accepts', () => {
    for (const clients of [2, 3, 100, 1000, 70_000]) {
      const message = (() => {
        try {
          demandRoom({ range: 1, bits: 32, ring: 32 }, clients)
        } catch (error) {
          return (error as Error).message
        }
        return ''
      })()
      const bits = Number(/at most (\d+) bits/.exec(message)![1])
      expect(() => demandRoom({ range: 1, bits, ring: 32 }, clients)).not.toThrow()
    }
  })

  it.each([[{ range: 0 }, 'range of 0'], [{ ring: 33 }, 'ring of 33 bits'], [{ bits: 1 }, '1 bits a number'], [{ bits: 17, ring: 16 }, '17 bits']])('refuses %j', (changes, message) => {
    expect(() => demandRoom({ ...about, ...changes }, 2)).toThrow(message)
  })

  it('elements of any ring are as many bits on the wire, and come back', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 32 }), fc.array(fc.nat(2 ** 31 - 1), { maxLength: 50 }), (ring, words) => {
      const elements = Uint32Array.from(words, (word) => (ring === 32 ? word * 2 : word % 2 ** ring))
      const bytes = packRing(elements, ring)
      expect(bytes.length).toBe(Math.ceil((elements.length * ring) / 8))
      expect(unpackRing(bytes, elements.length, ring)).toEqual(elements)
    }))
  })
})
