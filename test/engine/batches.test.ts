import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchCursor, batchesOf, examplesOf, paddedRows, stepsIn, stepsOf, stintOf } from '../../src/engine/feeding/batches.js'
import { permutation, streams } from '../../src/random/streams.js'

describe('steps', () => {
  it.each([
    [64, 16, 1, 4],
    [65, 16, 1, 5],
    [65, 16, 2, 10],
    [65, 16, 0.5, 3],
    [65, 16, 1.1, 6],
    [300, 10, 0.1, 3],
    [7, 16, 0.01, 1],
    [7, 16, 0, 0],
    [0, 16, 3, 0],
  ])('%i rows in batches of %i for %f epochs are %i steps', (rows, batch, epochs, steps) => {
    expect(stepsOf(rows, batch, epochs)).toBe(steps)
  })

  it('pads to a multiple of 16', () => {
    expect([1, 15, 16, 17, 256].map(paddedRows)).toEqual([16, 16, 16, 32, 256])
  })

  it('counts a row once per epoch', () => {
    expect(examplesOf(65, 16, { from: 0, until: 4 })).toBe(64)
    expect(examplesOf(65, 16, { from: 0, until: 5 })).toBe(65)
    expect(examplesOf(65, 16, { from: 0, until: 11 })).toBe(146)
    expect(examplesOf(65, 16, { from: 4, until: 6 })).toBe(17)
    expect(examplesOf(0, 16, { from: 0, until: 0 })).toBe(0)
  })

  it('are dealt out to parts, each once: a thousand rows are a thousand examples in five parts of four batches', () => {
    const parts = [0, 1, 2, 3, 4].map((nth) => stintOf(1000, 256, { epochs: 1, part: { nth, of: 5 } }))
    expect(parts.map((part) => examplesOf(1000, 256, part))).toEqual([256, 256, 256, 232, 0])
  })
})

/** In which of how many parts the batches are. */
const share = fc.integer({ min: 1, max: 7 })

const arbitrary = fc.record({
  rows: fc.integer({ min: 1, max: 60 }),
  batch: fc.integer({ min: 1, max: 24 }),
  epochs: fc.double({ min: 0, max: 3, noNaN: true }),
  seed: fc.string(),
})

const orderOf = (key: string, epoch: number): string => {
  const cursor = new BatchCursor(40, 40, { epochs: 2, seed: 's', key: [key] })
  cursor.seek(epoch)
  return cursor.order.join()
}

describe('the cursor', () => {
  it('visits every row once per epoch, in the order of the epoch\'s stream, and the examples add up', () => {
    fc.assert(
      fc.property(arbitrary, ({ rows, batch, epochs, seed }) => {
        const cursor = new BatchCursor(rows, batch, { epochs, seed, key: ['a', 3] })
        const visited: number[] = []
        for (let step = 0; step < cursor.steps; step++) {
          cursor.seek(step)
          visited.push(...cursor.order.subarray(cursor.start, cursor.start + cursor.count))
        }
        const expected: number[] = []
        for (let epoch = 0; epoch < 3; epoch++) {
          expected.push(...permutation(rows, streams(seed)('a', 3, 'order', epoch)))
        }
        expect(visited).toEqual(expected.slice(0, visited.length))
        expect(visited.length).toBe(examplesOf(rows, batch, { from: 0, until: cursor.steps }))
        expect(cursor.steps).toBe(stepsOf(rows, batch, epochs))
        expect(cursor.steps).toBeLessThanOrEqual(3 * batchesOf(rows, batch))
      }),
    )
  })

  it('visits in parts what it visits in one, and parts are as equal as whole batches allow', () => {
    fc.assert(
      fc.property(arbitrary, share, ({ rows, batch, epochs, seed }, of) => {
        const visit = (part?: { nth: number; of: number }): number[][] => {
          const cursor = new BatchCursor(rows, batch, { epochs, seed, key: ['a'], part })
          return Array.from({ length: cursor.steps }, (_, step) => {
            cursor.seek(cursor.from + step)
            return [...cursor.order.subarray(cursor.start, cursor.start + cursor.count)]
          })
        }
        const parts = Array.from({ length: of }, (_, nth) => visit({ nth, of }))
        expect(parts.flat()).toEqual(visit())
        const sizes = parts.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        for (const [nth, length] of sizes.entries()) expect(stepsIn(rows, batch, { epochs, part: { nth, of } })).toBe(length)
      }),
    )
  })

  it('gives every epoch and every key an order of its own', () => {
    expect(new Set([orderOf('a', 0), orderOf('a', 1), orderOf('b', 0), orderOf('b', 1)]).size).toBe(4)
  })
})
