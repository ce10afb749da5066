import fc from 'fast-check'
import { expect, test } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import type { Direction } from '../../src/record/message.js'
import { type RoundSummary, roundSummaries } from '../../src/flight/round-summaries.js'
import { simulate } from '../../src/runs/simulate.js'
import {
  asynchronous, away, deadline, fedAvg, fraction, hierarchical, lose, mbps, mlp, ms, named, seconds, sgd, type Specification,
} from '../../src/simulation/script.js'
import { flight, ledgerRow, ledger, metrics, rounds, trainings } from '../runs/flights.js'

test('a flight made by hand adds up on paper', () => {
  const [first, second] = roundSummaries(flight)
  expect(first).toEqual({
    ...rounds[0], up: 140, down: 200, inside: 8, trainings: 2, examples: 160, scores: { test: { auc: 0.6875 } },
  })
  expect(second).toEqual({ ...rounds[1], up: 100, down: 0, inside: 0, trainings: 2, examples: 74, scores: { test: { auc: 0.6 } } })
})

test('the models of the next round, sent in the instant of the close, are the next round’s; what comes last is nobody’s', () => {
  const [close, end] = [30e6, 60e6]
  const more = [
    ledgerRow({ id: 7, sent: close, round: 1, direction: 'up', travelled: 1 }),
    ledgerRow({ id: 8, sent: close, round: 2, travelled: 2 }),
    ledgerRow({ id: 9, sent: close + 1, round: 1, direction: 'up', travelled: 4 }),
    ledgerRow({ id: 10, sent: end + 1, round: 2, direction: 'up', travelled: 8 }),
  ]
  const [first, second] = roundSummaries({ rounds, metrics, trainings, ledger: [...ledger.slice(0, 3), ...more] })
  expect([first.up, first.down]).toEqual([101, 200])
  expect([second.up, second.down]).toEqual([4, 2])
})

const script = (rule: Specification['rounds'], own: Partial<Specification> = {}): Specification => ({
  world: storefronts({ scenarios: 3, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [2] }),
  local: { epochs: 1, batch: 16, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: rule,
  network: { up: mbps(0.1), down: mbps(0.4), latency: ms(10) },
  faults: [away(fraction(0.5), { phase: 'training', probability: 0.4 }), lose({ from: 'client' }, { probability: 0.2 })],
  ...own,
})

const line = { up: mbps(0.1), down: mbps(0.4), latency: ms(10) }
/** A region flies three rounds, with numbers of their own, for one of the aggregator. */
const inRegions: Partial<Specification> = {
  topology: hierarchical({ rounds: { kind: 'deadline', after: seconds(1) }, every: 3 }),
  network: { ...line, regions: { north: named('client-store-1'), south: named('client-store-2', 'client-store-3') } },
  faults: [lose({ from: 'client' }, { probability: 0.2 })],
}

const total = (rows: readonly RoundSummary[], of: Direction | 'trainings' | 'examples'): number =>
  rows.reduce((sum, row) => sum + row[of], 0)

test.each([
  ['common rounds', deadline({ count: 5, after: seconds(1) })],
  ['a fold for each answer', asynchronous({ count: 8, timeout: seconds(1) })],
  ['rounds of regions', deadline({ count: 4, after: seconds(20) }), inRegions],
])('of a flight of %s every byte and training until the last close is in one round', async (_, rule, own?: Partial<Specification>) => {
  const run = await simulate(script(rule, own), { workers: 1 })
  const rows = roundSummaries(run)
  const landed = run.rounds.at(-1)!.closed
  for (const direction of ['up', 'down', 'inside'] as const) {
    const sent = run.ledger.filter((row) => row.direction === direction && row.sent <= landed)
    expect(total(rows, direction)).toBe(sent.reduce((sum, { travelled }) => sum + travelled, 0))
  }
  const trained = run.trainings.filter(({ end }) => end <= landed)
  expect(total(rows, 'trainings')).toBe(trained.length)
  expect(total(rows, 'examples')).toBe(trained.reduce((sum, { examples }) => sum + examples, 0))
  for (const { round, scores } of rows) {
    const own = run.metrics.filter((row) => row.round === round && row.split === 'validation' && row.metric === 'auc')
    const defined = own.flatMap(({ value }) => value ?? [])
    expect(scores?.validation.auc).toBeCloseTo(defined.reduce((sum, value) => sum + value, 0) / defined.length, 12)
  }
})

test('whatever was sent when: in a round that had closed by then or was about to, and in none before its own', () => {
  const time = fc.integer({ min: 0, max: 20 })
  fc.assert(
    fc.property(fc.array(time, { maxLength: 5 }), fc.array(fc.tuple(time, fc.integer({ min: 1, max: 6 })), { maxLength: 12 }), (closes, sends) => {
      const closed = closes.toSorted((a, b) => a - b)
      const some = closed.map((at, i) => ({ ...rounds[0], round: i + 1, closed: at }))
      const rows = sends.toSorted(([a], [b]) => a - b).map(([sent, round], id) => ledgerRow({ id, sent, round, travelled: 2 ** id }))
      const slow = some.map(({ round }) =>
        rows.filter((row) => {
          const first = closed.findIndex((at) => at >= row.sent)
          return Math.max(first < 0 ? closed.length : first, row.round - 1) === round - 1
        }).reduce((sum, { travelled }) => sum + travelled, 0))
      expect(roundSummaries({ rounds: some, ledger: rows, trainings: [], metrics: [] }).map(({ down }) => down)).toEqual(slow)
    }),
  )
})
