import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Table } from '../../../src/data/table.js'
import type { World } from '../../../src/data/world.js'
import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import type { StrategySpec } from '../../../src/federation/strategies/registry.js'
import { flyUnder } from '../../../src/flight/fly.js'
import { setUp } from '../../../src/flight/setup.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { deadline, esmm, fedAvg, fedFomo, fedFv, seconds, sgd } from '../../../src/simulation/script.js'
import { calm } from '../calm.js'
import { smallWorld } from '../small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ NL: 20, ES: 16, FR: 12 })

/** With conversion among clicks as a third task, whose loss is unlike the others'. */
const withConversion: World = {
  ...world,
  tasks: [...world.tasks, { name: 'cvr', kind: 'binary' }],
  scenarios: world.scenarios.map(({ name, train, validation, test }) => {
    const widened = (table: Table): Table => {
      const labels = Float32Array.from({ length: table.rows * 3 }, (_, at) => {
        const [click, both] = table.labels.subarray(Math.floor(at / 3) * 2)
        return [click, both, click === 1 ? 1 - both : NaN][at % 3]
      })
      return { ...table, labels }
    }
    return { name, train: widened(train), validation: widened(validation), test: widened(test) }
  }),
}

const specs: readonly StrategySpec[] = [fedAvg(), fedFv({ alpha: 0.4 }), fedFomo()]

it.each(specs.map((spec) => [spec.kind, spec] as const))('%s: a task that is only scored changes no parameter and no message', async (_, strategy) => {
  const fly = async (about: World) => {
    const resolved = resolve(
      {
        world: { kind: 'storefronts' },
        model: esmm({ embedding: 2, tower: [4] }),
        local: { epochs: 1, batch: 8, optimizer: sgd(0.5) },
        strategy,
        rounds: deadline({ count: 3, after: seconds(60) }),
        evaluate: { every: 100, final: false, start: false },
      },
      { seed: 1, engine: 'tfjs' },
    )
    const setup = await setUp(resolved, about, engine)
    const flight = await flyUnder(setup, () => calm(), { engine, stepCost: () => 1000 })
    return { parts: setup.parts, states: flight.states }
  }
  expect(await fly(withConversion)).toEqual(await fly(world))
})
