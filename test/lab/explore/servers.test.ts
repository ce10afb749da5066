import { expect, it } from 'vitest'

import { besideAggregator } from '../../../src/dials/dial.js'
import { serversOf } from '../../../src/dials/subjects.js'
import { deadline, fedAvg, gossip, hierarchical, mmoe, seconds, splitAggregator, synchronous, type Specification } from '../../../src/index.js'
import { SizedLab } from '../../../src/lab/shrink/sized-lab.js'
import { storefronts } from '../../../scenarios/index.js'

const sceneOf = (topology: Specification['topology'], experts?: number) =>
  new SizedLab({
    world: storefronts({ scenarios: 4, impressions: 80 }), model: mmoe({ experts: 3, expert: [2], tower: [2], embedding: 1 }), strategy: fedAvg(),
    rounds: topology?.kind === 'gossip' ? synchronous({ count: 2 }) : deadline({ count: 2, after: seconds(9) }), ...(topology && { topology }),
  }, { rounds: 2, cwd: process.cwd() }).scene(experts === undefined ? {} : { experts })

it.each<[string, Specification['topology'], readonly string[]]>([
  ['a star', undefined, []],
  ['an aggregator that is split', splitAggregator({ shards: 3 }), ['shard-1', 'shard-2']],
  ['regions', hierarchical({ regions: 2 }), ['regional-1', 'regional-2']],
])('%s has as many expert networks as its model has experts, and its other servers beside them', async (_, topology, others) => {
  for (const count of [undefined, 1, 4]) {
    const scene = await sceneOf(topology, count)
    const experts = Array.from({ length: count ?? 3 }, (_each, e) => `expert-${e + 1}`)
    expect(scene.experts).toEqual(experts)
    expect(besideAggregator(scene)).toEqual([...experts, ...others])
    expect(serversOf(scene)).toEqual(['aggregator', ...experts, ...others])
  }
}, 60_000)

it('peers have no servers', async () => {
  expect(serversOf(await sceneOf(gossip()))).toEqual([])
}, 60_000)
