import { expect, it } from 'vitest'

import { JobMemory } from '../../src/engine/recalling/job-memory.js'

const of = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes)

it('gives back what was put, and lets go of what nobody asked for longest', () => {
  const memory = new JobMemory(6)
  memory.put('a', of(1, 1))
  memory.put('b', of(2, 2))
  memory.put('c', of(3, 3))
  expect(memory.get('a')).toEqual(of(1, 1))
  // Now b is what nobody asked for longest.
  memory.put('d', of(4, 4))
  expect(['a', 'b', 'c', 'd'].map((key) => memory.get(key)?.[0])).toEqual([1, undefined, 3, 4])
  expect([memory.recalled, memory.done]).toEqual([4, 4])
})

it('never holds more than it may, and counts nothing twice', () => {
  const memory = new JobMemory(6)
  memory.put('large', new Uint8Array(7))
  expect(memory.get('large')).toBeUndefined()
  memory.put('a', of(1, 1, 1))
  memory.put('a', of(1, 1, 1))
  memory.put('b', of(2, 2, 2))
  expect(memory.get('a')).toEqual(of(1, 1, 1))
  memory.put('c', of(3, 3, 3, 3, 3, 3))
  expect(['a', 'b', 'c'].map((key) => memory.get(key)?.length)).toEqual([undefined, undefined, 6])
})
