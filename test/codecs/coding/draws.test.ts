import { expect, it } from 'vitest'

import { drawsOf } from '../../../src/codecs/coding/draws.js'

it('many draws at once are those that come one by one, before and after', () => {
  const alone = drawsOf([7, 8])
  const together = drawsOf([7, 8])
  expect(together.next()).toBe(alone.next())
  for (const count of [0, 1, 1000]) {
    expect([...together.many(count)]).toEqual(Array.from({ length: count }, () => alone.next()))
  }
  expect(together.unit()).toBe(alone.unit())
})
