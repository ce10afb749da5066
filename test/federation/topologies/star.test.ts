import { expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { asStar, fedAvg, mmoe, simulation, synchronous } from '../../../src/index.js'
import { simulate } from '../../../src/runs/simulate.js'

it('a star is what there is where nothing is said', async () => {
  const of = (topology?: ReturnType<typeof asStar>) => simulate(simulation({
    world: storefronts({ scenarios: 3, impressions: 120, users: 20 }), model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
    strategy: fedAvg(), rounds: synchronous({ count: 2 }), ...(topology && { topology }),
  }), { seed: '7', engine: 'surrogate', workers: 1 }).then(({ digest }) => digest)
  expect(await of(asStar())).toBe(await of())
}, 60_000)
