import { expect, it } from 'vitest'

import { type Atom, keyOf } from '../../../../src/lab/explore/backward/atom.js'
import { kindOf, renaming, shapeOf } from '../../../../src/lab/explore/backward/symmetry.js'

const update = (from: string, to: string, round: number): Atom => ({ kind: 'message', from, to, message: 'update', round, part: to === 'aggregator' ? 'trunk' : to, nth: 1 })

const shape = (...atoms: Atom[]) => shapeOf(atoms.map(keyOf))

it('cuts that differ in who is who alone have one shape', () => {
  const one = shape(update('client-a', 'expert-1', 1), update('client-b', 'expert-1', 1))
  expect(shape(update('client-c', 'expert-2', 1), update('client-a', 'expert-2', 1)).text).toBe(one.text)
  // Two experts, or one client twice, or another round is another thing.
  expect(shape(update('client-a', 'expert-1', 1), update('client-b', 'expert-2', 1)).text).not.toBe(one.text)
  expect(shape(update('client-a', 'expert-1', 1), update('client-a', 'expert-2', 1)).text).not.toBe(one.text)
  expect(shape(update('client-a', 'expert-1', 1), update('client-b', 'expert-1', 2)).text).not.toBe(one.text)
})

it('whatever the order in which a cut is written down', () => {
  const [a, b, c] = [update('client-a', 'expert-1', 1), update('client-b', 'expert-1', 2), update('client-a', 'aggregator', 2)]
  expect(shape(c, a, b)).toEqual(shape(a, b, c))
})

it('of a kind whatever its rounds', () => {
  expect(kindOf(shape(update('client-a', 'expert-1', 3)))).toBe(kindOf(shape(update('client-b', 'expert-2', 1))))
})

it('renames one to another, and changes places where it must', () => {
  const [from, to] = [shape(update('client-a', 'expert-1', 1)), shape(update('client-b', 'expert-1', 1))]
  expect(renaming(from, to)('["count","client-a","client-b","client-c","expert-1"]')).toBe('["count","client-b","client-a","client-c","expert-1"]')
})
