import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { strategyEntries, type StrategySpec } from '../../src/federation/strategies/registry.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import { mmoe, sgd, synchronous } from '../../src/simulation/script.js'
import { unequal } from './every-fault.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** Rows of the two tables, unknown words first; no training row of `unequal` holds one. */
const tables = [[0, 5], [5, 7]] as const
const width = 2

it.each(strategyEntries.map(({ kind }) => kind))('under %s an unknown word is answered for by the mean of those trained', async (kind) => {
  const scored = new Map<string, Float32Array>()
  const watching: Engine = {
    ...engine,
    prepare: (training) => engine.prepare(training),
    register: (handle, table) => engine.register(handle, table),
    train: (jobs) => engine.train(jobs),
    score: (jobs) => {
      for (const { client, data, parameters } of jobs) if (/\/(test|validation)/.test(data)) scored.set(client, parameters)
      return engine.score(jobs)
    },
  }
  await fly(resolve({
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: width, experts: 2, expert: [4], tower: [2] }),
    local: { epochs: 2, batch: 8, optimizer: sgd(0.1) },
    strategy: { kind } as StrategySpec,
    rounds: synchronous({ count: 4 }),
    evaluate: { every: 100, start: false },
  }, { seed: 5, engine: 'tfjs' }), { world: unequal, engine: watching })

  expect(scored.size).toBe(kind === 'pooled' ? 1 : 4)
  for (const [client, parameters] of scored) {
    // The embedding is the first segment.
    for (const [from, count] of tables) {
      const rows = Array.from({ length: count }, (_, r) => [...parameters.subarray((from + r) * width, (from + r + 1) * width)])
      const [unknown] = rows
      const trained = rows.filter((row) => row.some((value, k) => value !== unknown[k]))
      expect(trained.length, client).toBeGreaterThanOrEqual(3)
      unknown.forEach((value, k) => {
        expect(value, `${client} ${from}`).toBeCloseTo(trained.reduce((sum, row) => sum + row[k], 0) / trained.length, 6)
      })
    }
  }
}, 30_000)
