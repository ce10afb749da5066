import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { calmRoundsOf, fly } from '../../src/flight/fly.js'
import { setUp } from '../../src/flight/setup.js'
import { calmLine } from '../../src/cli/run.js'
import { resolve } from '../../src/simulation/resolve.js'
import { deadline, fedAvg, kbps, mlp, mmoe, ms, narrow, region, seconds, sgd, synchronous, type Specification } from '../../src/simulation/script.js'
import { everyAbsence, everyFault, unequal } from '../federation/every-fault.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const specified = (network: Specification['network'], more: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model: mlp({ hidden: [2] }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 1 }),
  devices: { stepOverhead: 400_000, gflops: 1e9, memoryGBps: 1e9 },
  evaluate: { every: 100, final: false, start: false },
  network,
  ...more,
})

/** When models and updates of a first round are there, by client. */
const arrivals = async (network: Specification['network']): Promise<Record<string, (number | null)[]>> => {
  const flight = await fly(resolve(specified(network), { engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 16, C: 16 }), engine })
  const found: Record<string, (number | null)[]> = {}
  for (const { from, to, kind, delivered } of flight.ledger) {
    if (kind === 'model') found[to] = [delivered]
    if (kind === 'update') found[from].push(delivered)
  }
  return found
}

/*
 * By hand: a model or an update is 968 bytes, a step takes 400 ms and a microsecond. All clients have lines of a byte a
 * microsecond, and no latency.
 */
describe('a flight under fair sharing', () => {
  const own = { sharing: 'fair', up: 8e6, down: 8e6, latency: 0 } as const

  it('clients’ own lines are as they were', async () => {
    const one = [968, 968 + 400_001 + 968]
    expect(await arrivals(own)).toEqual({ 'client-A': one, 'client-B': one, 'client-C': one })
    expect(await arrivals({ ...own, sharing: 'fifo' })).toEqual({ 'client-A': one, 'client-B': one, 'client-C': one })
  })

  it('the servers’ line is everybody’s: a third each down, and half of a byte each up', async () => {
    const down = 968 * 3
    const one = [down, down + 400_001 + 968 * 2]
    expect(await arrivals({ ...own, servers: { up: 8e6, down: 12e6 } })).toEqual({ 'client-A': one, 'client-B': one, 'client-C': one })
  })

  it('by weight, and by region: who has two of four has half; those in a region share its line', async () => {
    const regions = { here: ['client-A'], there: ['client-B', 'client-C'] }
    const weighted = await arrivals({ ...own, regions, servers: { up: 8e6 }, overrides: [{ who: region('here'), weight: 2 }] })
    // A has half until 1,936; by then the others have half of theirs, and they go on at half.
    expect([weighted['client-A'][0], weighted['client-B'][0]]).toEqual([1936, 2904])
    const regional = await arrivals({ ...own, regions, regional: { there: { down: 4e6 } } })
    expect(['A', 'B', 'C'].map((name) => regional[`client-${name}`][0])).toEqual([968, 3872, 3872])
    const backbone = await arrivals({ ...own, regions: { here: ['client-A', 'aggregator'] }, backbone: 8e6 })
    expect(['A', 'B', 'C'].map((name) => backbone[`client-${name}`][0])).toEqual([968, 1936, 1936])
  })

  it('what a calm round takes is said to be the least', async () => {
    const world = smallWorld({ A: 16, B: 16, C: 16 })
    const resolved = resolve(specified({ ...own, servers: { up: 4e6 } }), { engine: 'surrogate' })
    const rounds = calmRoundsOf(await setUp(resolved, world, engine))
    expect(rounds[0]).toMatchObject({ down: 1936, up: 968 })
    expect(calmLine(rounds, resolved)).toContain('the slowest, at least 403 ms')
    expect(calmLine(rounds, resolve(specified({ ...own, sharing: 'fifo' }), { engine: 'surrogate' }))).toContain('the slowest, 403 ms')
  })

  it('is the same again under every fault, and carries no more than its lines do', async () => {
    const specification = specified(
      {
        sharing: 'fair', up: 400_000, down: 900_000, latency: ms(5), regions: { south: ['client-ES', 'client-FR'] },
        servers: { up: 1e6, down: 600_000 }, regional: { south: { up: 300_000, down: 500_000 } }, backbone: 2e6, overrides: [{ who: 'client-NL', weight: 3 }],
      },
      {
        model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
        rounds: deadline({ count: 6, after: seconds(4) }),
        delivery: { acknowledge: true },
        faults: [...everyFault({ leaves: [2, 3], uploadsLost: [1, 4], modelsLost: [2, 5], narrow: [1, 3], crash: 700 }), ...everyAbsence(),
          narrow({ line: 'servers' }, { by: 3, direction: 'down', rounds: [2, 3], id: 'busy' }), narrow({ line: { region: 'south' } }, { to: kbps(200), from: ms(500), until: seconds(9), id: 'south' }),
          narrow({ line: 'backbone' }, { by: 8, probability: 0.5, when: { event: 'closed', round: 1 }, lasts: seconds(8), id: 'backbone' }),
        ],
      },
    )
    const flights = await Promise.all([1, 2].map(() => fly(resolve(specification, { engine: 'surrogate' }), { world: unequal, engine })))
    expect(flights[0].digests.events).toBe(flights[1].digests.events)
    const { ledger, faults } = flights[0]
    for (const id of ['busy', 'south', 'backbone']) expect(faults.find((one) => one.id === id)!.fired, id).toBeGreaterThan(0)
    expect(new Set(ledger.map(({ fate }) => fate)).size).toBeGreaterThan(4)
    for (const [direction, bytesPerSecond] of [['down', 1e6 / 8], ['up', 600_000 / 8]] as const) {
      const rows = ledger.filter((row) => row.direction === direction)
      const bytes = rows.reduce((sum, row) => sum + (row.delivered === null ? row.travelled : row.bytes), 0)
      const last = Math.max(...rows.map(({ delivered, sent }) => delivered ?? sent))
      expect(bytes).toBeGreaterThan(1000)
      expect(bytes).toBeLessThanOrEqual((bytesPerSecond * (last + 4e6)) / 1e6)
    }
  })
})

it('a client sends its parts in order, so that the trunk is its answer whatever the others weigh', async () => {
  const model = mmoe({ embedding: 1, experts: 2, expert: [40, 40], tower: [1] })
  for (const network of [{ sharing: 'fair', up: 8e6, down: 8e6, latency: 0 }, { sharing: 'fair', up: 8e6, down: 8e6, latency: 0, servers: { up: 8e6, down: 4e6, apart: true } }] as const) {
    const flight = await fly(resolve(specified(network, { model, rounds: synchronous({ count: 2 }) }), { engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 16, C: 16 }), engine })
    const updates = flight.ledger.filter(({ kind }) => kind === 'update')
    const bytes = (part: string) => updates.find((row) => row.part === part)!.bytes
    expect(bytes('expert-1')).toBeGreaterThan(2 * bytes('trunk'))
    expect(new Set(updates.map(({ fate }) => fate))).toEqual(new Set(['used']))
    for (const { from, round, delivered } of updates.filter(({ part }) => part === 'trunk')) {
      const others = updates.filter((row) => row.from === from && row.round === round && row.part !== 'trunk')
      expect(others.every((row) => row.delivered! < delivered!)).toBe(true)
    }
  }
})

it('expert networks on hosts of their own send at once what they send one beside the other on one host', async () => {
  const busy = async (apart: boolean): Promise<{ time: number; bytes: Record<string, number> }> => {
    const network = { sharing: 'fair', up: 8e12, down: 8e12, latency: 0, servers: { up: 8e3, down: 8e3, apart } } as const
    const model = mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] })
    const flight = await fly(resolve(specified(network, { model }), { engine: 'surrogate' }), { world: smallWorld({ A: 16, B: 16, C: 16 }), engine })
    const bytes: Record<string, number> = {}
    for (const row of flight.ledger) if (row.kind === 'model' || row.kind === 'open') bytes[row.from] = (bytes[row.from] ?? 0) + row.bytes
    return { time: Math.max(...flight.ledger.filter(({ kind }) => kind === 'model').map(({ delivered }) => delivered!)), bytes }
  }
  const [together, apart] = [await busy(false), await busy(true)]
  const models = Object.values(together.bytes).reduce((sum, bytes) => sum + bytes, 0)
  // A byte takes a millisecond on the servers' line: on one host notices pass over none.
  expect(together.time).toBeLessThanOrEqual(models * 1000)
  expect(together.time).toBeGreaterThan(0.95 * models * 1000)
  // The aggregator's host also carries its notices, and has the most to send.
  expect(apart.time).toBe(apart.bytes.aggregator * 1000)
  expect(apart.bytes).toEqual(together.bytes)
})
