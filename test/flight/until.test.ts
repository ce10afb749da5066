import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly } from '../../src/flight/fly.js'
import { metrics } from '../../src/metrics/metric.js'
import { roundScores } from '../../src/metrics/round-scores.js'
import { warningsOf } from '../../src/runs/warnings.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, buffered, deadline, fedAvg, hours, mmoe, quorum, sgd, synchronous, type Specification,
} from '../../src/simulation/script.js'
import { smallWorld } from '../federation/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18 })

const specified = (rounds: Specification['rounds'], evaluate: Specification['evaluate']): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds,
  evaluate: { start: false, ...evaluate },
})

const flown = (rounds: Specification['rounds'], evaluate: Specification['evaluate']): Promise<Flight> =>
  fly(resolve(specified(rounds, evaluate), { seed: 1, engine: 'tfjs' }), { engine, world })

const losses = ({ metrics: rows }: Flight): number[] => {
  const rounds = [...new Set(rows.map(({ round }) => round))].sort((a, b) => a - b)
  return rounds.map((round) => roundScores(rows.filter((row) => row.round === round)).validation['log-loss'])
}

const machines = {
  synchronous: synchronous({ count: 8 }),
  deadline: deadline({ count: 8, after: hours(1) }),
  quorum: quorum({ count: 8, quorum: 2, after: hours(1) }),
  asynchronous: asynchronous({ count: 12, timeout: hours(1) }),
  buffered: buffered({ count: 8, buffer: 2, concurrency: 3, timeout: hours(1) }),
} satisfies Record<string, Specification['rounds']>

describe.each(Object.entries(machines))('%s rounds until a score is reached', (_, rounds) => {
  it('end with the first round whose score is there, the same until then, every envelope with its fate', async () => {
    const whole = await flown(rounds, {})
    const all = losses(whole)
    // A round of the middle that is better than all before it.
    const end = all.findIndex((loss, i) => i >= 3 && all.slice(0, i).every((before) => before > loss)) + 1
    expect(end).toBeGreaterThan(3)
    expect(end).toBeLessThan(all.length)
    const part = await flown(rounds, { until: `log-loss ${all[end - 1]}` })
    expect(part).toMatchObject({ status: 'complete', reached: end, virtualTime: whole.rounds[end - 1].closed })
    expect(part.rounds).toEqual(whole.rounds.slice(0, end))
    const scored = ({ metrics: rows }: Flight) => rows.filter(({ round, metric }) => round <= end && metrics[metric].final !== true)
    expect(scored(part)).toEqual(scored(whole))
    expect(part.ledger.every(({ fate }) => fate !== undefined)).toBe(true)
    // Nothing is opened any more.
    expect(part.events.filter((line) => line.includes('"event":"round-open"'))).toHaveLength(end)
    expect(part.events.slice(0, 20)).toEqual(whole.events.slice(0, 20))
  })

  it('are all flown where it is not, to the same rounds, envelopes and numbers', async () => {
    const [whole, part] = [await flown(rounds, {}), await flown(rounds, { until: 'log-loss 1e-6' })]
    expect(part.digests.numbers).toBe(whole.digests.numbers)
    expect(part.rounds).toEqual(whole.rounds)
    expect(part.trainings).toEqual(whole.trainings)
    // The next models leave in the same instant, but after whatever else arrives in it.
    const rows = ({ ledger }: Flight) => ledger.map((row) => JSON.stringify({ ...row, id: 0 })).sort()
    expect(rows(part)).toEqual(rows(whole))
    expect(part.reached).toBeUndefined()
    expect(warningsOf(part, 'log-loss 1e-6')).toEqual(['log-loss 1e-6 was not reached: all rounds were flown (evaluate.until)'])
    expect(warningsOf(whole)).toEqual([])
  })
})

describe('a score to be reached', () => {
  it('may come at the last round', async () => {
    const rounds = synchronous({ count: 4 })
    const all = losses(await flown(rounds, {}))
    expect(Math.min(...all)).toBe(all[3])
    expect(await flown(rounds, { until: `log-loss ${all[3]}` })).toMatchObject({ status: 'complete', reached: 4 })
  })

  it('is looked at only after rounds that are scored, and the last one is scored on what was not', async () => {
    const rounds = synchronous({ count: 9 })
    const flight = await flown(rounds, { until: 'log-loss 100', every: 2, on: ['validation'] })
    expect(flight.reached).toBe(2)
    expect(flight.metrics.some(({ round, split }) => round === 2 && split === 'test')).toBe(true)
    const plain = await flown(rounds, { until: 'log-loss 100', every: 2, on: ['validation'], final: false })
    expect(plain.reached).toBe(2)
  })

  it('is refused where it is no level, or of a split that is not scored', () => {
    const rounds = synchronous({ count: 2 })
    const of = (evaluate: Specification['evaluate']) => () => resolve(specified(rounds, evaluate), { seed: 1, engine: 'tfjs' })
    expect(of({ until: 'auk .7' })).toThrow(/evaluate\.until .*give a metric of .*auc.*such as "auc \.75"/)
    expect(of({ until: 'auc' })).toThrow(/evaluate\.until/)
    expect(of({ until: 'group-auc .7' })).toThrow(/evaluate\.until/)
    expect(of({ until: 'test auc .7', on: ['validation'] })).toThrow(/evaluate\.until is a score on test, which is not scored/)
    expect(of({ until: 'test auc .7' })).not.toThrow()
  })
})
