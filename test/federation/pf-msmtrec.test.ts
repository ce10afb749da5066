import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Weather } from '../../src/faults/weather.js'
import { setUp } from '../../src/flight/setup.js'
import { flyUnder } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { adam, mmoe, pfMsmtrec, pfMsmtrecMmoe, synchronous } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { calm, clear } from './calm.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ NL: 20, ES: 15, FR: 12 })
const size = { embedding: 2, experts: 2, expert: [3, 2], tower: [2], batchNorm: true }

const fly = async (changes: Partial<Specification> = {}, weather: Weather = calm()): Promise<Flight> => {
  const specification: Specification = {
    world: { kind: 'storefronts' },
    model: pfMsmtrecMmoe(size),
    local: { epochs: 1, batch: 16, optimizer: adam(1e-2) },
    strategy: pfMsmtrec(),
    rounds: synchronous({ count: 2 }),
    evaluate: { every: 100, final: false },
    ...changes,
  }
  const resolved = resolve(specification, { seed: 1, engine: 'tfjs' })
  return flyUnder(await setUp(resolved, world, engine), () => weather, { engine, stepCost: () => 1000 })
}

const loses = (kind: string, part: string, from: string): Weather =>
  calm({ judge: (e) => (e.kind === kind && e.part === part && e.from === from ? { ...clear, lost: { travelled: 1, fault: 'lose' } } : clear) })

describe('a fault on one line to one expert network', () => {
  it('changes what that expert serves, and no other part', async () => {
    const once = { rounds: synchronous({ count: 1 }) }
    const [whole, faulty] = [await fly(once), await fly(once, loses('update', 'expert-2', 'client-NL'))]
    expect(Object.keys(whole.parts)).toEqual(['trunk', 'expert-1', 'expert-2'])
    expect(faulty.parts.trunk).toEqual(whole.parts.trunk)
    expect(faulty.parts['expert-1']).toEqual(whole.parts['expert-1'])
    expect(faulty.parts['expert-2']).not.toEqual(whole.parts['expert-2'])
    const lost = faulty.ledger.filter(({ fate }) => fate === 'lost')
    expect(lost.map(({ from, part }) => [from, part])).toEqual([['client-NL', 'expert-2']])
  })
})

describe('what travels', () => {
  const roles = (flight: Flight, part: string): Set<string> =>
    new Set(flight.ledger.filter((row) => row.part === part && row.kind === 'update').flatMap((row) => row.roles))

  it('is scenario and global factors and towers: neither task factors, batch norm, gates nor embeddings', async () => {
    const flight = await fly()
    expect([...roles(flight, 'trunk')]).toEqual(['tower'])
    expect([...roles(flight, 'expert-1')]).toEqual(['expert'])
    // Expert 1: input 6 -> 3 -> 2, weights and biases, once global and once scenario.
    expect(flight.parts['expert-1'].length).toBe(2 * (6 * 3 + 3 + 3 * 2 + 2))
    // Towers: 2 -> 2 -> 1 for two tasks; their batch norm is private.
    expect(flight.parts.trunk.length).toBe(2 * (2 * 2 + 2 + 2 + 1))
  })

  it('follows the switches', async () => {
    const switches = { federatedBn: false, shareGates: true, shareEmbeddings: true, towerStage: false }
    const averaged = await fly({ strategy: pfMsmtrec(switches) })
    expect([...roles(averaged, 'trunk')].sort()).toEqual(['batch-norm', 'embedding', 'gate', 'input'])
    expect([...roles(averaged, 'expert-2')].sort()).toEqual(['batch-norm', 'expert'])
  })
})

describe('every ablation flies, and is another run', () => {
  const ablations: Record<string, Partial<Specification>> = {
    full: {},
    'without a template': { model: pfMsmtrecMmoe({ ...size, template: 'none' }) },
    'template sum': { model: pfMsmtrecMmoe({ ...size, template: 'sum' }) },
    'template two': { model: pfMsmtrecMmoe({ ...size, template: 'two' }) },
    'without federated batch normalisation': { strategy: pfMsmtrec({ federatedBn: false }) },
    'without conflict coordination': { strategy: pfMsmtrec({ coordination: 'mean' }) },
    'PCGrad': { strategy: pfMsmtrec({ coordination: 'pcgrad' }) },
    'FedFV': { strategy: pfMsmtrec({ coordination: 'fedfv', keep: 0.4 }) },
    'without personalised aggregation': { strategy: pfMsmtrec({ personalised: false }) },
    'without the tower stage': { strategy: pfMsmtrec({ towerStage: false }) },
    'towers across tasks': { strategy: pfMsmtrec({ crossTask: true }) },
    'without the regulariser': { strategy: pfMsmtrec({ lambda: 0 }) },
    'weights that do not learn': { strategy: pfMsmtrec({ hyperRate: 0 }) },
    'gradients by cosine': { strategy: pfMsmtrec({ hyperGradient: 'cosine' }) },
    'gates shared': { strategy: pfMsmtrec({ shareGates: true }) },
    'averages by samples': { strategy: pfMsmtrec({ average: 'samples' }) },
  }

  it('with digests of their own, and the same when flown again', async () => {
    const digests = new Map<string, string>()
    for (const [name, changes] of Object.entries(ablations)) {
      const { digests: { numbers }, rounds } = await fly({ ...changes, rounds: synchronous({ count: 3 }) })
      expect(rounds.every(({ outcome }) => outcome === 'closed'), name).toBe(true)
      for (const [other, seen] of digests) expect(numbers, `${name} and ${other}`).not.toBe(seen)
      digests.set(name, numbers)
    }
    expect((await fly({ rounds: synchronous({ count: 3 }) })).digests.numbers).toBe(digests.get('full'))
  })

  it('takes the experts of a plain MMoE for scenario factors', async () => {
    const plain = await fly({ model: mmoe(size) })
    const none = await fly({ model: pfMsmtrecMmoe({ ...size, template: 'none' }) })
    expect(plain.parts).toEqual(none.parts)
  })
})
