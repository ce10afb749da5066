import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  bulyan, coordinateMedian, fedAvg, fraction, geometricMedian, krum, mlp, poison, sgd, synchronous, trimmedMean,
} from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from './small.js'

/*
 * The study `simulations/robust-aggregation.ts`, small and in plain tfjs numbers: ten clients whose rows follow one rule,
 * two of which send four times the opposite of what they have learnt.
 */

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld(Object.fromEntries('ABCDEFGHIJ'.split('').map((name) => [name, 60])))

/** Mean test log-loss before any training and after the last round. */
const losses = async (strategy: Specification['strategy'], faults: Specification['faults'], seed: number) => {
  const count = 8
  const { metrics } = await fly(
    resolve({
      world: { kind: 'storefronts' }, model: mlp({ hidden: [], embedding: 2 }), strategy, faults,
      local: { epochs: 1, batch: 20, optimizer: sgd(0.3) }, rounds: synchronous({ count }), evaluate: { every: count },
      onDivergence: 'go-on',
    }, { seed }),
    { world, engine },
  )
  const at = (of: number): number => {
    const own = metrics.filter(({ round, metric, split }) => round === of && metric === 'log-loss' && split === 'test')
    return own.reduce((sum, { value }) => sum + value! / own.length, 0)
  }
  return { before: at(0), after: at(count) }
}

const flips = [poison(fraction(0.2), { send: { attack: 'sign-flip', by: 4 }, id: 'flips' })]
const seeds = [1, 2, 3]

describe('sign flips from a fifth of the clients', () => {
  it('FedAvg learns without them, and nothing with them', async () => {
    for (const seed of seeds) {
      const calm = await losses(fedAvg(), [], seed)
      expect(calm.after).toBeLessThan(calm.before - 0.1)
      const hit = await losses(fedAvg(), flips, seed)
      expect(hit.after).toBeGreaterThan(hit.before - 0.02)
    }
  })

  it.each([
    ['the median', coordinateMedian()], ['the trimmed mean', trimmedMean({ beta: 0.2 })],
    ['Krum', krum({ byzantine: 2 })], ['multi-Krum', krum({ byzantine: 2, keep: 6 })],
    ['the geometric median', geometricMedian()], ['Bulyan', bulyan({ byzantine: 2 })],
  ] as const)('%s keeps learning', async (_, strategy) => {
    for (const seed of seeds) {
      const { before, after } = await losses(strategy, flips, seed)
      expect(after).toBeLessThan(before - 0.1)
    }
  })
})
