import { describe, expect, it } from 'vitest'

import { openEngine } from '../../../src/engine/open.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { asStar, away, crash, delay, duplicate, fedAdam, fedBn, fp16, gossip, lose, minutes, mlp, ms, named, partition, poison, seconds, slow, synchronous, topK } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { flySmall, four, small } from './peers.js'
import { decentralized, metropolis } from './reference.js'

const clientsOf = (rows: Readonly<Record<string, number>>): string[] => Object.keys(rows).map((name) => `client-${name}`).sort()

/** Whom each client sent its model to in a round, by their places, as the ledger has it. */
const neighboursIn = ({ ledger }: Flight, rows: Readonly<Record<string, number>>, round: number): number[][] => {
  const names = clientsOf(rows)
  return names.map((from) => ledger.filter((row) => row.from === from && row.round === round && row.kind === 'update').map(({ to }) => names.indexOf(to)))
}

const near = (one: Float32Array, other: Float32Array): void => {
  expect(one.length).toBe(other.length)
  for (let i = 0; i < one.length; i++) expect(one[i]).toBeCloseTo(other[i], 5)
}

describe('gossip', () => {
  it('a tiny flight of three, event by event', async () => {
    const flight = await flySmall({ topology: gossip(), rounds: synchronous({ count: 1 }) }, { rows: { A: 16, B: 32, C: 16 } })
    expect(flight.events).toMatchInlineSnapshot(`
      [
        "{"at":0,"event":"train","actor":"client-A","round":1,"until":1001,"examples":16}",
        "{"at":0,"event":"round-open","actor":"client-A","round":1,"selected":3}",
        "{"at":0,"event":"train","actor":"client-B","round":1,"until":2001,"examples":32}",
        "{"at":0,"event":"train","actor":"client-C","round":1,"until":1001,"examples":16}",
        "{"at":1001,"event":"trained","actor":"client-A","round":1,"outcome":"computed","examples":16}",
        "{"at":1001,"event":"send","actor":"client-A","id":0,"to":"client-C","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":1001,"event":"send","actor":"client-A","id":1,"to":"client-B","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":1001,"event":"trained","actor":"client-C","round":1,"outcome":"computed","examples":16}",
        "{"at":1001,"event":"send","actor":"client-C","id":2,"to":"client-A","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":1001,"event":"send","actor":"client-C","id":3,"to":"client-B","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":2001,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":32}",
        "{"at":2001,"event":"send","actor":"client-B","id":4,"to":"client-A","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":2001,"event":"send","actor":"client-B","id":5,"to":"client-C","message":"update","round":1,"part":"trunk","bytes":512}",
        "{"at":11513,"event":"arrive","actor":"client-C","id":0}",
        "{"at":11513,"event":"arrive","actor":"client-A","id":2}",
        "{"at":12025,"event":"arrive","actor":"client-B","id":1}",
        "{"at":12513,"event":"arrive","actor":"client-A","id":4}",
        "{"at":12513,"event":"settle","actor":"client-A","id":2,"fate":"used"}",
        "{"at":12513,"event":"settle","actor":"client-A","id":4,"fate":"used"}",
        "{"at":12537,"event":"arrive","actor":"client-B","id":3}",
        "{"at":12537,"event":"settle","actor":"client-B","id":1,"fate":"used"}",
        "{"at":12537,"event":"settle","actor":"client-B","id":3,"fate":"used"}",
        "{"at":13025,"event":"arrive","actor":"client-C","id":5}",
        "{"at":13025,"event":"settle","actor":"client-C","id":0,"fate":"used"}",
        "{"at":13025,"event":"settle","actor":"client-C","id":5,"fate":"used"}",
        "{"at":13025,"event":"round-close","actor":"client-C","round":1,"folded":3,"outcome":"closed","reason":"ended for all"}",
      ]
    `)
    expect(flight.trainings.map(({ outcome }) => outcome)).toEqual(['used', 'used', 'used'])
  })

  it.each([
    ['a ring', { graph: 'ring' }, 4, four],
    ['a ring that is drawn anew', { graph: 'ring', redraw: true }, 4, { A: 32, B: 16, C: 48, D: 32, E: 16, F: 32 }],
    ['a regular graph of an odd degree', { graph: 'regular', degree: 3 }, 3, { A: 32, B: 16, C: 48, D: 32, E: 16, F: 32 }],
    ['an exponential graph', { graph: 'exponential' }, 3, { A: 32, B: 16, C: 48, D: 32, E: 16, F: 32, G: 16 }],
  ] as const)('over %s is D-PSGD with its matrix', async (_, options, rounds, rows) => {
    const engine = await openEngine({ engine: 'tfjs' })
    const flight = await flySmall({ topology: gossip(options), rounds: synchronous({ count: rounds }) }, { rows, engine })
    const models = await decentralized(engine, rows, rounds, (round) => metropolis(neighboursIn(flight, rows, round)))
    await engine.close()
    clientsOf(rows).forEach((name, i) => near(flight.personal[name], models[i]))
    for (let round = 1; round <= rounds; round++) {
      const degrees = neighboursIn(flight, rows, round).map((own) => own.length)
      expect(new Set(degrees).size).toBe(1)
    }
  }, 60_000)

  it('with everybody, and equal weights, is FedAvg of equal clients', async () => {
    const [among, star] = [
      await flySmall({ topology: gossip({ graph: 'full', weights: 'uniform' }) }),
      await flySmall({ topology: asStar() }),
    ]
    for (const name of clientsOf(four)) near(among.personal[name], star.parts.trunk)
    expect(among.rounds.map(({ folded }) => folded)).toEqual(star.rounds.map(({ folded }) => folded))
  })

  it('keeps what is private with its client, and mixes the rest', async () => {
    const flight = await flySmall({ model: mlp({ embedding: 1, hidden: [2], batchNorm: true }), strategy: fedBn(), topology: gossip({ graph: 'full', weights: 'uniform' }) })
    const [one, ...others] = clientsOf(four).map((name) => flight.personal[name])
    const shared = flight.parts.trunk.length
    expect(shared).toBeLessThan(one.length)
    for (const other of others) {
      const same = other.filter((value, i) => Object.is(value, one[i])).length
      expect(same).toBeGreaterThanOrEqual(shared)
      expect(same).toBeLessThan(one.length)
    }
  })

  it('draws the graph by its seed, and sends in no order of names', async () => {
    const rows = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`c${i}`, 16]))
    const graphs = await Promise.all([1, 2].map(async (seed) => neighboursIn(await flySmall({ topology: gossip(), rounds: synchronous({ count: 1 }) }, { rows, seed }), rows, 1)))
    expect(graphs[0].map((own) => own.toSorted())).not.toEqual(graphs[1].map((own) => own.toSorted()))
    expect(graphs[0].some(([a, b]) => a > b) && graphs[0].some(([a, b]) => a < b)).toBe(true)
  })

  it('alone it trains alone', async () => {
    const flight = await flySmall({ topology: gossip() }, { rows: { A: 32 } })
    expect(flight.ledger).toEqual([])
    expect(flight.rounds.map(({ folded }) => folded)).toEqual([['client-A'], ['client-A'], ['client-A']])
  })
})

describe('peers through weather', () => {
  const patient = gossip({ patience: ms(200) })
  const through = async (faults: Specification['faults'], others: Partial<Specification> = {}): Promise<Flight> =>
    flySmall({ topology: patient, rounds: synchronous({ count: 6 }), faults, ...others })

  it('what does not come leaves its weight with who waits for it', async () => {
    const flight = await through([lose({ from: 'client-A', to: 'client' }, { probability: 1, rounds: [2, 2] })], { topology: gossip({ graph: 'full', patience: ms(200) }) })
    expect(flight.rounds).toHaveLength(6)
    expect(flight.rounds[1].folded).toEqual(clientsOf(four))
    expect(flight.ledger.filter(({ fate }) => fate === 'lost')).toHaveLength(3)
    // The others have waited until they heard that it is in the next round, which is sooner than their patience ends.
    const took = flight.rounds.map(({ opened, closed }) => closed - opened)
    expect(took[1]).toBeGreaterThan(1.5 * took[0])
    expect(took[1]).toBeLessThan(200_000)
  })

  it.each(['checkpoint', 'nothing'] as const)('who comes back from a crash with %s goes on in the round of the others', async (keeps) => {
    const flight = await through([crash(named('client-A'), { at: ms(20), restartAfter: ms(300), keeps })])
    const rounds = flight.trainings.filter(({ client, outcome }) => client === 'client-A' && outcome === 'used').map(({ round }) => round)
    expect(flight.rounds).toHaveLength(6)
    expect(rounds).toContain(6)
    expect(rounds.length).toBeLessThan(6)
    expect(flight.ledger.some(({ kind, from, fate }) => kind === 'recover' && from === 'client-A' && fate === 'control')).toBe(true)
  })

  it('who is dead for good is waited for no longer than patience says', async () => {
    const flight = await through([crash(named('client-A'), { at: ms(50) })])
    expect(flight.rounds.at(-1)).toMatchObject({ round: 6, outcome: 'closed', selected: ['client-B', 'client-C', 'client-D'] })
  })

  it('a flight in which all are dead for good says so', async () => {
    await expect(through([crash({ select: 'all' }, { at: ms(50) })])).rejects.toThrow(/every peer is dead/)
  })

  it.each<[string, Specification['faults']]>([
    ['a partition', [partition([['client-A', 'client-B']], { from: ms(30), until: seconds(1) })]],
    ['losses, delays and duplicates', [
      lose({ from: 'client' }, { probability: 0.3 }), delay({ to: 'client' }, { by: ms(150), probability: 0.3 }), duplicate({ from: 'client' }, { probability: 0.5 }),
    ]],
    ['a straggler', [slow(named('client-B'), { by: 500 })]],
    ['clients that are away in training, and before they send', [
      away(named('client-C'), { phase: 'training', rounds: [2, 4] }), away(named('client-D'), { phase: 'before-upload', rounds: [3, 3] }),
    ]],
    ['a client that is away for rounds', [away(named('client-A'), { rounds: [2, 4] })]],
    ['a client that is away for a time', [away(named('client-A'), { from: ms(20), until: ms(700) })]],
  ])('all come to the end through %s, with acknowledgements and without', async (_, faults) => {
    for (const acknowledge of [false, true]) {
      const flight = await through(faults, { delivery: { acknowledge } })
      expect(flight.rounds.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5, 6])
      expect(flight.status).toBe('complete')
    }
  })

  it('a straggler skips the rounds that are over without it', async () => {
    const flight = await through([slow(named('client-B'), { by: 500 })])
    const rounds = flight.trainings.filter(({ client }) => client === 'client-B').map(({ round }) => round)
    expect(rounds.length).toBeLessThan(6)
    expect(flight.ledger.some(({ from, fate }) => from === 'client-B' && fate === 'late')).toBe(true)
  })

  it('a flight ends where the score is that it is flown for', async () => {
    const flight = await flySmall({ topology: gossip(), rounds: synchronous({ count: 20 }), evaluate: { until: 'auc .4', start: false } })
    expect(flight.reached).toBeLessThan(20)
    expect(flight.rounds).toHaveLength(flight.reached!)
  })

  it('codecs of numbers themselves go between peers', async () => {
    const [plain, half] = [await flySmall({ topology: gossip() }), await flySmall({ topology: gossip(), codec: fp16() })]
    const bytes = ({ ledger }: Flight): number => ledger.reduce((sum, row) => sum + row.bytes, 0)
    expect(bytes(half)).toBeLessThan(0.8 * bytes(plain))
    expect(half.rounds).toHaveLength(3)
  })
})

describe('what does not go with peers is refused by its field', () => {
  const refusal = (of: Partial<Specification>): (() => unknown) => () => resolve({ ...small, topology: gossip(), ...of } as Specification)

  it.each<[string, Partial<Specification>, RegExp]>([
    ['a server optimizer', { strategy: fedAdam() }, /strategy is 'fedadam', which folds updates by a rule of its own/],
    ['rounds of an aggregator', { rounds: { kind: 'deadline', count: 2, after: minutes(1) } }, /rounds need an aggregator/],
    ['whom an aggregator asks', { rounds: synchronous({ count: 2, select: 2 }) }, /rounds\.select is about what an aggregator asks/],
    ['how long clients wait for parts', { rounds: synchronous({ count: 2, patience: 5 }) }, /rounds\.patience is about what an aggregator asks/],
    ['a selection', { selection: { kind: 'random' } }, /selection is whom an aggregator asks/],
    ['secure aggregation', { secureAggregation: {} as Specification['secureAggregation'] }, /secureAggregation hides updates from an aggregator/],
    ['privacy', { privacy: { clip: 1, noise: 1, delta: 1e-3 } as Specification['privacy'] }, /privacy has a trusted aggregator/],
    ['a codec of changes', { codec: topK({ share: 0.1 }) }, /codec has topK, which codes changes/],
    ['attackers who know what is folded', { faults: [poison(named('client-A'), { send: 'a-little-is-enough' })] }, /faults\.0\.send is .*no owner of a part/],
    ['an away on the way down', { faults: [away(named('client-A'), { phase: 'download', rounds: [1, 1] })] }, /faults\.0\.phase is 'download'/],
    ['a degree of another graph', { topology: gossip({ graph: 'ring', degree: 3 }) }, /topology\.degree is given/],
  ])('%s', (_, of, message) => {
    expect(refusal(of)).toThrow(message)
  })

  it('a strategy that leaves nothing to send', async () => {
    await expect(flySmall({ topology: gossip(), strategy: { kind: 'local-only' } })).rejects.toThrow(/nothing of the model travels/)
  })

  it('a role that nobody has', async () => {
    await expect(flySmall({ topology: gossip(), faults: [crash({ select: 'role', role: 'aggregator' }, { at: ms(5) })] })).rejects.toThrow(/aggregator/)
  })
})

it('a share of those in a round is so many of all peers, whoever sees it open when', async () => {
  const rows = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`c${i}`, 16]))
  const partly = away({ select: 'share', share: 0.5 }, { phase: 'training', rounds: [1, 1] })
  for (const seed of [1, 2, 3, 4]) {
    const flight = await flySmall({ topology: gossip({ patience: ms(100) }), rounds: synchronous({ count: 1 }), faults: [partly] }, { rows, seed })
    expect(new Set(flight.ledger.filter(({ kind }) => kind === 'update').map(({ from }) => from)).size).toBe(4)
  }
})
