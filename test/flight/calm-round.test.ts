import { expect, it } from 'vitest'

import { calmLine } from '../../src/cli/run.js'
import { openEngine } from '../../src/engine/open.js'
import { calmRoundsOf, fly } from '../../src/flight/fly.js'
import { setUp } from '../../src/flight/setup.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  deadline, ditto, fedAvg, localOnly, mbps, minutes, mmoe, ms, named, pfMsmtrec, sgd, slow, synchronous, type Specification,
} from '../../src/simulation/script.js'
import { unequal } from '../federation/every-fault.js'

const specified = (more: Partial<Specification>): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 2, batch: 6, optimizer: sgd(0.01) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 1 }),
  evaluate: { start: false },
  ...more,
})

it.each([
  ['FedAvg', {}],
  ['slow lines and devices', {
    network: { up: 40_000, down: 90_000, latency: ms(30), overrides: [{ who: named('client-NL'), up: 9_000 }] },
    devices: { gflops: 1e-3, overrides: [{ who: named('client-FR'), gflops: 1e-4 }] },
  }],
  ['measured lines', { network: { bandwidthTrace: { path: 'windtunnel:bandwidth.csv' }, latencyTrace: { path: 'windtunnel:latency.csv' } } }],
  ['two legs', { strategy: ditto({ lambda: 0.1, epochs: 2 }) }],
  ['tensors beside the model', { strategy: pfMsmtrec() }],
  ['local-only', { strategy: localOnly() }],
] as const)('what a calm round takes the slowest is when it closes, to a few roundings: %s', async (_, more) => {
  const engine = await openEngine({ engine: 'surrogate' })
  const resolved = resolve(specified(more as Partial<Specification>), { engine: 'surrogate' })
  const setup = await setUp(resolved, unequal, engine)
  const rounds = calmRoundsOf(setup)
  const flight = await fly(resolved, { engine, world: unequal })
  await engine.close()
  expect(rounds.map(({ client }) => client).toSorted()).toEqual(['client-DE', 'client-ES', 'client-FR', 'client-NL'])
  expect(Math.abs(rounds[0].total - flight.rounds[0].closed)).toBeLessThanOrEqual(10)
  for (const { client, start, end } of flight.trainings) {
    const { down, training } = rounds.find((one) => one.client === client)!
    expect(Math.abs(start - down) <= 10 || start > down).toBe(true)
    expect(end - start).toBeLessThanOrEqual(training)
  }
})

it('under masks a round is no longer than said: steps of several parts overlap, and unmasking waits for no more than the threshold', async () => {
  const engine = await openEngine({ engine: 'surrogate' })
  const resolved = resolve(specified({ secureAggregation: {}, network: { up: 400_000, latency: ms(30) } }), { engine: 'surrogate' })
  const [slowest] = calmRoundsOf(await setUp(resolved, unequal, engine))
  const [plain] = calmRoundsOf(await setUp(resolve(specified({ network: { up: 400_000, latency: ms(30) } }), { engine: 'surrogate' }), unequal, engine))
  const { rounds: [{ closed }] } = await fly(resolved, { engine, world: unequal })
  await engine.close()
  expect(closed).toBeLessThanOrEqual(slowest.total)
  expect(slowest.total).toBeLessThan(1.25 * closed)
  expect(slowest.total).toBeGreaterThan(plain.total + ms(60))
})

it('faults are left out of it', async () => {
  const engine = await openEngine({ engine: 'surrogate' })
  const [calm, stormy] = await Promise.all([[], [slow(named('client-ES'), { by: 1000 })]].map(async (faults) =>
    calmRoundsOf(await setUp(resolve(specified({ faults }), { engine: 'surrogate' }), unequal, engine))))
  await engine.close()
  expect(stormy).toEqual(calm)
})

it('is said in one line, with the deadline that it cannot meet', () => {
  const calm = [{ client: 'client-NL', down: 85_000, training: 90e6, up: 221_000, total: 90_306_000 }]
  expect(calmLine(calm, resolve(specified({ network: { up: mbps(1) } })))).toBe(
    'undisturbed, a first round takes client-NL, the slowest, 1:30: model 85 ms, training 1:30, answer 221 ms',
  )
  const rounds = (m: number) => resolve(specified({ rounds: deadline({ count: 1, after: minutes(m), quorum: 1 }) }))
  expect(calmLine(calm, rounds(2))).toMatch(/; a round ends after 2:00$/)
  expect(calmLine(calm, rounds(1))).toMatch(/; a round ends after 1:00, which it cannot meet$/)
})

it.each([
  ['the servers’ line', { servers: { up: 200_000, down: 100_000 } }],
  ['a region’s line and the backbone, with weights', {
    regions: { eu: ['client-DE', 'client-FR'] }, regional: { eu: { up: 50_000, down: 60_000 } }, backbone: 80_000,
    overrides: [{ who: 'client-DE', weight: 5 }, { who: 'client-ES', weight: 0.5 }],
  }],
  ['hosts of their own', { servers: { up: 150_000, down: 150_000, apart: true } }],
] as const)('where lines are shared a round is no shorter than alone on them, and no longer than with all clients on them: %s', async (_, network) => {
  const engine = await openEngine({ engine: 'surrogate' })
  const resolved = resolve(specified({ network: { sharing: 'fair', up: 400_000, down: 400_000, ...network } as Specification['network'] }), { engine: 'surrogate' })
  const setup = await setUp(resolved, unequal, engine)
  const { rounds: [{ closed }] } = await fly(resolved, { engine, world: unequal })
  await engine.close()
  const [[alone], [crowded]] = [calmRoundsOf(setup), calmRoundsOf(setup, undefined, 'crowded lines')]
  expect(alone.total).toBeLessThan(closed)
  expect(closed).toBeLessThanOrEqual(crowded.total)
  // It is a bound that says something.
  expect(crowded.total).toBeLessThan(5 * closed)
})
