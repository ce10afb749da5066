import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { billOf, sumsBy } from '../../src/costs/bill.js'
import { type Charge, charge, type Priced } from '../../src/costs/charge.js'
import { devices, radios } from '../../src/costs/constants.js'
import { payersOf, pricesOf } from '../../src/costs/prices.js'
import { costsSchema } from '../../src/costs/schema.js'
import { streams } from '../../src/random/streams.js'
import { fates } from '../../src/record/message.js'
import type { LedgerRow, TrainingRow } from '../../src/record/rows.js'
import type { Participant } from '../../src/roster/participant.js'
import { ledgerRow } from '../runs/flights.js'

const s = (seconds: number): number => seconds * 1e6
const million = { bytes: 1e6, travelled: 1e6 }
const toA = { to: 'client-a', direction: 'down', kind: 'model', ...million } as const
const toB = { ...toA, to: 'client-b' } as const
const fromA = { from: 'client-a', to: 'aggregator', direction: 'up', kind: 'update', ...million } as const
const fromB = { ...fromA, from: 'client-b' } as const

/** Two clients: one message is lost on its way, one comes twice, and one training is abandoned. */
const flight: Priced = {
  virtualTime: s(10),
  ledger: [
    ledgerRow({ id: 0, ...toA, sent: 0, delivered: s(1) }),
    ledgerRow({ id: 1, ...toB, sent: 0, delivered: s(1), fate: 'fruitless' }),
    ledgerRow({ id: 2, ...fromA, sent: s(4), delivered: s(5) }),
    ledgerRow({ id: 3, ...toA, sent: s(4), delivered: s(5), attempt: 1, fate: 'duplicate' }),
    ledgerRow({ id: 4, ...fromB, sent: s(6), delivered: null, travelled: 4e5, fate: 'lost' }),
    ledgerRow({ id: 5, from: 'aggregator', to: 'expert-1', direction: 'inside', kind: 'close', sent: s(7), ...million, fate: 'control' }),
  ],
  trainings: [
    { client: 'client-a', round: 1, start: s(1), end: s(4), examples: 64, outcome: 'used' },
    { client: 'client-b', round: 1, start: s(1), end: s(3.5), examples: 30, outcome: 'abandoned' },
    { client: 'client-b', round: 1, start: s(4), end: s(6), examples: 64, outcome: 'lost' },
  ],
}

const costs = costsSchema.parse({
  training: 2, sent: 3, received: 1, tail: { watts: 1, lasts: '2 s' }, currency: 'EUR',
  tariff: { up: 1000, down: 500 },
  overrides: [{ who: 'client-b', tariff: { up: 5000, down: 2000, free: 0.0004 } }],
  servers: { watts: 10, bytes: 4, pue: 1.5, egress: 100 },
})

const people: readonly Participant[] = [
  { name: 'aggregator', role: 'aggregator' }, { name: 'expert-1', role: 'expert' },
  { name: 'client-a', role: 'client', scenario: 'a' }, { name: 'client-b', role: 'client', scenario: 'b', region: 'north' },
]
const prices = pricesOf(costs, payersOf(costs, people, streams('1')))

/** To the twelfth digit. */
const near = (amounts: object): object =>
  Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toPrecision(12)) : (value as unknown)]))

describe('two clients, by hand', () => {
  const bill = billOf(flight, prices)

  it('pay for every second of training and every byte, each for what it was', () => {
    expect(bill.byPurpose.map(near)).toEqual([
      // 3 s of a at 2 W; 2.5 s and 2 s of b for nothing.
      { purpose: 'training', joules: 15, wastedJoules: 9, money: 0, wastedMoney: 0 },
      // 1 MB of a at 3 J, at 1,000 for a GB. Of b 0.4 MB had passed: its allowance is used up.
      { purpose: 'sent', joules: 4.2, wastedJoules: 1.2, money: 3, wastedMoney: 2 },
      // To a twice, the second time for nothing; of what came to b 0.4 MB were free.
      { purpose: 'received', joules: 3, wastedJoules: 2, money: 0.5 + 0.5 + 1.2, wastedMoney: 0.5 + 1.2 },
      // a: from 1 s to 3 s and from 4 s to 7 s, the last second for what came twice. b: from 1 s to 3 s, from 6 s to 8 s.
      { purpose: 'tail', joules: 5 + 4, wastedJoules: 1 + 4, money: 0, wastedMoney: 0 },
      { purpose: 'egress', joules: 0, wastedJoules: 0, money: 0.3, wastedMoney: 0.2 },
      { purpose: 'among servers', joules: 4 * 1.5, wastedJoules: 0, money: 0, wastedMoney: 0 },
      { purpose: 'running', joules: 2 * 10 * 1.5 * 10, wastedJoules: 0, money: 0, wastedMoney: 0 },
    ])
  })

  it('are told apart, and servers beside them', () => {
    expect(bill.byPayer.map(near)).toEqual([
      { payer: 'aggregator', role: 'server', joules: 156, wastedJoules: 0, money: 0.3, wastedMoney: 0.2 },
      { payer: 'client-a', role: 'client', joules: 6 + 3 + 2 + 5, wastedJoules: 1 + 1, money: 2, wastedMoney: 0.5 },
      { payer: 'client-b', role: 'client', joules: 9 + 1.2 + 1 + 4, wastedJoules: 15.2, money: 3.2, wastedMoney: 3.2 },
      { payer: 'expert-1', role: 'server', joules: 150, wastedJoules: 0, money: 0, wastedMoney: 0 },
    ])
    expect(near(bill)).toMatchObject({ currency: 'EUR', charged: true, joules: 337.2, wastedJoules: 17.2, money: 5.5, wastedMoney: 3.9 })
  })

  it('have an allowance that comes again, and nothing that costs where nothing is said', () => {
    const again = costsSchema.parse({ tariff: { up: 1000, down: 1000, free: 0.001, every: '4 s' } })
    const { money, wastedMoney } = billOf(flight, pricesOf(again))
    // In each 4 s a million bytes are free: a's second million within 4 s to 8 s is paid.
    expect([money, wastedMoney]).toEqual([1, 1])
    const plain = billOf(flight, pricesOf())
    expect(plain).toMatchObject({ money: 0, charged: false, currency: 'money' })
    expect(plain.byPurpose.map(({ purpose, joules }) => [purpose, Number(joules.toPrecision(9))])).toEqual([
      ['training', 7.5 * devices.core.value], ['sent', 1.4 * radios.wired.sent.value], ['received', 3 * radios.wired.received.value],
    ])
  })

  it('pay both where one sends to the other: the sender, and who receives; neither is a server', () => {
    const among = { from: 'client-a', to: 'client-b', direction: 'up', kind: 'update', ...million } as const
    const ledger = [ledgerRow({ id: 0, ...among, sent: 0, delivered: s(3) }), ledgerRow({ id: 1, ...among, from: 'client-b', to: 'client-a', sent: s(20), delivered: null, travelled: 5e5, fate: 'lost' })]
    const bill = billOf({ virtualTime: s(30), ledger, trainings: [] }, prices)
    // 1.5 MB were sent at 3 J, and as many received at 1 J. Radios are on for 2 s after each, at both ends.
    expect(bill.byPurpose.map(near)).toEqual([
      { purpose: 'sent', joules: 4.5, wastedJoules: 1.5, money: 1 + 2.5, wastedMoney: 2.5 },
      { purpose: 'received', joules: 1.5, wastedJoules: 0.5, money: 0.25 + 1.2, wastedMoney: 0.25 },
      { purpose: 'tail', joules: 8, wastedJoules: 4, money: 0, wastedMoney: 0 },
    ])
    expect(bill.byPayer.map(({ payer, role }) => [payer, role])).toEqual([['client-a', 'client'], ['client-b', 'client']])
  })

  it('have a radio that is charged once for time that two messages share', () => {
    const lte = pricesOf(costsSchema.parse({ device: 'phone', radio: 'lte', infrastructure: 216 }))
    const tail = billOf(flight, lte).byPurpose.find(({ purpose }) => purpose === 'tail')!
    // a: 1 s to 16.576 s; b: 1 s to 17.576 s, all of it for nothing.
    expect(near(tail)).toMatchObject({ joules: Number((1.06 * (15.576 + 16.576)).toPrecision(12)), wastedJoules: Number((1.06 * (1 + 16.576)).toPrecision(12)) })
    const between = billOf(flight, lte).byPurpose.find(({ purpose }) => purpose === 'infrastructure')!
    expect(near(between)).toMatchObject({ joules: 950.4, wastedJoules: 518.4 })
  })
})

describe('prices', () => {
  it('are of whom overrides name, later ones winning; a class takes the place of numbers before it', () => {
    const given = costsSchema.parse({
      device: 'phone', sent: 9, radio: 'lte',
      overrides: [
        { who: { select: 'region', region: 'north' }, radio: '5g', training: 3 },
        { who: 'client-b', received: 7 },
        { who: 'client-a', device: 'board' },
      ],
    })
    const payers = payersOf(given, people, streams('1'))
    expect(payers).toEqual([['client-b'], ['client-b'], ['client-a']])
    const { of } = pricesOf(given, payers)
    expect(of('client-b')).toMatchObject({ training: 3, sent: radios['5g'].sent.value, received: 7 })
    expect(of('client-a')).toMatchObject({ training: devices.board.value, sent: 9, received: radios.lte.received.value })
    expect(of('client-z')).toMatchObject({ training: devices.phone.value, sent: 9, tail: { watts: 1.06, lasts: 11.576e6 } })
  })

  it('are of clients: a server or nobody is refused by its place', () => {
    const of = (who: string) => costsSchema.parse({ overrides: [{ who: 'client-a', training: 1 }, { who, training: 1 }] })
    expect(() => payersOf(of('expert'), people, streams('1'))).toThrow("costs.overrides[1].who: 'expert-1' is a server; overrides are of clients and regional aggregators. See costs.servers.")
    expect(() => payersOf(of('client-x'), people, streams('1'))).toThrow("costs.overrides[1].who: nobody is named 'client-x'")
    const share = costsSchema.parse({ overrides: [{ who: { select: 'share', share: 0.5 }, training: 1 }] })
    expect(() => payersOf(share, people, streams('1'))).toThrow('costs.overrides[0].who: a share of those whom a round selects is redrawn in each')
    expect(costsSchema.safeParse({ tariff: { up: 1, every: '30 d' } }).success).toBe(false)
    expect(costsSchema.safeParse({ tariff: { up: -1 } }).success).toBe(false)
    expect(costsSchema.safeParse({ servers: { pue: 0.9 } }).success).toBe(false)
  })
})

const names = ['client-a', 'client-b', 'client-c'] as const
const rate = fc.oneof(fc.constant(0), fc.integer({ min: -6, max: 6 }).map((power) => 10 ** power), fc.double({ min: 1e-6, max: 1e6, noNaN: true }))
const priced = fc.record({
  training: rate, sent: rate, received: rate, infrastructure: rate,
  tail: fc.record({ watts: rate, lasts: fc.integer({ min: 0, max: 20e6 }) }),
  tariff: fc.record({ up: rate, down: rate, free: fc.constantFrom(0, 1e-6, 1e-3) }),
  overrides: fc.array(fc.record({ who: fc.constantFrom('client-a', 'client-b'), training: rate, sent: rate }), { maxLength: 2 }),
}).map((given) => costsSchema.parse(given))
const served = fc.option(fc.record({ watts: rate, bytes: rate, egress: rate }), { nil: undefined })

const message = fc.record({
  client: fc.constantFrom(...names), direction: fc.constantFrom('up' as const, 'down' as const, 'inside' as const),
  wait: fc.integer({ min: 0, max: 5e6 }), took: fc.option(fc.integer({ min: 0, max: 8e6 })), bytes: fc.integer({ min: 0, max: 1e7 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }), fate: fc.constantFrom(...fates), round: fc.integer({ min: 1, max: 4 }),
})
const flown = fc.record({
  ledger: fc.array(message, { maxLength: 25 }).map((all) => {
    let at = 0
    return all.map(({ client, direction, wait, took, bytes, share, ...row }, id): LedgerRow => {
      at += wait
      const [from, to] = direction === 'up' ? [client, 'aggregator'] : direction === 'down' ? ['aggregator', client] : ['aggregator', 'expert-1']
      return ledgerRow({ ...row, id, sent: at, delivered: took === null ? null : at + took, from, to, direction, bytes, travelled: took === null ? Math.floor(bytes * share) : bytes })
    })
  }),
  trainings: fc.array(fc.record({
    client: fc.constantFrom(...names), round: fc.integer({ min: 1, max: 4 }), start: fc.integer({ min: 0, max: 1e8 }), took: fc.integer({ min: 0, max: 1e8 }),
    examples: fc.constant(1), outcome: fc.constantFrom<TrainingRow['outcome'][]>('used', 'late', 'abandoned', 'crashed', 'unsent', 'lost'),
  }).map(({ took, ...row }): TrainingRow => ({ ...row, end: row.start + took })), { maxLength: 12 }),
})

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1e-9, Math.abs(a), Math.abs(b))

describe('any flight', () => {
  it('costs as much in all as summed over payers, roles, fates, purposes and rounds, and never less in useful than nothing', () => {
    fc.assert(fc.property(flown, priced, served, (rows, given, servers) => {
      const own = pricesOf({ ...given, servers: servers && costsSchema.parse({ servers }).servers }, payersOf(given, people, streams('1')))
      const bill = billOf(rows, own)
      const keys: ((one: Charge) => unknown)[] = [({ payer }) => payer, ({ role }) => role, ({ outcome }) => outcome, ({ purpose }) => purpose, ({ round }) => round, ({ useful }) => useful]
      for (const key of keys) {
        const sums = [...sumsBy(rows, own, key).values()]
        for (const of of ['joules', 'wastedJoules', 'money', 'wastedMoney'] as const) {
          expect(close(sums.reduce((sum, one) => sum + one[of], 0), bill[of])).toBe(true)
        }
      }
      expect(bill.joules).toBeGreaterThanOrEqual(bill.wastedJoules * (1 - 1e-12))
      expect(bill.money).toBeGreaterThanOrEqual(bill.wastedMoney * (1 - 1e-12))
      expect(Number.isFinite(bill.joules + bill.money)).toBe(true)
    }))
  })

  it('costs by the plain formulas, where a loop reckons it another way', () => {
    fc.assert(fc.property(flown, priced, (rows, given) => {
      const payers = payersOf(given, people, streams('1'))
      const own = pricesOf(given, payers)
      let [joules, money] = [0, 0]
      for (const name of names) {
        const { training, sent, received, infrastructure, tail, tariff } = own.of(name)
        for (const { client, start, end } of rows.trainings) if (client === name) joules += ((end - start) / 1e6) * training
        let free = (tariff?.free ?? 0) * 1e9
        const awake: [number, number][] = []
        for (const { from, to, direction, travelled, sent: at, delivered } of rows.ledger) {
          if (direction === 'inside' || (from !== name && to !== name)) continue
          joules += (travelled / 1e6) * ((direction === 'up' ? sent : received) + infrastructure)
          const gratis = Math.min(free, travelled)
          free -= gratis
          money += ((travelled - gratis) / 1e9) * (direction === 'up' ? tariff!.up : tariff!.down)
          const when = direction === 'up' ? at : (delivered ?? at)
          if (travelled > 0) awake.push([when, when + tail.lasts])
        }
        // The measure of a union: every instant between two ends is in some interval, or in none.
        const ends = [...new Set(awake.flat())].sort((a, b) => a - b)
        for (let i = 1; i < ends.length; i++) {
          if (awake.some(([from, until]) => from <= ends[i - 1] && until >= ends[i])) joules += ((ends[i] - ends[i - 1]) / 1e6) * tail.watts
        }
      }
      const bill = billOf(rows, own)
      expect(close(bill.joules, joules) && close(bill.money, money)).toBe(true)
    }))
  })

  it('of no clients, no bytes or no time costs nothing', () => {
    const none = { ledger: [], trainings: [] }
    expect(billOf(none, prices)).toMatchObject({ joules: 0, money: 0, byPurpose: [], byPayer: [] })
    const empty = { ledger: flight.ledger.map((row) => ({ ...row, bytes: 0, travelled: 0 })), trainings: [], virtualTime: 0 }
    expect(billOf(empty, prices)).toMatchObject({ joules: 0, money: 0, wastedJoules: 0, wastedMoney: 0 })
  })

  it('scales with its rates', () => {
    for (const factor of [1e-6, 1e-3, 1, 1e3, 1e6]) {
      const scaled = costsSchema.parse({ training: 2 * factor, sent: 3 * factor, received: factor, tail: { watts: factor, lasts: '2 s' }, tariff: { up: factor, down: 2 * factor } })
      const bill = billOf(flight, pricesOf(scaled))
      expect(bill.joules / factor).toBeCloseTo(31.2, 9)
      expect(bill.money / factor).toBeCloseTo(0.001 + 0.0004 + 2 * 0.003, 12)
    }
  })

  it('costs the same in whatever order its rows are', () => {
    fc.assert(fc.property(flown, priced, (rows, given) => {
      const own = pricesOf(given, payersOf(given, people, streams('1')))
      const [bill, turned] = [billOf(rows, own), billOf({ ledger: rows.ledger.toReversed(), trainings: rows.trainings.toReversed() }, own)]
      for (const of of ['joules', 'wastedJoules', 'money', 'wastedMoney'] as const) expect(close(bill[of], turned[of])).toBe(true)
    }))
  })

  it('is not changed by being priced', () => {
    const before = structuredClone(flight)
    charge(flight, prices, () => {})
    expect(flight).toEqual(before)
  })
})
