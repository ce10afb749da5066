import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { flyUnder } from '../../src/flight/fly.js'
import { setUp } from '../../src/flight/setup.js'
import { resolve } from '../../src/simulation/resolve.js'
import { asynchronous, buffered, fedAvg, mlp, sgd, type Specification } from '../../src/simulation/script.js'
import { calm } from './calm.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ workers: 0 })
})
afterAll(() => engine.close())

/** How often the aggregator asks whether a client is there, for each training, where every other client never is. */
const looks = async (clients: number, rounds: Specification['rounds']): Promise<number> => {
  const names = Array.from({ length: clients }, (_, i) => `c${String(i).padStart(3, '0')}`)
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model: mlp({ hidden: [] }), local: { epochs: 1, batch: 4, optimizer: sgd(0.1) },
      strategy: fedAvg(), rounds, evaluate: { start: false, every: 1e9, final: false },
    },
    { seed: 1 },
  )
  const setup = await setUp(resolved, smallWorld(Object.fromEntries(names.map((name) => [name, 2]))), engine)
  let asked = 0
  const away = (client: string): boolean => Number(client.slice(-1)) % 2 === 1
  const weather = calm({
    available: (client) => {
      asked++
      return !away(client)
    },
    awayUntil: (client) => (away(client) ? Infinity : undefined),
  })
  const { trainings } = await flyUnder(setup, () => weather, { engine, stepCost: () => 1000 })
  return asked / trainings.length
}

it.each([
  ['a fold for each answer', (clients: number) => asynchronous({ count: 5 * clients })],
  ['a fold for many answers', (clients: number) => buffered({ count: 10, buffer: clients / 2 })],
])('to ask one more is no look at everybody who is away or was asked before: %s', async (_, rounds) => {
  expect(await looks(20, rounds(20))).toBeLessThan(4)
  expect(await looks(120, rounds(120))).toBeLessThan(4)
})
