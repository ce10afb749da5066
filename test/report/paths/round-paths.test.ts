import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import { fly } from '../../../src/flight/fly.js'
import type { Flight } from '../../../src/flight/flight.js'
import { criticalWay, mannerOf, meanWays, roundPaths, type RoundPath } from '../../../src/report/paths/round-paths.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { asynchronous, deadline, fedAvg, gossip, lose, mmoe, ms, seconds, sgd, synchronous } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { smallWorld } from '../../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const flown = (own: Partial<Specification>): Promise<Flight> =>
  fly(resolve({
    world: { kind: 'storefronts' },
    model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
    local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 2 }),
    network: { up: 8e6, down: 8e6, latency: ms(10) },
    devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
    evaluate: { every: 100, final: false, start: false },
    ...own,
  }, { seed: 1, engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 32 }), engine })

const told = ({ round, opened, ways, last, after }: RoundPath): string[] => [
  `round ${round} from ${opened}: ${last?.client} last at ${last?.at}, and ${after} more`,
  ...ways.map(({ client, spans, came }) => `${client} ${came}: ${spans.map(({ stage, from, until }) => `${stage} ${from}-${until}`).join(', ')}`),
]

/*
 * By hand, to the microsecond: lines of one byte per microsecond, 10 ms of latency; a step takes 1 ms, a training the microsecond that it is
 * rounded up to. A does one step, B two. A frame of the trunk has 648 bytes, one of the expert 216: models are there after 648 + 216 +
 * 10,000 microseconds, and so are updates, the trunk's last.
 */
describe('the critical path of a round', () => {
  it('is that of the slower of two clients', async () => {
    const paths = roundPaths(await flown({}))
    expect(paths.flatMap(told)).toEqual([
      'round 1 from 0: client-B last at 23729, and 0 more',
      'client-A counted: down 0-10864, compute 10864-11865, up 11865-22729, waiting 22729-23729',
      'client-B counted: down 0-10864, compute 10864-12865, up 12865-23729',
      'round 2 from 23729: client-B last at 47458, and 0 more',
      'client-A counted: down 23729-34593, compute 34593-35594, up 35594-46458, waiting 46458-47458',
      'client-B counted: down 23729-34593, compute 34593-36594, up 36594-47458',
    ])
    expect(criticalWay(paths[0])?.client).toBe('client-B')
    expect(meanWays(paths)).toEqual([
      { client: 'client-A', asked: 2, counted: 2, closed: 0, stages: { down: 10864, compute: 1001, up: 10864, waiting: 1000 } },
      { client: 'client-B', asked: 2, counted: 2, closed: 2, stages: { down: 10864, compute: 2001, up: 10864, waiting: 0 } },
    ])
  })

  it('ends with the clock where an update is lost: nobody’s message closed the round', async () => {
    const paths = roundPaths(await flown({
      rounds: deadline({ count: 2, after: seconds(1), quorum: 1 }), faults: [lose({ from: 'client-B', to: 'aggregator' }, { rounds: [1, 1] })],
    }))
    expect(told(paths[0])).toEqual([
      'round 1 from 0: client-A last at 22729, and 977271 more',
      'client-A counted: down 0-10864, compute 10864-11865, up 11865-22729, waiting 22729-1000000',
      'client-B lost: down 0-10864, compute 10864-12865, waiting 12865-1000000',
    ])
    expect(meanWays(paths).map(({ client, asked, counted, closed }) => [client, asked, counted, closed])).toEqual([['client-A', 2, 2, 0], ['client-B', 2, 1, 1]])
  })

  it('is that of each fold where rounds overlap, from when its client was asked', async () => {
    const flight = await flown({ rounds: asynchronous({ count: 3 }) })
    expect(mannerOf(flight)).toBe('overlapping')
    expect(roundPaths(flight).flatMap(told)).toEqual([
      'round 1 from 0: client-A last at 22729, and 0 more',
      'client-A counted: down 0-10864, compute 10864-11865, up 11865-22729',
      'round 2 from 22729: client-B last at 23729, and 0 more',
      'client-B counted: down 0-10864, compute 10864-12865, up 12865-23729',
      'round 3 from 23729: client-A last at 45458, and 0 more',
      'client-A counted: down 22729-33593, compute 33593-34594, up 34594-45458',
    ])
  })

  it('has no model to wait for among peers: they train, and exchange until the last of the others has come', async () => {
    const flight = await flown({ topology: gossip({ graph: 'full' }) })
    expect(mannerOf(flight)).toBe('peers')
    const [first] = roundPaths(flight)
    const frame = flight.ledger[0].bytes
    // A has B's at 2,001 + frame + 10,000, and B has A's before that: B is done when it has trained and sent.
    expect(told(first)).toEqual([
      `round 1 from 0: client-B last at ${12001 + frame}, and 0 more`,
      `client-A counted: compute 0-1001, up 1001-${12001 + frame}`,
      `client-B counted: compute 0-2001, up 2001-${12001 + frame}`,
    ])
  })

  it('says of an answer that is late that it did not count, and waits for it no longer than the round did', async () => {
    const [first] = roundPaths(await flown({ rounds: deadline({ count: 1, after: 23_000, quorum: 1 }) }))
    expect(told(first)).toEqual([
      'round 1 from 0: client-A last at 22729, and 271 more',
      'client-A counted: down 0-10864, compute 10864-11865, up 11865-22729, waiting 22729-23000',
      'client-B late: down 0-10864, compute 10864-12865, up 12865-23000',
    ])
  })
})
