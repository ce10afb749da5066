import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { poison } from '../../src/faults/all.js'
import { littleEnough, momentsOf } from '../../src/faults/attacks.js'
import type { Fold, Hooks, Planned, Tools } from '../../src/faults/fault.js'
import { faultSchema } from '../../src/faults/registry.js'
import { normalCdf, normalQuantile } from '../../src/statistics/normal.js'

/** Four numbers, the third of which is a running statistic. */
const segments = [{ trainable: true, offset: 0, size: 2 }, { trainable: false, offset: 2, size: 1 }, { trainable: true, offset: 3, size: 1 }]
const base = Float32Array.of(1, 2, 3, 4)

const compiled = (send: unknown, attackers: readonly string[] = ['b'], draws: Tools['draws'] = { visit: () => 0.5, message: () => 0 }) => {
  const struck: unknown[][] = []
  const tools: Tools = {
    draws, parts: [], names: () => false, relabelled: () => 0, events: { isOn: () => true, endsAt: () => Infinity }, live: () => {}, leave: () => {},
    strikes: (client) => attackers.includes(client),
    strike: (...all) => struck.push(all),
  }
  const fault = faultSchema.parse({ kind: 'poison', who: 'client', send })
  const planned = { id: 'p', key: 'p', fault, targets: attackers } as unknown as Planned
  return { struck, hooks: poison.compile(planned as Parameters<typeof poison.compile>[0], tools) }
}

const sends = ({ poison: hook }: Hooks, values: Float32Array, client = 'b'): number[] =>
  [...hook!(values, { client, round: 1, part: 'trunk', base, segments })]

describe('alone, from what it was sent: running statistics stay', () => {
  const values = Float32Array.of(1.5, 1, 5, 4)

  it.each([
    ['nan', [NaN, NaN, 5, NaN]],
    ['sign-flip', [0.5, 3, 5, 4]],
    [{ attack: 'sign-flip', by: 4 }, [-1, 6, 5, 4]],
    [{ attack: 'scale', by: 10 }, [6, -8, 5, 4]],
    [{ attack: 'scale', by: 0 }, [1, 2, 5, 4]],
  ])('%j', (send, expected) => {
    const { hooks, struck } = compiled(send)
    expect(sends(hooks, values)).toEqual(expected)
    expect(struck).toEqual([['b', 'b 1', 'update poisoned']])
    expect([...values]).toEqual([1.5, 1, 5, 4])
  })

  it('whom it does not strike sends what it has learnt', () => {
    const { hooks, struck } = compiled('sign-flip')
    expect(sends(hooks, values, 'a')).toEqual([...values])
    expect(struck).toEqual([])
  })

  it('noise by draws that are named by client, part, round and place', () => {
    const asked: string[] = []
    const visit = (whose: string, round: number, nth: number): number => {
      asked.push(`${whose} ${round} ${nth}`)
      // Box-Muller: sqrt(-2 ln(1 - u)) cos(2 pi v) with v = 0 is sqrt(-2 ln(1 - u)); u so that this is 2.
      return nth % 2 === 1 ? 1 - Math.exp(-2) : 0
    }
    const draws = { visit, message: () => 0 }
    expect(sends(compiled({ attack: 'noise', sd: 0.5 }, ['b'], draws).hooks, values)).toEqual([2.5, 2, 5, 5])
    expect(asked).toEqual(['b trunk 1 3', 'b trunk 1 4', 'b trunk 1 5', 'b trunk 1 6', 'b trunk 1 9', 'b trunk 1 10'])
    // It moved by .5, -1 and 0: rms sqrt(1.25 / 3).
    const relative = sends(compiled({ attack: 'noise', relative: 1 }, ['b'], draws).hooks, values)
    expect(relative[3]).toBeCloseTo(4 + 2 * Math.sqrt(1.25 / 3), 6)
    expect(sends(compiled({ attack: 'noise', sd: 0.5, instead: true }, ['b'], draws).hooks, values)).toEqual([2, 3, 5, 5])
  })
})

/** Four updates from one model; a and c moved the first number by 1 and 3, b and d by 0 and 4. */
const fold: Fold = [['a', 1], ['b', 0], ['c', 3], ['d', 4]].map(([client, by]) => ({
  client: client as string, round: 2, part: 'trunk', base, segments,
  values: Float32Array.of(1 + (by as number), 2, 7, 4),
}))

const forged = (send: unknown, attackers: readonly string[]): Record<number, number[]> =>
  Object.fromEntries([...compiled(send, attackers).hooks.forge!(fold)].map(([place, values]) => [place, [...values]]))

describe('together, at the owner’s door', () => {
  it('a little is enough: mean less z deviations, of the attackers’ own or of all', () => {
    // b and d: mean 2, sd 2. All: mean 2, sd sqrt(2.5).
    expect(forged({ attack: 'a-little-is-enough', z: 0.5 }, ['b', 'd'])).toEqual({ 1: [2, 2, 7, 4], 3: [2, 2, 7, 4] })
    const { 1: all } = forged({ attack: 'a-little-is-enough', z: 2, knows: 'all' }, ['b', 'd'])
    expect(all[0]).toBeCloseTo(1 + 2 - 2 * Math.sqrt(2.5), 6)
    // One attacker knows itself alone, and so sends what it has learnt.
    expect(forged({ attack: 'a-little-is-enough', z: 3 }, ['d'])).toEqual({ 3: [5, 2, 7, 4] })
  })

  it('inner product: the others’ mean times minus epsilon', () => {
    // a and c: mean 2.
    expect(forged({ attack: 'inner-product', epsilon: 0.5 }, ['b', 'd'])).toEqual({ 1: [0, 2, 7, 4], 3: [0, 2, 7, 4] })
    expect(forged({ attack: 'inner-product', epsilon: 3 }, ['a', 'b', 'c', 'd'])[0]).toEqual([-5, 2, 7, 4])
  })

  it('is relative to what each attacker was sent', () => {
    const other = Float32Array.of(10, 20, 30, 40)
    const mixed = fold.map((update) => update.client === 'b' ? { ...update, base: other, values: Float32Array.of(10, 20, 30, 40) } : update)
    const { hooks } = compiled({ attack: 'inner-product', epsilon: 0.5 }, ['b'])
    // a, c and d moved by 1, 3 and 4.
    expect(hooks.forge!(mixed).get(1)![0]).toBeCloseTo(10 - 0.5 * (8 / 3), 5)
  })

  it('touches nobody else, and nothing where no attacker is in the fold', () => {
    expect(forged('a-little-is-enough', ['z'])).toEqual({})
    const { hooks, struck } = compiled('a-little-is-enough', ['b', 'd'])
    expect([...hooks.forge!(fold).keys()]).toEqual([1, 3])
    expect(struck).toEqual([['b', 'b 2', 'update poisoned'], ['d', 'd 2', 'update poisoned']])
  })
})

describe('how little is enough', () => {
  it.each([
    // n, f: s = floor(n / 2 + 1) - f supporters of n - f honest ones; 24 / 38, 4 / 8, 25 / 39.
    [50, 12, 24 / 38], [10, 2, 4 / 8], [51, 12, 25 / 39],
  ])('of %i with %i attackers', (n, f, share) => {
    expect(normalCdf(littleEnough(n, f))).toBeCloseTo(share, 10)
  })

  it('known values', () => {
    expect(littleEnough(50, 12)).toBeCloseTo(0.336, 3)
    expect(littleEnough(10, 2)).toBeCloseTo(0, 12)
    // Too few honest ones to hide behind, and nobody to hide from.
    expect([littleEnough(4, 1), littleEnough(2, 2), littleEnough(1, 0)]).toEqual([0, 0, 0])
    expect(littleEnough(100, 60)).toBeCloseTo(normalQuantile(39 / 40), 12)
  })

  it('the distribution and its quantile are each other’s inverse, and have their known values', () => {
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 12)
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10)
    fc.assert(fc.property(fc.double({ min: -4, max: 4, noNaN: true }), (z) => {
      expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 8)
      expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 12)
    }))
  })

  it('moments are those of how far updates moved', () => {
    const { mean, sd } = momentsOf([1, 3, 8].map((x) => ({ values: Float32Array.of(x, 1), base: Float32Array.of(0, 1) })))
    expect([...mean]).toEqual([4, 0])
    expect(sd[0]).toBeCloseTo(Math.sqrt((9 + 1 + 16) / 3), 12)
  })
})

it('takes a name where nothing else must be said', () => {
  const send = (value: unknown) => (faultSchema.parse({ kind: 'poison', who: 'all', send: value }) as { send: unknown }).send
  expect(send('sign-flip')).toEqual({ attack: 'sign-flip', by: 1 })
  expect(send('a-little-is-enough')).toEqual({ attack: 'a-little-is-enough', knows: 'attackers' })
  expect(() => send('scale')).toThrow()
  expect(() => send({ attack: 'noise' })).toThrow(/give either/)
  expect(() => send({ attack: 'noise', sd: 1, relative: 1 })).toThrow(/give either/)
})
