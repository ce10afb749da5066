import fc from 'fast-check'
import { expect, it } from 'vitest'

import { ByteReader } from '../../../src/codecs/coding/byte-reader.js'
import { ByteWriter } from '../../../src/codecs/coding/byte-writer.js'
import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { mostOfPositions, readPositions, writePositions } from '../../../src/codecs/coding/golomb-rice.js'
import { Malformed } from '../../../src/codecs/coding/malformed.js'

const written = (positions: readonly number[], places: number): Uint8Array => {
  const out = new ByteWriter(1)
  writePositions(Uint32Array.from(positions), places, out)
  return out.written().slice()
}

const read = (bytes: Uint8Array, count: number, places: number): number[] => {
  const reader = new ByteReader(bytes)
  const positions = readPositions(reader, count, places)
  reader.end()
  return [...positions]
}

/** Bit by bit, with every parameter: the first of the shortest. */
const naive = (positions: readonly number[], places: number): number[] => {
  if (positions.length === 0 || positions.length === places) return []
  let shortest: number[] = []
  let parameter = 0
  for (let b = 0; b <= 24; b++) {
    const bits: number[] = []
    for (const [i, position] of positions.entries()) {
      const gap = position - (i === 0 ? -1 : positions[i - 1]) - 1
      for (let q = 0; q < Math.floor(gap / 2 ** b); q++) bits.push(0)
      bits.push(1)
      for (let bit = 0; bit < b; bit++) bits.push(Math.floor(gap / 2 ** bit) % 2)
    }
    if (b === 0 || bits.length < shortest.length) [shortest, parameter] = [bits, b]
  }
  const bytes = [parameter]
  for (let i = 0; i < shortest.length; i += 8) {
    bytes.push(shortest.slice(i, i + 8).reduce((byte, bit, at) => byte + bit * 2 ** at, 0))
  }
  return bytes
}

const sets = fc.integer({ min: 1, max: 2000 }).chain((places) =>
  fc.tuple(fc.constant(places), fc.uniqueArray(fc.integer({ min: 0, max: places - 1 }), { maxLength: 300 })),
)

it('writes gaps as quotients and remainders', () => {
  // Gaps 1, 0 and 6 with b = 1, from the lowest bit on: 1 1, 1 0, 0 0 0 1 0.
  expect([...written([1, 2, 9], 12)]).toEqual([1, 0b10000111, 0b0])
  // A bit a place where every second one is set.
  expect([...written([0, 2, 4, 6], 8)]).toEqual([0, 0b01010101])
  expect([...written([], 8)]).toEqual([])
  expect([...written([0, 1, 2], 3)]).toEqual([])
})

it('writes the bytes of a coder that writes bit by bit and tries every parameter', () => {
  fc.assert(
    fc.property(sets, ([places, set]) => {
      const positions = set.sort((a, b) => a - b)
      const bytes = written(positions, places)
      expect([...bytes]).toEqual(naive(positions, places))
      expect(read(bytes, positions.length, places)).toEqual(positions)
      expect(bytes.length).toBeLessThanOrEqual(mostOfPositions(positions.length, places))
    }),
    { numRuns: 300 },
  )
})

it('holds gaps of any width', () => {
  const positions = [5, 7, 2 ** 24 + 3, 2 ** 31 - 1]
  expect(read(written(positions, 2 ** 31), 4, 2 ** 31)).toEqual(positions)
  expect(read(written([2 ** 20], 2 ** 31), 1, 2 ** 31)).toEqual([2 ** 20])
})

it('costs at most 8.3 bits for each of a random 1 %', () => {
  const draws = drawsOf([3, 4])
  const places = 1_000_000
  const set = new Set<number>()
  while (set.size < places / 100) set.add(draws.next() % places)
  const bits = (8 * written([...set].sort((a, b) => a - b), places).length) / set.size
  expect(bits).toBeLessThan(8.3)
  expect(bits).toBeGreaterThan(8.08)
})

it('is at most as long as promised, which grows with both of its arguments', () => {
  for (let places = 1; places < 60; places++) {
    for (let count = 0; count <= places; count++) {
      expect(mostOfPositions(count, places + 1)).toBeGreaterThanOrEqual(mostOfPositions(count, places))
      if (count < places) expect(mostOfPositions(count + 1, places)).toBeGreaterThanOrEqual(mostOfPositions(count, places))
    }
  }
})

it('refuses what no writer has written', () => {
  expect(() => read(Uint8Array.of(25, 255), 1, 8)).toThrow(/25 bits/)
  expect(() => read(Uint8Array.of(0), 1, 8)).toThrow(Malformed)
  expect(() => read(Uint8Array.of(0, 0, 0, 0, 1), 1, 8)).toThrow(/behind the last of 8 places/)
  expect(() => read(Uint8Array.of(3, 0b1111), 1, 8)).not.toThrow()
  expect(() => read(Uint8Array.of(4, 0b11111), 1, 8)).toThrow(/behind the last of 8 places/)
  expect(() => read(Uint8Array.of(0, 0b11), 1, 8)).toThrow(/after the last position/)
})
