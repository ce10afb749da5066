import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { addsAt, chunked, chunkLength, gotAt, hopsOf, joined, sentAt } from '../../../src/federation/peers/ring.js'
import type { Flight } from '../../../src/flight/flight.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { asStar, away, crash, delay, duplicate, fedProx, fp16, lose, mmoe, ms, named, partition, ringAllReduce, seconds, slow, synchronous } from '../../../src/simulation/script.js'
import type { Specification } from '../../../src/simulation/specification.js'
import { flySmall, small } from './peers.js'

const names = ['client-A', 'client-B', 'client-C', 'client-D']

const near = (one: ArrayLike<number>, other: ArrayLike<number>, digits = 5): void => {
  expect(one.length).toBe(other.length)
  for (let i = 0; i < one.length; i++) expect(one[i]).toBeCloseTo(other[i], digits)
}

describe('the hops of a ring', () => {
  it('give everybody the weighted mean, for any number of peers and any length', () => {
    const peer = fc.record({ weight: fc.integer({ min: 1, max: 50 }), seed: fc.integer({ min: 1, max: 1000 }) })
    fc.assert(fc.property(fc.array(peer, { minLength: 2, maxLength: 9 }), fc.integer({ min: 1, max: 40 }), (peers, length) => {
      const n = peers.length
      const vectors = peers.map(({ seed }) => Float32Array.from({ length }, (_, i) => Math.sin(seed * (i + 1))))
      const chunks = peers.map(({ weight }, p) => chunked(vectors[p], weight, n))
      const weights = peers.map(({ weight }) => Array<number>(n).fill(weight))
      for (let hop = 0; hop < hopsOf(n); hop++) {
        // All send before anybody takes in.
        const sent = peers.map((_, p) => ({ values: chunks[p][sentAt(hop, p, n)].slice(), weight: weights[p][sentAt(hop, p, n)] }))
        peers.forEach((_, p) => {
          const { values, weight } = sent[(p + n - 1) % n]
          const at = gotAt(hop, p, n)
          const mine = chunks[p][at]
          weights[p][at] = addsAt(hop, n) ? weights[p][at] + weight : weight
          chunks[p][at] = addsAt(hop, n) ? values.map((value, i) => value + mine[i]) : values
        })
      }
      const total = peers.reduce((sum, { weight }) => sum + weight, 0)
      const sum = Float32Array.from({ length }, (_, i) => peers.reduce((all, { weight }, p) => all + weight * vectors[p][i], 0))
      for (const [p, own] of chunks.entries()) {
        expect(weights[p]).toEqual(Array(n).fill(total))
        expect(joined(own, length)).toEqual(joined(chunks[0], length))
        joined(own, length).forEach((value, i) => expect(value / total).toBeCloseTo(sum[i] / total, 4))
      }
      expect(chunkLength(length, n) * n).toBeGreaterThanOrEqual(length)
    }))
  })
})

describe('a ring all-reduce', () => {
  it('a tiny flight of two, event by event', async () => {
    const flight = await flySmall({ topology: ringAllReduce(), rounds: synchronous({ count: 1 }) }, { rows: { A: 16, B: 32 } })
    expect(flight.events).toMatchInlineSnapshot(`
      [
        "{"at":0,"event":"train","actor":"client-A","round":1,"until":1001,"examples":16}",
        "{"at":0,"event":"round-open","actor":"client-A","round":1,"selected":2}",
        "{"at":0,"event":"train","actor":"client-B","round":1,"until":2001,"examples":32}",
        "{"at":1001,"event":"trained","actor":"client-A","round":1,"outcome":"computed","examples":16}",
        "{"at":1001,"event":"send","actor":"client-A","id":0,"to":"client-B","message":"update","round":1,"part":"trunk","bytes":164}",
        "{"at":2001,"event":"trained","actor":"client-B","round":1,"outcome":"computed","examples":32}",
        "{"at":2001,"event":"send","actor":"client-B","id":1,"to":"client-A","message":"update","round":1,"part":"trunk","bytes":164}",
        "{"at":11165,"event":"arrive","actor":"client-B","id":0}",
        "{"at":11165,"event":"send","actor":"client-B","id":2,"to":"client-A","message":"update","round":1,"part":"trunk","bytes":164}",
        "{"at":12165,"event":"arrive","actor":"client-A","id":1}",
        "{"at":12165,"event":"send","actor":"client-A","id":3,"to":"client-B","message":"update","round":1,"part":"trunk","bytes":164}",
        "{"at":21329,"event":"arrive","actor":"client-A","id":2}",
        "{"at":21329,"event":"settle","actor":"client-A","id":1,"fate":"used"}",
        "{"at":21329,"event":"settle","actor":"client-A","id":2,"fate":"used"}",
        "{"at":22329,"event":"arrive","actor":"client-B","id":3}",
        "{"at":22329,"event":"settle","actor":"client-B","id":0,"fate":"used"}",
        "{"at":22329,"event":"settle","actor":"client-B","id":3,"fate":"used"}",
        "{"at":22329,"event":"round-close","actor":"client-B","round":1,"folded":2,"outcome":"closed","reason":"ended for all"}",
      ]
    `)
    expect(flight.trainings.map(({ outcome }) => outcome)).toEqual(['used', 'used'])
  })

  it.each([
    ['with a model of one part', {}],
    ['with a model of experts', { model: mmoe({ embedding: 1, experts: 2, expert: [2], tower: [] }) }],
    ['with a strategy whose clients stay near to what they had', { strategy: fedProx({ mu: 0.1 }) }],
  ] as const)('is FedAvg by examples, %s', async (_, of) => {
    const rows = { A: 16, B: 48, C: 32 }
    const kept = { models: true, every: 1, start: false }
    const [ring, star] = [await flySmall({ ...of, topology: ringAllReduce(), evaluate: kept }, { rows }), await flySmall({ ...of, topology: asStar(), evaluate: kept }, { rows })]
    const [one, other] = [ring, star].map(({ models }) => models!.find(({ which }) => which === 'last')!.tensors)
    expect(one.map(({ name }) => name)).toEqual(other.map(({ name }) => name))
    one.forEach(({ values }, i) => near(values, other[i].values, 4))
    expect(ring.rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'closed', 'closed'])
  })

  it('leaves all with the same model, bit by bit', async () => {
    const flight = await flySmall({ topology: ringAllReduce() }, { rows: { A: 16, B: 48, C: 32, D: 16, E: 32 } })
    const [first, ...others] = Object.values(flight.personal)
    for (const other of others) expect(Buffer.from(other.buffer, other.byteOffset, other.byteLength).equals(Buffer.from(first.buffer, first.byteOffset, first.byteLength))).toBe(true)
  })

  it('moves 2 (n - 1) / n of the model a peer and round, and heads', async () => {
    const flight = await flySmall({ topology: ringAllReduce(), rounds: synchronous({ count: 5 }) })
    const { length } = flight.parts.trunk
    const size = Math.ceil(length / 4)
    for (const name of names) {
      for (const round of [1, 2]) {
        const sent = flight.ledger.filter((row) => row.from === name && row.round === round)
        const [{ bytes }] = sent
        expect(sent).toHaveLength(6)
        expect(new Set(sent.map(({ to }) => to)).size).toBe(1)
        // Of a frame all but the floats is head.
        const head = bytes - 4 * size
        expect(head).toBeLessThan(120)
        expect(sent.reduce((sum, row) => sum + row.bytes, 0)).toBe(6 * (4 * size + head))
      }
    }
    const ring = (round: number): string => names.map((name) => flight.ledger.find((row) => row.from === name && row.round === round)!.to).join(' ')
    expect(new Set([1, 2, 3, 4, 5].map(ring)).size).toBeGreaterThan(1)
  })

  it('alone it trains alone', async () => {
    const flight = await flySmall({ topology: ringAllReduce() }, { rows: { A: 32 } })
    expect(flight.ledger).toEqual([])
    expect(flight.rounds.map(({ folded }) => folded)).toEqual([['client-A'], ['client-A'], ['client-A']])
  })
})

describe('a ring through weather', () => {
  const patient = ringAllReduce({ patience: ms(200) })
  const through = async (faults: Specification['faults'], others: Partial<Specification> = {}): Promise<Flight> =>
    flySmall({ topology: patient, rounds: synchronous({ count: 6 }), faults, ...others })

  it('a hop that is lost aborts the round everywhere, and all try again in the next', async () => {
    const flight = await through([lose({ from: 'client-A', to: 'client' }, { probability: 1, rounds: [2, 2] })])
    expect(flight.rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'aborted', 'closed', 'closed', 'closed', 'closed'])
    expect(flight.rounds[1].folded).toEqual([])
    expect(flight.ledger.some(({ kind, round }) => kind === 'close' && round === 2)).toBe(true)
    expect(flight.ledger.filter(({ round, fate }) => round === 2 && fate === 'used')).toEqual([])
    expect(flight.trainings.filter(({ round }) => round === 2).map(({ outcome }) => outcome)).toEqual(['used', 'used', 'used', 'used'])
  })

  it.each(['checkpoint', 'nothing'] as const)('while one is dead no round comes to anything; back with %s it is one of them again', async (keeps) => {
    const flight = await through([crash(named('client-A'), { at: ms(100), restartAfter: ms(500), keeps })], { rounds: synchronous({ count: 8 }) })
    const outcomes = flight.rounds.map(({ outcome }) => outcome)
    expect(outcomes).toContain('aborted')
    expect(outcomes.at(-1)).toBe('closed')
    expect(flight.rounds.at(-1)!.folded).toEqual(names)
  })

  it('without one who is dead for good all train on alone', async () => {
    const flight = await through([crash(named('client-A'), { at: ms(50) })])
    expect(flight.rounds.at(-1)).toMatchObject({ round: 6, outcome: 'aborted', selected: names.slice(1) })
  })

  it.each<[string, Specification['faults']]>([
    ['a partition', [partition([['client-A', 'client-B']], { from: ms(30), until: seconds(1) })]],
    ['losses, delays and duplicates', [
      lose({ from: 'client' }, { probability: 0.1 }), delay({ to: 'client' }, { by: ms(150), probability: 0.3 }), duplicate({ from: 'client' }, { probability: 0.5 }),
    ]],
    ['a straggler', [slow(named('client-B'), { by: 500 })]],
    ['a client that is away in training', [away(named('client-C'), { phase: 'training', rounds: [2, 4] })]],
    ['a client that is away for rounds', [away(named('client-A'), { rounds: [2, 4] })]],
    ['a client that is away for a time', [away(named('client-A'), { from: ms(20), until: ms(700) })]],
  ])('all come to the end through %s, with acknowledgements and without', async (_, faults) => {
    for (const acknowledge of [false, true]) {
      const flight = await through(faults, { delivery: { acknowledge } })
      expect(flight.rounds.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5, 6])
      expect(flight.status).toBe('complete')
    }
  })

  it('acknowledged, what is lost is sent again, and no round is aborted', async () => {
    const flight = await through([lose({ from: 'client' }, { probability: 0.1 })], { topology: ringAllReduce({ patience: seconds(30) }), delivery: { acknowledge: true } })
    expect(flight.ledger.some(({ fate }) => fate === 'lost')).toBe(true)
    expect(flight.rounds.map(({ outcome }) => outcome)).toEqual(Array(6).fill('closed'))
  })
})

it('codecs do not go around a ring', () => {
  expect(() => resolve({ ...small, topology: ringAllReduce(), codec: fp16() } as Specification)).toThrow(/codec codes models, and what goes around a ring are sums/)
})
