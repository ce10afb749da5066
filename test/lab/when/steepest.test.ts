import { describe, expect, it } from 'vitest'

import { steepest } from '../../../src/lab/when/steepest.js'
import { proportion } from '../../../src/statistics/proportion.js'

/** Moments with these numbers, from each of which 20 flights went on and so many came. */
const looked = (hits: Readonly<Record<number, number>>) =>
  Object.entries(hits).map(([index, n]) => [Number(index), { came: proportion(n, 20, 0.95) }] as const)

describe('the steepest of several gaps', () => {
  it('is the earliest of those that rise equally and are equally wide', () => {
    // As shares: 0.15 - 0.1 is less than 0.05, and 0.1 - 0.05 is not.
    expect(3 / 20 - 2 / 20).not.toBe(2 / 20 - 1 / 20)
    for (const first of [0, 1, 2, 5, 11, 17]) {
      expect(steepest(looked({ 0: first, 1: first + 1, 2: first + 2, 3: first + 3 }), true, 20)).toEqual({ from: 0, to: 1, rise: 1 })
      expect(steepest(looked({ 0: first + 3, 1: first + 2, 2: first + 1, 3: first }), false, 20)).toEqual({ from: 0, to: 1, rise: 1 })
    }
  })

  it('is the widest of those that rise equally, and the one that rises most in any case', () => {
    expect(steepest(looked({ 0: 1, 1: 2, 4: 3, 5: 4 }), true, 20)).toEqual({ from: 1, to: 4, rise: 1 })
    expect(steepest(looked({ 0: 1, 4: 2, 5: 4 }), true, 20)).toEqual({ from: 4, to: 5, rise: 2 })
  })

  it('counts the flight’s own end, of which there is one, as all', () => {
    const end = [3, { came: { hits: 1, of: 1, share: 1, interval: [1, 1] as const } }] as const
    expect(steepest([...looked({ 0: 5, 1: 12 }), end], true, 20)).toEqual({ from: 1, to: 3, rise: 8 })
  })

  it('is none where nothing rises', () => {
    expect(steepest(looked({ 0: 20, 1: 20, 2: 19 }), true, 20)).toBeUndefined()
  })
})
