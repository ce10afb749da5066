import { describe, expect, it } from 'vitest'
import { loadWorld } from '../../scenarios/registry.js'
import { syntheticInteractions } from '../../scenarios/index.js'
import { openEngine } from '../../src/engine/open.js'
import { fly } from '../../src/flight/fly.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { adam, fedPer, localOnly, pmtRec, pooled, ranker, synchronous } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'

/** Eight clients with 20 users each, too few to know 100 common items by. */
const world = syntheticInteractions({
  scenarios: 8, users: 160, items: 100, each: 12, taste: 6, core: 1, tasks: ['bpr', 'same-tag', 'long_view'],
})

/** Two clients, for what needs no learning. */
const two = syntheticInteractions({ scenarios: 2, users: 30, items: 30, each: 8, core: 1, tasks: ['bpr', 'long_view'] })

const fly_ = async (changes: Partial<Specification>, rounds = 15): Promise<Flight> => {
  const specification: Specification = {
    world,
    model: ranker({ encoder: 'mf', embedding: 8 }),
    local: {
      epochs: 1, batch: 32, optimizer: adam(0.02), optimizerState: 'keep', balance: pmtRec({ temperature: 1e-3 }),
    },
    strategy: localOnly(),
    rounds: synchronous({ count: rounds }),
    ...changes,
  }
  const engine = await openEngine({ workers: 0 })
  try {
    const loaded = await loadWorld(resolve(specification).world, { seed: '1', cwd: process.cwd() })
    return await fly(resolve(specification, { seed: 1 }), { world: loaded, engine })
  } finally {
    await engine.close()
  }
}

const testNdcg = ({ metrics, rounds }: Flight): number => {
  const rows = metrics.filter(({ round, split, metric, task }) =>
    round === rounds.at(-1)!.round && split === 'test' && metric === 'ndcg@20' && task === 'bpr')
  expect(rows.length).toBe(new Set(metrics.map(({ scenario }) => scenario)).size)
  return rows.reduce((sum, { value }) => sum + value!, 0) / rows.length
}

/** What stays with the client: who its users are, and its own heads. */
const privateUsers = fedPer({ head: ['user', 'tower'] })

describe('a federation of recommenders', () => {
  it('shares items while users stay, and ranks better than its clients alone', async () => {
    const [shared, alone] = [await fly_({ strategy: privateUsers }), await fly_({})]
    expect(testNdcg(shared)).toBeGreaterThan(1.03 * testNdcg(alone))
    const travelled = new Set(shared.ledger.flatMap(({ roles }) => roles ?? []))
    expect(travelled.has('embedding')).toBe(true)
    expect(travelled.has('user')).toBe(false)
  })

  it('is judged by full ranking on validation, every client', async () => {
    const { metrics, selectedRound } = await fly_({ world: two, strategy: privateUsers }, 4)
    const names = new Set(metrics.filter(({ task }) => task === 'bpr').map(({ metric }) => metric))
    expect([...names].sort()).toEqual(['hr@20', 'hr@5', 'ndcg@20', 'ndcg@5', 'recall@20', 'recall@5'])
    const byRound = (round: number): number => metrics
      .filter((row) => row.round === round && row.split === 'validation' && row.metric === 'ndcg@20')
      .reduce((sum, { value }) => sum + value!, 0)
    const best = [1, 2, 3, 4].reduce((a, b) => (byRound(b) > byRound(a) ? b : a))
    expect(selectedRound).toBe(best)
  })

  it.each(['lightgcn', 'ngcf'] as const)('propagates with %s along each client’s own interactions, pooled too', async (encoder) => {
    const model = ranker({ encoder, embedding: 4, layers: 2 })
    for (const strategy of [privateUsers, pooled({ scenarioId: true })]) {
      expect(testNdcg(await fly_({ world: two, model, strategy }, 1))).toBeGreaterThan(0)
    }
  })
})
