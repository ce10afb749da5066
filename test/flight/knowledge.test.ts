import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { planOf } from '../../src/flight/fly.js'
import { knowledgeOf } from '../../src/flight/knowledge.js'
import { setUp } from '../../src/flight/setup.js'
import { resolve } from '../../src/simulation/resolve.js'
import { all, away, deadline, device, fedAvg, mlp, seconds } from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

it('is what clients have: rows, mean labels, speeds; and plans weigh by it', async () => {
  const world = smallWorld({ A: 10, B: 30 })
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mlp({ embedding: 1, hidden: [2] }),
      strategy: fedAvg(),
      rounds: deadline({ count: 1, after: seconds(1) }),
      devices: device({ gflops: 8, overrides: [{ who: 'client-B', gflops: 2 }] }),
      faults: [away(all(), { probability: 0.5, bias: { by: 'rows' } }), away(all(), { probability: 0.5, bias: { by: 'speed', power: -1 } })],
    },
    { seed: 1, engine: 'tfjs' },
  )
  const setup = await setUp(resolved, world, engine)
  const known = knowledgeOf(setup, () => '')
  expect(known.tasks).toEqual(['ctr', 'ctcvr'])
  expect(['client-A', 'client-B'].map((client) => [known.rows(client), known.speed(client)])).toEqual([[10, 8e9], [30, 2e9]])
  const { labels } = world.scenarios[1].train
  const mean = (task: number): number => labels.filter((_, i) => i % 2 === task).reduce((sum, label) => sum + label, 0) / 30
  expect([known.label('client-B', undefined), known.label('client-B', 'ctcvr')]).toEqual([mean(0), mean(1)])
  expect(planOf(setup).faults.map(({ drawn }) => drawn)).toEqual([
    { weights: { 'client-A': 0.5, 'client-B': 1.5 } }, { weights: { 'client-A': 0.4, 'client-B': 1.6 } },
  ])
})
