import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { setUp } from '../../../src/flight/setup.js'
import { flyUnder } from '../../../src/flight/fly.js'
import { buildStrategy } from '../../../src/federation/strategies/registry.js'
import { buildModel } from '../../../src/models/registry.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { adam, fedAvg, fedStar, mlp, star, synchronous } from '../../../src/simulation/script.js'
import { calm } from '../calm.js'
import { reference } from '../reference.js'
import { smallWorld } from '../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ NL: 41, ES: 30, FR: 17 })
const model = star({ embedding: 4, hidden: [6], dropout: 0.2 })

it('is a plain loop that averages what is shared and leaves each client its own factors', async () => {
  const strategy = fedStar()
  const resolved = resolve(
    {
      world: { kind: 'storefronts' }, model, strategy, rounds: synchronous({ count: 2 }),
      local: { epochs: 2, batch: 12, optimizer: adam(1e-2) }, evaluate: { every: 100, final: false, start: false },
    },
    { seed: 1, engine: 'tfjs' },
  )
  const setup = await setUp(resolved, world, engine)
  const flight = await flyUnder(setup, () => calm(), { engine, stepCost: () => 1000 })
  const { epochs, batch, optimizer, chunk, cohort } = resolved.local
  const expected = await reference({
    world, model: buildModel(model), strategy: buildStrategy(strategy), engine,
    local: { epochs, batch, optimizer }, rounds: 2, seeds: resolved.seeds, chunk, cohort,
  })
  expect(flight.personal).toEqual(Object.fromEntries(expected.personal))
  expect(flight.parts.trunk).toEqual(expected.global)
  const own = setup.layout.segments.filter((s) => s.factor === 'scenario')
  expect(expected.global.length).toBe(setup.layout.size - own.reduce((sum, { size }) => sum + size, 0))
  const factor = own.find((s) => s.name === 'star.1.scenario.weight')!
  const held = Object.values(flight.personal).map((flat) => flat.slice(factor.offset, factor.offset + factor.size).join())
  expect(new Set(held).size).toBe(3)
})

it('is FedAvg for a model without factors', () => {
  const { segments } = buildModel(mlp({ hidden: [4] }))
  const specs = segments(world.features, world.tasks)
  const scopes = (strategy: Parameters<typeof buildStrategy>[0]) =>
    specs.map((segment) => buildStrategy(strategy).template({ trainable: true, offset: 0, size: 1, ...segment }))
  expect(scopes(fedStar())).toEqual(scopes(fedAvg()))
})
