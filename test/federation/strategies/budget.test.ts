import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { type StrategySpec, strategyEntries } from '../../../src/federation/strategies/registry.js'
import { fly } from '../../../src/flight/fly.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { mmoe, sgd, synchronous } from '../../../src/simulation/script.js'
import { pageText } from '../../docs/pages.js'
import { smallWorld } from '../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ workers: 0 })
})
afterAll(() => engine.close())

/** Rows that no batch divides: four batches of 256, of which the last has 232. */
const ROWS = 1000

/** How often a client trains on each of its rows, in each of two rounds of one epoch. */
const budgetOf = async (kind: string, options = {}): Promise<number[]> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 2, expert: [1], tower: [1], batchNorm: true }),
      local: { epochs: 1, batch: 256, optimizer: sgd(0.01) },
      strategy: { kind, ...options } as StrategySpec,
      rounds: synchronous({ count: 2 }),
      evaluate: { start: false, every: 100, final: false },
    },
    { seed: 1 },
  )
  const { trainings } = await fly(resolved, { world: smallWorld({ A: ROWS, B: ROWS }), engine })
  const perRow = kind === 'pooled' ? 2 * ROWS : ROWS
  const client = trainings[0].client
  const rounds = [1, 2].map((round) => trainings.filter((row) => row.client === client && row.round === round))
  return rounds.map((rows) => rows.reduce((sum, { examples }) => sum + examples, 0) / perRow)
}

/** The strategies that the page says to train on more. */
const more = new Map(
  [...pageText('docs/strategies.md').matchAll(/^\| `([\w-]+)` \| (\d+) \| [^|]+ \|$/gm)].map(([, kind, times]) => [kind, Number(times)]),
)

it.each(strategyEntries.map(({ kind }) => kind))('%s trains on as many rows in a round as its page says', async (kind) => {
  const times = more.get(kind) ?? 1
  expect(await budgetOf(kind)).toEqual([times, times])
})

it('fine-tuning is what it is said to cost', async () => {
  expect(await budgetOf('fedavg-ft', { epochs: 2 })).toEqual([3, 3])
})

it.each([1, 2, 3, 5, 7])('pFedMe has FedAvg’s budget with %i inner problems', async (inner) => {
  expect(await budgetOf('pfedme', { inner })).toEqual([1, 1])
})
