import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { rateFactor, type RateSchedule } from '../../src/federation/rate-schedule.js'
import { setUp } from '../../src/flight/setup.js'
import { resolve } from '../../src/simulation/resolve.js'
import { adam, fedAvg, mlp, scaffold, sgd, synchronous } from '../../src/simulation/script.js'
import { bitsOf, jobsOf, trainAll, trainingOf } from '../engine/flight.js'
import { calm } from './calm.js'
import { smallWorld } from './small.js'
import { clients, flown, gradient, head, mean, rate } from './strategies/plain-numbers.js'

const factors = (schedule: RateSchedule, rounds: number): number[] =>
  Array.from({ length: rounds }, (_, i) => rateFactor(schedule, i + 1))

const close = (got: Iterable<number>, expected: readonly number[]): void =>
  [...got].forEach((value, i) => expect(value, `entry ${i}`).toBeCloseTo(expected[i], 5))

describe('a schedule of learning rates', () => {
  it('goes by the round alone, worked by hand', () => {
    expect(factors({ kind: 'constant', warmup: 0 }, 3)).toEqual([1, 1, 1])
    expect(factors({ kind: 'constant', warmup: 3 }, 5)).toEqual([0.25, 0.5, 0.75, 1, 1])
    expect(factors({ kind: 'step', every: 2, by: 0.5, warmup: 0 }, 5)).toEqual([1, 1, 0.5, 0.5, 0.25])
    expect(factors({ kind: 'step', every: 2, by: 0.5, warmup: 1 }, 5)).toEqual([0.5, 1, 1, 0.5, 0.5])
    expect(factors({ kind: 'exponential', by: 0.5, warmup: 0 }, 3)).toEqual([1, 0.5, 0.25])
    expect(factors({ kind: 'linear', over: 4, to: 0.2, warmup: 0 }, 6).map((f) => Number(f.toFixed(9)))).toEqual([1, 0.8, 0.6, 0.4, 0.2, 0.2])
    close(factors({ kind: 'cosine', over: 2, to: 0, warmup: 0 }, 4), [1, 0.5, 0, 0])
  })

  it('never rises after its warm-up, and stays within 0 and 1, over any number of rounds', () => {
    const schedule = fc.oneof(
      fc.record({ kind: fc.constant('step' as const), every: fc.integer({ min: 1, max: 50 }), by: fc.double({ min: 1e-6, max: 1, noNaN: true }), warmup: fc.nat(20) }),
      fc.record({ kind: fc.constant('exponential' as const), by: fc.double({ min: 1e-6, max: 1, noNaN: true }), warmup: fc.nat(20) }),
      fc.record({ kind: fc.constantFrom('linear' as const, 'cosine' as const), over: fc.integer({ min: 1, max: 1e6 }), to: fc.double({ min: 0, max: 1, noNaN: true }), warmup: fc.nat(20) }),
    )
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 1e6 }), (own, round) => {
        const [now, next] = [rateFactor(own, round), rateFactor(own, round + 1)]
        expect(now).toBeGreaterThanOrEqual(0)
        expect(now).toBeLessThanOrEqual(1 + 1e-12)
        if (round > own.warmup) expect(next).toBeLessThanOrEqual(now + 1e-12)
        else expect(next).toBeGreaterThanOrEqual(now)
      }),
    )
  })
})

describe.each(['tfjs', 'onnx'] as const)('in plain numbers, on %s', (name) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await openEngine({ engine: name, workers: 0 })
  })
  afterAll(() => engine.close())

  const local = { epochs: 2, batch: 16, clients: [{ who: 'client-B', epochs: 3 }] }

  /** A round of FedAvg with another rate, and so much of each parameter in its gradient. */
  const round = (w: readonly number[], factor: number, shrinks: (i: number) => number, there = clients): number[] =>
    mean(there.map((client) => {
      let theta = [...w]
      for (let step = 0; step < client.epochs; step++) {
        const slope = gradient(client, theta)
        theta = theta.map((t, i) => t - rate * factor * (slope[i] + shrinks(i) * t))
      }
      return theta
    }), there)

  const expected = (initial: readonly number[], factor: readonly number[], shrinks: (i: number) => number = () => 0): readonly number[] =>
    factor.reduce<readonly number[]>((w, f) => round(w, f, shrinks), initial)

  it('rates fall from round to round', async () => {
    const rateSchedule = { kind: 'exponential', by: 0.5, warmup: 1 } as const
    const { initial, common } = await flown(engine, fedAvg(), 3, clients, { local: { ...local, optimizer: sgd(rate), rateSchedule } })
    close(common, expected(initial, [0.5, 1, 0.5]))
  })

  it('a client that was away joins in with the rate of the round, also where it keeps its moments', async () => {
    const rateSchedule = { kind: 'step', every: 1, by: 0.5 } as const
    const weather = calm({ available: (client, _, number) => client !== 'client-A' || number > 1 })
    const { initial, common } = await flown(engine, fedAvg(), 2, clients, {
      local: { ...local, optimizer: sgd(rate), optimizerState: 'keep', rateSchedule }, weather,
    })
    const first = round(initial, 1, () => 0, clients.slice(1))
    close(common, round(first, 0.5, () => 0))
  })

  /** Local SGD of one client at a rate of each step. */
  const trained = (client: (typeof clients)[number], start: readonly number[], at: number, more: readonly number[] = []): number[] => {
    let theta = [...start]
    for (let step = 0; step < client.epochs; step++) {
      const slope = gradient(client, theta)
      theta = theta.map((t, i) => t - at * (slope[i] + (more[i] ?? 0)))
    }
    return theta
  }

  it('clients have rates and schedules of their own, later entries winning field by field', async () => {
    const own = [
      { who: 'all', rate: 0.4 }, { who: 'client-A', rate: 0.1 }, { who: 'client-B', epochs: 3 },
      { who: 'client-B', rateSchedule: { kind: 'exponential', by: 0.5 } },
      { who: 'client-C', rateSchedule: { kind: 'constant', warmup: 1 } },
    ] as const
    const rateSchedule = { kind: 'step', every: 1, by: 0.1 } as const
    const { initial, common } = await flown(engine, fedAvg(), 2, clients, {
      local: { ...local, optimizer: sgd(rate), rateSchedule, clients: [...own] },
    })
    const rates = [[0.1, 0.01], [0.4, 0.2], [0.2, 0.4]]
    const next = (w: readonly number[], r: number): number[] => mean(clients.map((client, k) => trained(client, w, rates[k][r])))
    close(common, next(next(initial, 0), 1))
  })

  it('SCAFFOLD’s variates go by the rate of each client', async () => {
    const { initial, common } = await flown(engine, scaffold(), 2, clients, {
      local: { ...local, optimizer: sgd(rate), clients: [...local.clients, { who: 'client-A', rate: 0.1 }] },
    })
    const rates = [0.1, rate, rate]
    const even = (all: readonly (readonly number[])[]): number[] => initial.map((_, i) => all.reduce((sum, one) => sum + one[i] / all.length, 0))
    const first = clients.map((client, k) => trained(client, initial, rates[k]))
    const variates = clients.map(({ epochs }, k) => initial.map((w, i) => (w - first[k][i]) / (epochs * rates[k])))
    const [x, c] = [even(first), even(variates)]
    close(common, even(clients.map((client, k) => trained(client, x, rates[k], c.map((all, i) => all - variates[k][i])))))
  })

  it('moments are kept by whom they are asked of, and the program is one for all', async () => {
    const momentum = 0.5
    const about = { local: { ...local, optimizer: sgd(rate, { momentum }), clients: [...local.clients, { who: 'client-A', optimizerState: 'keep' as const }] } }
    const { initial, common } = await flown(engine, fedAvg(), 2, clients, about)
    const velocities = clients.map(() => initial.map(() => 0))
    const round = (w: readonly number[]): number[] =>
      mean(clients.map((client, k) => {
        let theta = [...w]
        if (client.name !== 'client-A') velocities[k] = initial.map(() => 0)
        for (let step = 0; step < client.epochs; step++) {
          const slope = gradient(client, theta)
          velocities[k] = velocities[k].map((v, i) => momentum * v + slope[i])
          theta = theta.map((t, i) => t - rate * velocities[k][i])
        }
        return theta
      }))
    close(common, round(round(initial)))
    const resolved = resolve({
      world: { kind: 'storefronts' }, model: mlp({ hidden: [2] }), strategy: fedAvg(), rounds: synchronous({ count: 1 }),
      local: { clients: [{ who: 'client-a', rate: 0.5, rateSchedule: { kind: 'linear', over: 3 }, optimizerState: 'keep' }, { who: 'client-b', epochs: 4 }] },
    })
    const programs = (await setUp(resolved, smallWorld({ a: 20, b: 20, c: 20 }), engine)).clients.map(({ prepared }) => prepared[0].program)
    expect(new Set(programs).size).toBe(1)
  })

  it('a client has the same bits at its rate alone and beside others at theirs', async () => {
    const training = { ...trainingOf({ optimizer: adam(0.01, { epsilon: 1e-3, weightDecay: 0.1 }) }), cohort: 3 }
    const jobs = (await jobsOf(engine, training, 3)).map((job, i) => ({ ...job, ...(i > 0 && { rate: 0.01 * 3 ** i }) }))
    const together = (await trainAll(engine, jobs)).map(bitsOf)
    for (const [i, job] of jobs.entries()) expect((await trainAll(engine, [job])).map(bitsOf)).toEqual([together[i]])
    const [first, second] = jobs
    expect((await trainAll(engine, [{ ...first, rate: 0.01 }])).map(bitsOf)).toEqual([together[0]])
    expect((await trainAll(engine, [{ ...second, rate: undefined }])).map(bitsOf)).not.toEqual([together[1]])
  })

  it('weight decay is in every gradient, L2 in that of its role', async () => {
    const decayed = await flown(engine, fedAvg(), 2, clients, { local: { ...local, optimizer: sgd(rate, { weightDecay: 0.3 }) } })
    close(decayed.common, expected(decayed.initial, [1, 1], () => 0.3))
    const l2 = { tower: 0.4 }
    const heads = await flown(engine, fedAvg(), 2, clients, { local: { ...local, optimizer: sgd(rate), l2 } })
    close(heads.common, expected(heads.initial, [1, 1], (i) => (head.includes(i) ? 0.4 : 0)))
  })
})
