import { expect, it } from 'vitest'

import { completions } from '../../../src/network/links/completions.js'

const lines = { a: 1e6, b: 2e6, s: 2e6, shut: 0 }

it('completions are those of the fluid, in the order of the flows', async () => {
  // One a microsecond each over s, of which a's line has no more; from 10 on b has all of s.
  const flows = [{ over: ['b', 's'], bytes: 30 }, { over: ['a', 's'], bytes: 10 }, { at: 40, over: ['s'], bytes: 5, weight: 2 }, { over: ['s', 'shut'], bytes: 1 }]
  expect(await completions({ lines, flows })).toEqual([20, 10, 43, null])
})

it('a line that there is not is refused, and one that is on a way twice', async () => {
  await expect(completions({ lines, flows: [{ over: ['c'], bytes: 1 }] })).rejects.toThrow("there is no line 'c'")
  await expect(completions({ lines, flows: [{ over: ['a', 'a'], bytes: 1 }] })).rejects.toThrow("line 'a' is on this way twice")
})
