import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { addInRing, fromRing, toRing, unpackRing } from '../../../src/federation/secure-aggregation/fixed-point.js'
import { advertise, maskInput, shareKeys, unmask } from '../../../src/federation/secure-aggregation/masking.js'
import { readHidden, readKeys, readNumbers, readRoster, readShares, writeHidden, writeNumbers } from '../../../src/federation/secure-aggregation/messages.js'
import { BelowThreshold, forwarded, newUnmasking, phases, roster, sumOf, survivors, takeIn } from '../../../src/federation/secure-aggregation/unmasking.js'
import { type Lasting, secureRound } from './rounds.js'

const inputsOf = (n: number, length: number, ring: number): Uint32Array[] => {
  const draws = drawsOf([n, length])
  return Array.from({ length: n }, () => draws.many(length).map((word) => word >>> (32 - ring)))
}

const plainSum = (inputs: readonly Uint32Array[], ring: number): Uint32Array => {
  const sum = new Uint32Array(inputs[0].length)
  for (const input of inputs) addInRing(sum, input, 1, ring)
  return sum
}

/** What comes of a round: the plain sum of those who have sent an input, or the first step that too few came through. */
const expectedOf = (inputs: readonly Uint32Array[], lasting: Lasting, threshold: number, ring: number) => {
  for (const [i, phase] of phases.entries()) {
    const there = lasting.filter((steps) => steps > i).length
    if (there < threshold) return { phase, there }
  }
  return { sum: plainSum(inputs.filter((_, i) => lasting[i] > 2), ring) }
}

const compare = (inputs: readonly Uint32Array[], lasting: Lasting, terms: { threshold: number; ring: number }): 'sum' | 'abort' => {
  const expected = expectedOf(inputs, lasting, terms.threshold, terms.ring)
  let told
  try {
    told = secureRound(inputs, lasting, terms)
  } catch (error) {
    expect(error).toBeInstanceOf(BelowThreshold)
    const { phase, there, threshold } = error as BelowThreshold
    expect({ phase, there, threshold }).toEqual({ ...expected, threshold: terms.threshold })
    return 'abort'
  }
  expect([lasting, told.sum]).toEqual([lasting, expected.sum])
  return 'sum'
}

describe('the sum that is unmasked is the plain one, bit for bit', () => {
  it('of four clients, whoever drops out after whichever step', () => {
    const ring = 32
    const inputs = inputsOf(4, 3, ring)
    // Whose step is the last of so many that stay: C(4, 2) 4^2 + C(4, 3) 4 + 1, and so on.
    for (const [threshold, sums] of [[2, 113], [3, 17], [4, 1]]) {
      const counts = { sum: 0, abort: 0 }
      for (let code = 0; code < 5 ** 4; code++) {
        const lasting = [0, 1, 2, 3].map((i) => Math.floor(code / 5 ** i) % 5)
        counts[compare(inputs, lasting, { threshold, ring })]++
      }
      expect(counts).toEqual({ sum: sums, abort: 625 - sums })
    }
  })

  it('of up to twelve, for rings of any size', () => {
    const lasting = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 4, 4, 4), { minLength: 2, maxLength: 12 })
    fc.assert(fc.property(lasting, fc.integer({ min: 2, max: 32 }), fc.double({ min: 0, max: 1, noNaN: true }), (steps, ring, share) => {
      compare(inputsOf(steps.length, 9, ring), steps, { threshold: 1 + Math.floor(share * (steps.length - 1)), ring })
    }), { numRuns: 150 })
  })

  it('so that numbers in fixed point come back as their sum', () => {
    const about = { range: 1, bits: 20, ring: 32 }
    const vectors = [[0.5, -0.25, 1], [-0.5, 0.125, 1], [0.25, 7, -0.001]]
    const { sum } = secureRound(vectors.map((values) => toRing(values, about)), [4, 4, 3], { threshold: 2, ring: 32 })
    const expected = [0.25, 0.875, 1.999]
    fromRing(sum, about).forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(3 * 2 ** -20))
  })
})

describe('a masked input', () => {
  it('is another than the input, and another in every round', () => {
    const inputs = inputsOf(3, 50, 32)
    const [one, other] = [secureRound(inputs, [4, 4, 4], { threshold: 2, ring: 32 }, 1), secureRound(inputs, [4, 4, 4], { threshold: 2, ring: 32 }, 5)]
    for (const [i, input] of inputs.entries()) {
      const [a, b] = [unpackRing(one.masked.get(i + 1)!, 50, 32), unpackRing(other.masked.get(i + 1)!, 50, 32)]
      expect(a.filter((word, j) => word === input[j]).length).toBeLessThan(3)
      expect(a.filter((word, j) => word === b[j]).length).toBeLessThan(3)
    }
    expect(one.sum).toEqual(other.sum)
  })

  it('of a client whose input came late stays masked: its seed is not shared beside its key', () => {
    // A client gives, of each other, the share of the seed or that of the key.
    const terms = { threshold: 2, ring: 32 }
    const { clients, server } = opened(3, terms)
    for (const number of [1, 2]) takeIn(server, 'mask', number, clients.get(number)!.bytes)
    const [first] = [unmask(clients.get(1)!.state, survivors(server, terms), terms)]
    if ('stuck' in first) throw new Error(first.stuck)
    const shares = readShares(first.bytes)!
    expect(shares.size).toBe(3)
    expect(shares.get(3)).toBe(clients.get(1)!.state.shares.get(3)!.s)
    expect(shares.get(2)).toBe(clients.get(1)!.state.shares.get(2)!.b)
  })
})

/** A round among clients that has come to masked inputs, which are not taken in yet. */
const opened = (n: number, terms: { threshold: number; ring: number }) => {
  const server = newUnmasking()
  const numbers = Array.from({ length: n }, (_, i) => i + 1)
  const keyed = numbers.map((number) => {
    const { state, bytes } = advertise(number, drawsOf([9, number]))
    takeIn(server, 'advertise', number, bytes)
    return state
  })
  const all = roster(server, terms)
  const shared = keyed.map((state) => {
    const step = shareKeys(state, all, terms, drawsOf([8, state.number]))
    if ('stuck' in step) throw new Error(step.stuck)
    takeIn(server, 'share', state.number, step.bytes)
    return step.state
  })
  const hidden = forwarded(server, terms)
  const clients = new Map(shared.map((state) => {
    const step = maskInput(state, hidden.get(state.number)!, inputsOf(n, 4, terms.ring)[state.number - 1], terms)
    if ('stuck' in step) throw new Error(step.stuck)
    return [state.number, step]
  }))
  return { server, clients, all, hidden, shared }
}

describe('bytes', () => {
  it.each([[2, 2, 10, 32], [5, 3, 100, 32], [20, 14, 33, 17]])('of %i clients are those of the paper, and numbers, nonces and tags', (n, threshold, length, ring) => {
    const { up, down } = secureRound(inputsOf(n, length, ring), Array.from({ length: n }, () => 4), { threshold, ring })
    const [key, part, number, sealed] = [32, 32, 4, 12 + 16]
    const vector = Math.ceil((length * ring) / 8)
    for (const own of up) expect(own).toEqual([2 * key, (n - 1) * (number + 2 * number + 2 * part + sealed), vector, n * (number + part)])
    for (const own of down) expect(own).toEqual([n * (number + 2 * key), (n - 1) * (number + 2 * number + 2 * part + sealed), n * number, 0])
    // Section 7.1: 2 n a_K + (5 n - 4) a_S + m log2 R for a client, its own keys not sent back to it.
    const all = [...up[0], ...down[0]].reduce((a, b) => a + b)
    const beside = 2 * key + n * number + 2 * (n - 1) * (3 * number + sealed) + n * number + n * number
    expect(all - beside).toBe(2 * n * key + (5 * n - 4) * part + vector)
  })
})

describe('what is damaged', () => {
  const terms = { threshold: 2, ring: 32 }

  it('among hidden shares is found by whom they are for, whichever bit', () => {
    const { hidden, shared, all } = opened(3, terms)
    void all
    const bytes = hidden.get(1)!
    for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
      // Nonces are not read: there is one message a key.
      const within = (bit >> 3) % 104
      if (within >= 4 && within < 16) continue
      const flipped = bytes.slice()
      flipped[bit >> 3] ^= 1 << (bit & 7)
      expect(maskInput(shared[0], flipped, new Uint32Array(4), terms)).toEqual({ stuck: 'damaged' })
    }
  })

  it('or is not expected is taken in by no server', () => {
    const { server, clients } = opened(3, terms)
    expect(takeIn(server, 'advertise', 1, new Uint8Array(64))).toBe(false)
    expect(takeIn(server, 'advertise', 9, new Uint8Array(63))).toBe(false)
    expect(takeIn(server, 'advertise', 9, new Uint8Array(64).fill(255))).toBe(false)
    expect(takeIn(server, 'share', 1, new Uint8Array(0))).toBe(false)
    expect(takeIn(server, 'mask', 9, clients.get(1)!.bytes)).toBe(false)
    expect(takeIn(server, 'mask', 1, clients.get(1)!.bytes)).toBe(true)
    expect(takeIn(server, 'mask', 1, clients.get(1)!.bytes)).toBe(false)
    expect(takeIn(server, 'unmask', 2, new Uint8Array(0))).toBe(false)
  })

  it('among shares of a key is found by the key that they do not make up', () => {
    const { server, clients } = opened(3, terms)
    for (const number of [1, 2]) takeIn(server, 'mask', number, clients.get(number)!.bytes)
    for (const number of [1, 2]) {
      const step = unmask(clients.get(number)!.state, survivors(server, terms), terms)
      if ('stuck' in step) throw new Error(step.stuck)
      const bytes = step.bytes.slice()
      const at = [...readShares(bytes)!.keys()].indexOf(3) * 36 + 10
      if (number === 2) bytes[at] ^= 1
      expect(takeIn(server, 'unmask', number, bytes)).toBe(true)
    }
    expect(() => sumOf(server, 4, terms)).toThrow("shares of client 3's key do not make it up")
  })

  it('never makes a reader throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const read of [readKeys, readRoster, readHidden, readNumbers, readShares]) read(bytes)
      const { state } = advertise(1, drawsOf([1, 1]))
      expect('stuck' in shareKeys(state, bytes, { threshold: 2, ring: 32 }, drawsOf([1, 2]))).toBe(true)
      expect('stuck' in maskInput(state, bytes, new Uint32Array(2), { threshold: 2, ring: 32 })).toBe(true)
      expect('stuck' in unmask(state, bytes, { threshold: 2, ring: 32 })).toBe(true)
    }), { numRuns: 2000 })
  })
})

describe('a client goes no further', () => {
  const terms = { threshold: 3, ring: 32 }

  it('among fewer than the threshold', () => {
    const { clients, hidden, shared, all } = opened(3, terms)
    expect(shareKeys(advertise(1, drawsOf([1, 1])).state, all.subarray(0, 68), terms, drawsOf([1, 1]))).toEqual({ stuck: 'too few' })
    const some = new Map([...readHidden(hidden.get(1)!)!].slice(1))
    expect(maskInput(shared[0], writeHidden(some), new Uint32Array(4), terms)).toEqual({ stuck: 'too few' })
    expect(unmask(clients.get(1)!.state, writeNumbers([1, 2]), terms)).toEqual({ stuck: 'too few' })
  })

  it('where it was left out, or somebody is named whom it shares nothing with', () => {
    const { clients, all } = opened(3, terms)
    expect(shareKeys(advertise(7, drawsOf([1, 1])).state, all, terms, drawsOf([1, 1]))).toEqual({ stuck: 'left out' })
    expect(unmask(clients.get(1)!.state, writeNumbers([2, 3, 4]), terms)).toEqual({ stuck: 'left out' })
    expect(unmask(clients.get(1)!.state, writeNumbers([1, 2, 3, 4]), terms)).toEqual({ stuck: 'left out' })
  })
})
