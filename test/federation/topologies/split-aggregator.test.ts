import { describe, expect, it } from 'vitest'

import { storefronts } from '../../../scenarios/index.js'
import { away, crash, deadline, fedAvg, krum, lose, mmoe, scaffold, seconds, simulation, type Specification, splitAggregator, synchronous } from '../../../src/index.js'
import { simulate } from '../../../src/runs/simulate.js'

const plain: Specification = simulation({
  world: storefronts({ scenarios: 4, impressions: 120, users: 20 }),
  model: mmoe({ experts: 2, expert: [4], tower: [3], embedding: 2 }),
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
})

const fly = (changes: Partial<Specification> = {}, engine: 'tfjs' | 'surrogate' = 'tfjs') =>
  simulate({ ...plain, ...changes }, { seed: '7', engine, workers: 1 })

type Shards = NonNullable<Parameters<typeof splitAggregator>[0]>['shards']

const cases: readonly [string, Shards, readonly string[]][] = [
  ['by role', 'roles', ['shard-embedding', 'shard-gate', 'shard-input', 'shard-tower']],
  ['into three of about the same size', 3, ['shard-1', 'shard-2']],
  ['as is said', { tables: ['embedding', 'input'], heads: ['tower'] }, ['shard-heads', 'shard-tables']],
]

describe('an aggregator that is split', () => {
  it.each(cases)('%s ends bit for bit where one that is whole does', async (_, shards, servers) => {
    for (const strategy of [fedAvg(), scaffold()]) {
      const local = { optimizer: { kind: 'sgd', rate: 0.1 } } as const
      const [whole, split] = [await fly({ strategy, local }), await fly({ strategy, local, topology: splitAggregator({ shards }) })]
      const scores = ({ metrics }: typeof whole) => metrics.map(({ round, scenario, task, split: on, metric, value }) => [round, scenario, task, on, metric, value])
      expect(scores(split)).toEqual(scores(whole))
      const owners = new Set(split.ledger.filter(({ kind }) => kind === 'update').map(({ to }) => to))
      expect([...owners].filter((name) => name.startsWith('shard-')).toSorted()).toEqual(servers)
    }
  }, 120_000)

  it('has every float travel once each way, and no more', async () => {
    const floats = async (topology?: Specification['topology']) => {
      const { ledger } = await fly({ ...(topology && { topology }), delivery: { checksum: false } }, 'surrogate')
      const updates = ledger.filter(({ kind, from, round }) => kind === 'update' && from === 'client-store-1' && round === 1)
      return { messages: updates.length, bytes: updates.reduce((sum, { bytes }) => sum + bytes, 0) }
    }
    const [whole, split] = [await floats(), await floats(splitAggregator({ shards: 3 }))]
    expect([whole.messages, split.messages]).toEqual([3, 5])
    // Two more heads and tensor headers, whose names are dealt out and not doubled: no float is sent twice.
    expect(split.bytes - whole.bytes).toBeGreaterThan(0)
    expect(split.bytes - whole.bytes).toBeLessThan(2 * 200)
  }, 60_000)

  it('loses with a shard what that owns, and nothing else', async () => {
    const { faults, ledger, rounds } = await fly({
      topology: splitAggregator(), rounds: deadline({ count: 3, after: seconds(1), quorum: 1 }),
      faults: [lose({ from: 'client', to: 'shard-tower' }, { probability: 1, rounds: [2, 2] })],
    }, 'surrogate')
    expect(faults[0].fired).toBe(4)
    const used = (part: string) => ledger.filter(({ kind, round, fate, part: of }) => kind === 'update' && round === 2 && fate === 'used' && of === part).length
    expect([used('trunk'), used('shard-tower'), used('shard-embedding'), used('expert-1')]).toEqual([4, 0, 4, 4])
    expect(rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'closed', 'closed'])
  }, 60_000)

  it('goes on through deaths of shards, of the aggregator, and of both', async () => {
    for (const who of [['shard-tower'], ['aggregator'], ['shard-embedding', 'aggregator', 'expert-1']]) {
      const faults = who.map((name, i) => crash(name, { at: 20_000 + i, restartAfter: 15_000 }))
      const { rounds } = await fly({ topology: splitAggregator(), faults, rounds: deadline({ count: 4, after: seconds(1), quorum: 1 }) }, 'surrogate')
      expect(rounds.length).toBe(4)
      expect(rounds.at(-1)!.outcome).toBe('closed')
    }
  }, 60_000)

  it('is selected by its role', async () => {
    const { faults } = await fly({
      topology: splitAggregator(), rounds: deadline({ count: 2, after: seconds(1), quorum: 1 }),
      faults: [away('client-store-1', { rounds: [1, 1] }), lose({ from: 'shard', to: 'client-store-2' }, { probability: 1, rounds: [2, 2] })],
    }, 'surrogate')
    expect(faults[1].fired).toBe(4)
  }, 60_000)

  it.each<[Shards, RegExp]>([
    [99, /topology.shards: 99 owners for \d+ segments, and segments stay whole. Give at most \d+/],
    [{ a: ['tower'], b: ['gate', 'tower'] }, /topology.shards: 'b' and 'a' both take tower. Give every role to one/],
    [{ a: ['bottom'] }, /topology.shards: 'a' would own nothing: besides experts this model has .*tower/],
    [{}, /topology.shards.*name at least one shard/],
    [1, /topology.shards/],
  ])('%j cannot be', async (shards, rule) => {
    await expect(fly({ topology: splitAggregator({ shards }) }, 'surrogate')).rejects.toThrow(rule)
  })

  it('says of rules that look at single updates that every shard decides for itself', async () => {
    const { warnings } = await fly({ strategy: krum({ byzantine: 1 }), topology: splitAggregator() }, 'surrogate')
    expect(warnings.join('\n')).toMatch(/topology is split, and strategy 'krum' looks at every single update: each shard decides by what it owns/)
  }, 60_000)
})
