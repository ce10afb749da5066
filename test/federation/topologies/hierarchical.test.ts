import { describe, expect, it } from 'vitest'

import type { World } from '../../../src/data/world.js'
import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import type { Flight } from '../../../src/flight/flight.js'
import { fly } from '../../../src/flight/fly.js'
import { buildLayout, initialize } from '../../../src/models/layout.js'
import { buildModel } from '../../../src/models/registry.js'
import { strategyEntries } from '../../../src/federation/strategies/registry.js'
import { streams } from '../../../src/random/streams.js'
import { resolve } from '../../../src/simulation/resolve.js'
import type { Resolved } from '../../../src/simulation/specification.js'
import {
  asStar, crash, deadline, fedAdam, fedAvg, hierarchical, lose, mmoe, ms, named, partial, partition, region, role, sgd, slow, synchronous, windows, type Specification,
} from '../../../src/simulation/script.js'
import { smallWorld } from '../small.js'

const model = mmoe({ embedding: 1, experts: 2, expert: [2], tower: [] })

const specified = (more: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model,
  local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 2 }),
  network: { up: 8e6, down: 8e6, latency: ms(10) },
  devices: { stepOverhead: 1000, gflops: 1e9, memoryGBps: 1e9 },
  evaluate: { every: 100, final: false },
  ...more,
})

const rows = { A: 16, B: 32, C: 48, D: 16, E: 8 }
const world = smallWorld(rows)
const north = { north: [named('client-A'), named('client-B')], south: [named('client-C'), named('client-D'), named('client-E')] }

const flown = async (more: Partial<Specification>, of: World = world, engineName: 'tfjs' | 'surrogate' = 'surrogate'): Promise<Flight> => {
  const engine = await openEngine({ engine: engineName })
  const flight = await fly(resolve(specified(more), { seed: 1, engine: engineName }), { world: of, engine })
  await engine.close()
  return flight
}

/** One after the other. */
const inTurn = async <Of, To>(all: readonly Of[], work: (one: Of) => Promise<To>): Promise<To[]> => {
  const done: To[] = []
  for (const one of all) done.push(await work(one))
  return done
}

/** Every float of the model, part by part. */
const floatsOf = ({ parts }: Flight): number[] => Object.keys(parts).toSorted().flatMap((part) => [...parts[part]])

/**
 * HierFAVG, algorithm 1, as a plain loop over clients, edges and the cloud: kappa_1 steps of local training are what the engine
 * does in an epoch, kappa_2 is `every`. No actors, no messages, no parts.
 */
const hierFavg = async (
  { seeds, local }: Resolved, engine: Engine, regions: readonly (readonly (keyof typeof rows)[])[], rounds: number, every: number,
): Promise<Float64Array> => {
  const built = buildModel(model)
  const layout = buildLayout(built.segments(world.features, world.tasks))
  const { program } = await engine.prepare({
    model: built, features: world.features, tasks: world.tasks, layout, optimizer: local.optimizer, batch: local.batch,
    taskWeights: [0.5, 0.5], chunk: local.chunk, cohort: local.cohort, proximal: false, proximalSegments: [],
  })
  for (const { name, train } of world.scenarios) await engine.register(`loop/${name}`, train)
  const trained = async (name: string, from: Float64Array, round: number): Promise<Float32Array> => {
    const client = `client-${name}`
    const plan = { epochs: 1, seed: seeds.batches, key: ['client', client, 'round', round] }
    const [job] = engine.train([{ kind: 'train', client, program, data: `loop/${name}`, parameters: Float32Array.from(from), mu: 0, plan }])
    return (await job).parameters
  }
  const mean = (all: readonly { readonly weight: number; readonly values: ArrayLike<number> }[]): Float64Array => {
    const total = all.reduce((sum, { weight }) => sum + weight, 0)
    return Float64Array.from({ length: layout.size }, (_, i) => all.reduce((sum, { weight, values }) => sum + (weight * values[i]) / total, 0))
  }
  let cloud: Float64Array = Float64Array.from(initialize(layout, streams(seeds.initialisation)))
  for (let round = 1; round <= rounds; round++) {
    const edges: { weight: number; values: Float64Array }[] = []
    for (const members of regions) {
      let edge: Float64Array = cloud
      for (let e = 1; e <= every; e++) {
        const clients: { weight: number; values: Float32Array }[] = []
        for (const name of members) clients.push({ weight: rows[name], values: await trained(name, edge, (round - 1) * every + e) })
        edge = mean(clients)
      }
      edges.push({ weight: members.reduce((sum, name) => sum + rows[name], 0), values: edge })
    }
    cloud = mean(edges)
  }
  return cloud
}

describe('a hierarchical federation', () => {
  it.each([1, 3])('ends where HierFAVG as a plain loop ends, with %i rounds of a region for one of the aggregator', async (every) => {
    const engine = await openEngine({ engine: 'tfjs' })
    const resolved = resolve(specified({ network: { ...specified().network, regions: north }, topology: hierarchical({ every }) }), { seed: 1, engine: 'tfjs' })
    const flight = await fly(resolved, { world, engine })
    const loop = await hierFavg(resolved, engine, [['A', 'B'], ['C', 'D', 'E']], 2, every)
    await engine.close()
    const flat = flight.personal['client-A'].slice()
    const found = floatsOf(flight).toSorted((a, b) => a - b)
    const expected = [...loop].toSorted((a, b) => a - b)
    expect(flat).toHaveLength(loop.length)
    expect(found).toHaveLength(expected.length)
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5))
    expect(expected.some((value, i) => Math.abs(value - expected[0]) > 0.01 && i > 0)).toBe(true)
  }, 120_000)

  it('with one round of a region for each of the aggregator ends where a star ends; with more it does not', async () => {
    const [star, one, two] = await inTurn([asStar(), hierarchical({ regions: 2 }), hierarchical({ regions: 2, every: 2 })], (topology) => flown({ topology }, world, 'tfjs').then(floatsOf))
    one.forEach((value, i) => expect(value).toBeCloseTo(star[i], 5))
    expect(two.some((value, i) => Math.abs(value - star[i]) > 1e-3)).toBe(true)
  }, 120_000)

  it('what a strategy makes of the mean it makes once, at the servers', async () => {
    const [star, one] = await inTurn([asStar(), hierarchical({ regions: 2 })], (topology) => flown({ topology, strategy: fedAdam({ eta: 0.01 }) }, world, 'tfjs').then(floatsOf))
    one.forEach((value, i) => expect(value).toBeCloseTo(star[i], 3))
  }, 120_000)

  it('is a star for every strategy that goes by a mean, whatever clients keep of their own; the others are refused', async () => {
    const refused: string[] = []
    for (const { kind } of strategyEntries) {
      const strategy = { kind } as never
      const flying = (topology: Specification['topology']): Promise<Flight> => flown({ topology, strategy, rounds: synchronous({ count: 1 }) }, world, 'tfjs')
      const one = await flying(hierarchical({ regions: 2 })).catch((error: unknown) => error as Error)
      if (one instanceof Error) {
        expect(one.message).toMatch(/^strategy(\.\w+)? is /)
        refused.push(kind)
        continue
      }
      const star = await flying(asStar())
      const vectors = (flight: Flight): number[] => [...floatsOf(flight), ...Object.values(flight.personal).flatMap((own) => [...own])]
      const [a, b] = [vectors(star), vectors(one)]
      expect(b).toHaveLength(a.length)
      b.forEach((value, i) => expect(value).toBeCloseTo(a[i], 4))
    }
    expect(refused.toSorted()).toMatchInlineSnapshot(`
      [
        "bulyan",
        "coordinate-median",
        "fedamp",
        "fedfomo",
        "fedfv",
        "fedhca2",
        "fednova",
        "geometric-median",
        "inverse-participation",
        "krum",
        "mat-fl",
        "mifa",
        "norm-clipping",
        "pf-msmtrec",
        "pooled",
        "scaffold",
        "trimmed-mean",
      ]
    `)
  }, 120_000)

  it.each([
    ['that loses nothing', [{ kind: 'delta' }, { kind: 'zstd' }], true],
    ['up and down', { up: { kind: 'topK', share: 0.3 }, down: { kind: 'int8' } }, false],
    ['that remembers', { up: { kind: 'sign' }, down: { kind: 'powerSgd', rank: 1 } }, false],
  ] as const)('codes both hops, each with a memory of its own: %s', async (_, codec, exact) => {
    const topology = hierarchical({ regions: 2, every: 2 })
    const more = { topology, codec: codec as never, rounds: deadline({ count: 4, after: ms(400), patience: ms(100) }) }
    const [coded, again, plain] = await inTurn([codec, codec, undefined], (one) => flown({ ...more, codec: one as never }, world, 'tfjs'))
    expect(again.digest).toBe(coded.digest)
    if (exact) floatsOf(coded).forEach((value, i) => expect(value).toBeCloseTo(floatsOf(plain)[i], 5))
    const bytes = (flight: Flight, part: string): number => flight.ledger.reduce((sum, one) => sum + (one.part === part ? one.bytes : 0), 0)
    for (const part of ['whole', 'trunk']) expect(bytes(coded, part)).not.toBe(bytes(plain, part))
    const died = await flown({ ...more, faults: [crash(named('regional-1'), { at: ms(90), restartAfter: ms(20), keeps: 'checkpoint' }), crash(named('regional-2'), { at: ms(140), restartAfter: ms(20) })] })
    expect(died.rounds).toHaveLength(4)
  }, 60_000)

  it('deals clients into regions in an order that is drawn, and is flown with the same digest again', async () => {
    const [one, same, other] = await inTurn(['1', '1', '2'], async (seed) => {
      const engine = await openEngine({ engine: 'surrogate' })
      const flight = await fly(resolve(specified({ topology: hierarchical({ regions: 2, every: 2 }) }), { seed, engine: 'surrogate' }), { world, engine })
      await engine.close()
      return flight
    })
    expect(same.digest).toBe(one.digest)
    const dealt = (flight: Flight): string[] =>
      [...new Set(flight.ledger.filter(({ kind, part }) => kind === 'update' && part === 'whole').map(({ from, to }) => `${from} ${to}`))].toSorted()
    expect(dealt(one)).toHaveLength(5)
    expect(dealt(other)).not.toEqual(dealt(one))
    expect([2, 3]).toContain(dealt(one).filter((pair) => pair.endsWith('regional-1')).length)
  })
})

/*
 * Two regions of one client each, one expert, one round with two of each region, lines of one byte per microsecond, 10 ms of
 * latency, and a device on which a step takes 1 ms whatever the model. The line of the south's regional aggregator is half
 * as fast; its client is twice as slow.
 */
it('a tiny flight, event by event', async () => {
  const flight = await flown({
    model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
    rounds: synchronous({ count: 1 }),
    topology: hierarchical({ every: 2 }),
    network: {
      up: 8e6, down: 8e6, latency: ms(10), regions: { north: named('client-A'), south: named('client-B') },
      overrides: [{ who: named('regional-south'), up: 4e6, down: 4e6 }],
    },
    faults: [slow(named('client-B'), { by: 2 })],
  }, smallWorld({ A: 16, B: 16 }), 'tfjs')
  expect(flight.events.filter((line) => !line.includes('"event":"settle"'))).toMatchInlineSnapshot(`
    [
      "{"at":0,"event":"round-open","actor":"aggregator","round":1,"selected":2}",
      "{"at":0,"event":"send","actor":"aggregator","id":0,"to":"expert-1","message":"open","round":1,"part":"","bytes":80}",
      "{"at":0,"event":"send","actor":"aggregator","id":1,"to":"regional-south","message":"model","round":1,"part":"trunk","bytes":648}",
      "{"at":0,"event":"send","actor":"aggregator","id":2,"to":"regional-north","message":"model","round":1,"part":"trunk","bytes":648}",
      "{"at":0,"event":"arrive","actor":"expert-1","id":0}",
      "{"at":0,"event":"send","actor":"expert-1","id":3,"to":"regional-south","message":"model","round":1,"part":"expert-1","bytes":216}",
      "{"at":0,"event":"send","actor":"expert-1","id":4,"to":"regional-north","message":"model","round":1,"part":"expert-1","bytes":216}",
      "{"at":10648,"event":"arrive","actor":"regional-north","id":2}",
      "{"at":10864,"event":"arrive","actor":"regional-north","id":4}",
      "{"at":10864,"event":"region-open","actor":"regional-north","round":1,"selected":1}",
      "{"at":10864,"event":"send","actor":"regional-north","id":5,"to":"client-A","message":"model","round":1,"part":"whole","bytes":832}",
      "{"at":11296,"event":"arrive","actor":"regional-south","id":1}",
      "{"at":11728,"event":"arrive","actor":"regional-south","id":3}",
      "{"at":11728,"event":"region-open","actor":"regional-south","round":1,"selected":1}",
      "{"at":11728,"event":"send","actor":"regional-south","id":6,"to":"client-B","message":"model","round":1,"part":"whole","bytes":832}",
      "{"at":21696,"event":"arrive","actor":"client-A","id":5}",
      "{"at":21696,"event":"train","actor":"client-A","round":1,"until":22697,"examples":16}",
      "{"at":22560,"event":"arrive","actor":"client-B","id":6}",
      "{"at":22560,"event":"train","actor":"client-B","round":1,"until":24562,"examples":16}",
      "{"at":22697,"event":"trained","actor":"client-A","round":1,"outcome":"computed","examples":16}",
      "{"at":22697,"event":"send","actor":"client-A","id":7,"to":"regional-north","message":"update","round":1,"part":"whole","bytes":832}",
      "{"at":24562,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":16}",
      "{"at":24562,"event":"send","actor":"client-B","id":8,"to":"regional-south","message":"update","round":1,"part":"whole","bytes":832}",
      "{"at":33529,"event":"arrive","actor":"regional-north","id":7}",
      "{"at":33529,"event":"region-close","actor":"regional-north","round":1,"folded":1,"outcome":"closed","reason":"all answered"}",
      "{"at":33529,"event":"region-open","actor":"regional-north","round":2,"selected":1}",
      "{"at":33529,"event":"send","actor":"regional-north","id":9,"to":"client-A","message":"model","round":2,"part":"whole","bytes":832}",
      "{"at":35394,"event":"arrive","actor":"regional-south","id":8}",
      "{"at":35394,"event":"region-close","actor":"regional-south","round":1,"folded":1,"outcome":"closed","reason":"all answered"}",
      "{"at":35394,"event":"region-open","actor":"regional-south","round":2,"selected":1}",
      "{"at":35394,"event":"send","actor":"regional-south","id":10,"to":"client-B","message":"model","round":2,"part":"whole","bytes":832}",
      "{"at":44361,"event":"arrive","actor":"client-A","id":9}",
      "{"at":44361,"event":"train","actor":"client-A","round":2,"until":45362,"examples":16}",
      "{"at":45362,"event":"trained","actor":"client-A","round":2,"outcome":"computed","examples":16}",
      "{"at":45362,"event":"send","actor":"client-A","id":11,"to":"regional-north","message":"update","round":2,"part":"whole","bytes":832}",
      "{"at":46226,"event":"arrive","actor":"client-B","id":10}",
      "{"at":46226,"event":"train","actor":"client-B","round":2,"until":48228,"examples":16}",
      "{"at":48228,"event":"trained","actor":"client-B","round":2,"outcome":"computed","examples":16}",
      "{"at":48228,"event":"send","actor":"client-B","id":12,"to":"regional-south","message":"update","round":2,"part":"whole","bytes":832}",
      "{"at":56194,"event":"arrive","actor":"regional-north","id":11}",
      "{"at":56194,"event":"region-close","actor":"regional-north","round":2,"folded":1,"outcome":"closed","reason":"all answered"}",
      "{"at":56194,"event":"send","actor":"regional-north","id":13,"to":"expert-1","message":"update","round":1,"part":"expert-1","bytes":216}",
      "{"at":56194,"event":"send","actor":"regional-north","id":14,"to":"aggregator","message":"update","round":1,"part":"trunk","bytes":648}",
      "{"at":59060,"event":"arrive","actor":"regional-south","id":12}",
      "{"at":59060,"event":"region-close","actor":"regional-south","round":2,"folded":1,"outcome":"closed","reason":"all answered"}",
      "{"at":59060,"event":"send","actor":"regional-south","id":15,"to":"expert-1","message":"update","round":1,"part":"expert-1","bytes":216}",
      "{"at":59060,"event":"send","actor":"regional-south","id":16,"to":"aggregator","message":"update","round":1,"part":"trunk","bytes":648}",
      "{"at":66410,"event":"arrive","actor":"expert-1","id":13}",
      "{"at":67058,"event":"arrive","actor":"aggregator","id":14}",
      "{"at":69492,"event":"arrive","actor":"expert-1","id":15}",
      "{"at":70788,"event":"arrive","actor":"aggregator","id":16}",
      "{"at":70788,"event":"send","actor":"aggregator","id":17,"to":"expert-1","message":"close","round":1,"part":"","bytes":91}",
      "{"at":70788,"event":"round-close","actor":"aggregator","round":1,"folded":2,"outcome":"closed","reason":"all answered"}",
      "{"at":70788,"event":"arrive","actor":"expert-1","id":17}",
    ]
  `)
  expect(flight.ledger.map(({ kind, part, from, to, round, bytes, fate }) => `${round} ${kind} ${part} ${from} > ${to} ${bytes} ${fate}`)).toMatchInlineSnapshot(`
    [
      "1 open  aggregator > expert-1 80 control",
      "1 model trunk aggregator > regional-south 648 used",
      "1 model trunk aggregator > regional-north 648 used",
      "1 model expert-1 expert-1 > regional-south 216 used",
      "1 model expert-1 expert-1 > regional-north 216 used",
      "1 model whole regional-north > client-A 832 used",
      "1 model whole regional-south > client-B 832 used",
      "1 update whole client-A > regional-north 832 used",
      "1 update whole client-B > regional-south 832 used",
      "2 model whole regional-north > client-A 832 used",
      "2 model whole regional-south > client-B 832 used",
      "2 update whole client-A > regional-north 832 used",
      "2 update whole client-B > regional-south 832 used",
      "1 update expert-1 regional-north > expert-1 216 used",
      "1 update trunk regional-north > aggregator 648 used",
      "1 update expert-1 regional-south > expert-1 216 used",
      "1 update trunk regional-south > aggregator 648 used",
      "1 close  aggregator > expert-1 91 control",
    ]
  `)
})

describe('goes on, and keeps every promise,', () => {
  const regions = hierarchical({ regions: 2, every: 2 })
  const inTime = { rounds: deadline({ count: 3, after: ms(400), patience: ms(100) }), topology: hierarchical({ regions: 2, every: 2, rounds: { kind: 'deadline', after: ms(90) } }) }
  const acknowledged = { delivery: { acknowledge: true, timeout: ms(60) } }

  const whenever: readonly (readonly [string, Partial<Specification>])[] = [
    ['in rounds that wait', { topology: regions }],
    ['in rounds that wait, acknowledged', { topology: regions, ...acknowledged }],
    ['in rounds with a deadline', inTime],
    ['in rounds with a deadline, acknowledged', { ...inTime, ...acknowledged }],
  ]

  it.each(whenever)('when a regional aggregator dies, whenever that is, with its checkpoint or with nothing: %s', async (_, more) => {
    const calm = await flown(more)
    const times = [...new Set(calm.events.map((line) => (JSON.parse(line) as { at: number }).at))]
    let [same, phases] = [0, new Set<string>()]
    for (const [i, at] of times.entries()) {
      if (i % 6 !== 0) continue
      const keeps = i % 12 === 0 ? 'checkpoint' : 'nothing'
      const flight = await flown({ ...more, faults: [crash(named('regional-1'), { at: at + 1, restartAfter: i % 18 === 0 ? ms(120) : ms(15), keeps })] })
      expect(flight.status).toBe('complete')
      for (const triple of Object.keys(flight.coverage.triples)) phases.add(triple)
      if (flight.digests.numbers === calm.digests.numbers) same++
    }
    expect(same).toBeGreaterThan(1)
    expect([...phases].filter((triple) => triple.startsWith('regional recovering')).length).toBeGreaterThan(0)
    expect(calm.coverage.handled).toBeLessThanOrEqual(calm.coverage.exist)
  }, 120_000)

  it('when a region is dead, or cut off, for a while or for good: the others fly', async () => {
    const regional = { network: { ...specified().network, regions: north }, topology: hierarchical({ every: 2, rounds: { kind: 'deadline' as const, after: ms(90) } }) }
    const rounds = deadline({ count: 4, after: ms(400), patience: ms(100) })
    const dead = await flown({ ...regional, rounds, faults: [crash(named('regional-north'), { at: ms(30) })] })
    expect(dead.rounds.map(({ folded }) => folded)).toEqual(Array.from({ length: 4 }, () => ['regional-south']))
    const cut = await flown({ ...regional, rounds, faults: [partition([[region('north')], ['aggregator', role('expert'), region('south')]], { rounds: [2, 3] })] })
    expect(cut.rounds.map(({ folded }) => folded.length)).toEqual([2, 1, 1, 2])
    const empty = await flown({ ...regional, rounds, faults: [crash(named('client-A', 'client-B'), { at: ms(1) })] })
    expect(empty.rounds[0].folded).toEqual(['regional-south'])
    const lossy = await flown({ ...regional, rounds, faults: [lose({ from: 'client', to: 'regional' }, { probability: 0.4 }), slow(named('client-C'), { by: 40 }), partial(named('client-D'), { epochs: 0.5 })] })
    expect(lossy.rounds).toHaveLength(4)
  }, 60_000)

  it('with a regional aggregator that keeps hours of its own', async () => {
    const flight = await flown({
      network: { ...specified().network, regions: north }, topology: hierarchical(), rounds: deadline({ count: 6, after: ms(100) }),
      schedule: [windows({ who: named('regional-north'), windows: [[0, ms(150)]], every: ms(300) })],
    })
    expect(new Set(flight.rounds.flatMap(({ selected }) => selected))).toEqual(new Set(['regional-north', 'regional-south']))
    expect(flight.rounds.some(({ selected }) => !selected.includes('regional-north'))).toBe(true)
  })

  it('says whom a region waits for where that is for ever', async () => {
    await expect(flown({ network: { ...specified().network, regions: north }, topology: hierarchical(), faults: [crash(named('client-A'), { at: ms(22.5) })] })).rejects.toThrow(
      /regional-north \(whose region waits for client-A \(is dead by 'crash-\w+', and does not come back\)\) did not answer/,
    )
  })
})

describe('refuses, by name,', () => {
  const refusal = (more: Partial<Specification>): string => {
    try {
      resolve(specified(more))
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  }
  const topology = hierarchical({ regions: 2 })

  it('what needs more than the mean of a region', () => {
    expect(refusal({ topology, strategy: { kind: 'krum' } as never })).toMatchInlineSnapshot(`
      "strategy is 'krum', which needs every single update as it is, and a regional aggregator sends the mean of its region alone.
        Take one that goes by the mean of what clients have moved, such as fedavg, fedprox or fedadam, or another topology."
    `)
    expect(refusal({ topology, strategy: { kind: 'scaffold' } as never })).toMatchInlineSnapshot(`
      "strategy is 'scaffold', which weighs single updates by weights of its own, and a regional aggregator sends the mean of its region alone.
        Take one that goes by the mean of what clients have moved, such as fedavg, fedprox or fedadam, or another topology."
    `)
    expect(refusal({ topology, strategy: { kind: 'pooled' } as never })).toMatchInlineSnapshot(`
      "strategy is 'pooled with scenario id', which pools the rows of all clients in one, so that there is nothing to be regional, and a regional aggregator sends the mean of its region alone.
        Take one that goes by the mean of what clients have moved, such as fedavg, fedprox or fedadam, or another topology."
    `)
    expect(refusal({ topology, rounds: { kind: 'asynchronous', count: 2, concurrency: 1 } as never })).toMatchInlineSnapshot(`
      "rounds are asynchronous, which overlap, and a region flies for one round at a time.
        Take synchronous, deadline or quorum, or another topology."
    `)
    expect(refusal({ topology, privacy: { clip: 1, noise: 1 } })).toMatchInlineSnapshot(`
      "privacy is given, and what a client has added to the mean of its region is bounded otherwise than its noise is reckoned.
        Take it away, or take another topology."
    `)
    expect(refusal({ topology, selection: { kind: 'oort' } as never, rounds: synchronous({ count: 2, select: 2 }) })).toMatchInlineSnapshot(`
      "selection goes by what clients have answered, and each region would know its own alone.
        Take a selection that does not, such as random or round-robin."
    `)
  })

  it('regions that are not there, twice there, or too small', async () => {
    expect(refusal({ topology: hierarchical() })).toMatchInlineSnapshot(`
      "topology.regions is missing, and so is network.regions.
        Say how many regions clients are dealt into, or who is where."
    `)
    expect(refusal({ topology, network: { regions: north } })).toMatchInlineSnapshot(`
      "topology.regions deals clients into regions, and network.regions says where they are.
        Give one of them."
    `)
    expect(refusal({ topology: hierarchical({ regions: 2, rounds: { kind: 'deadline', after: ms(50), select: 2, quorum: 3 } }) })).toMatchInlineSnapshot(`
      "topology.rounds.quorum is 3, above the 2 clients that topology.rounds.select asks: no round could close.
        Lower the quorum or raise topology.rounds.select."
    `)
    await expect(flown({ topology: hierarchical(), network: { regions: { north: [named('client-A'), named('client-C')] } } })).rejects.toThrow(
      'topology: client-B, client-D, client-E are in no region, and would have no regional aggregator. Put every client into one of network.regions, or give topology.regions, a number.',
    )
    await expect(flown({ topology: hierarchical({ regions: 6 }) })).rejects.toThrow('topology: 6 regions for 5 clients: give at most as many.')
    await expect(flown({ topology: hierarchical({ rounds: { kind: 'quorum', quorum: 3 } }), network: { regions: north } })).rejects.toThrow(
      "topology: rounds.quorum is 3, above the 2 clients of region 'north'. Give at most 2: no round could close.",
    )
  })
})
