import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Life } from '../../src/faults/fault.js'
import { Accountant } from '../../src/federation/privacy/accountant.js'
import { takePart } from '../../src/federation/parts.js'
import { buildStrategy, strategyEntries, type StrategySpec } from '../../src/federation/strategies/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import { reference } from '../../src/lab/compared/reference.js'
import type { FlightEvent, PartValues } from '../../src/record/event.js'
import { whyNotPrivate } from '../../src/simulation/privacy-rules.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, away, buffered, ditto, fedAdam, fedAvg, fedAvgFineTuned, fedBn, fedNova, fedPer, fedProx, fedYogi, deadline, defineStrategy, fp16, krum, localOnly, minutes, mmoe,
  mifa, ms, pFedMe, quorum, scaffold, sgd, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { calm, clear } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

/** What it sends back is a digest of all that went in, so any difference is in the last model. */
let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

const world = smallWorld({ A: 6, B: 12, C: 18, D: 6, E: 6 })

const specification = (changes: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  evaluate: { every: 100, final: false, start: false },
  ...changes,
})

const setupOf = (changes: Partial<Specification> = {}, seed = 1): Promise<Setup> =>
  setUp(resolve(specification(changes), { seed, engine: 'surrogate' }), world, engine)

type Fold = Extract<FlightEvent, { kind: 'fold' }>
type See = (event: FlightEvent, live: (life: Life) => void) => void

/** Messages take 10 ms; what `see` sets off happens directly after the event that it was told of. */
const flown = async (setup: Setup, see: See = () => {}): Promise<{ flight: Flight; events: FlightEvent[]; folds: Fold[] }> => {
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    setup,
    ({ live }) => calm({
      latency: () => 10_000, mayDie: () => true,
      readers: [{ see: (event) => {
        events.push(event)
        see(event, live)
      } }],
    }),
    { engine, stepCost: () => 10_000 },
  )
  return { flight, events, folds: events.filter((event) => event.kind === 'fold') }
}

const flight = async (changes: Partial<Specification> = {}, seed = 1): Promise<Flight> => (await flown(await setupOf(changes, seed))).flight

const lengthOf = (vectors: readonly ArrayLike<number>[]): number =>
  Math.sqrt(vectors.reduce((sum, vector) => sum + Array.from(vector).reduce((square, x) => square + x * x, 0), 0))

const moves = ({ before, after }: { before: PartValues; after: PartValues }): number[] => [...after.values].map((value, i) => value - before.values[i])

const privacy = { clip: 0.5, noise: 1 }

describe('the mean', () => {
  it('is what a slow loop makes of what clients have learnt', async () => {
    const setup = await setupOf({ privacy: { clip: 0.3, noise: 0 }, rounds: synchronous({ count: 1 }) })
    const { folds, flight: { personal } } = await flown(setup)
    const parts = setup.parts.filter(({ length }) => length > 0)
    const learnt = Object.values(personal).map((flat) => parts.map((part) => [...takePart(flat, part)].map((value, i) => value - takePart(setup.initial, part)[i])))
    const shares = learnt.map((deltas) => Math.min(1, 0.3 / lengthOf(deltas)))
    parts.forEach((part, p) => {
      const fold = folds.find((one) => one.part === part.name)!
      const expected = Array.from({ length: part.length }, (_, i) => learnt.reduce((sum, deltas, k) => sum + shares[k] * deltas[p][i], 0) / 5)
      moves(fold).forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-6))
    })
  })

  /** What the clients of round 1 have moved, over a divisor, is what its folds have moved. */
  const isMeanOver = async (divisor: number, answers: number, rounds: Specification['rounds'], see?: See): Promise<void> => {
    const setup = await setupOf({ privacy: { clip: 1e6, noise: 0 }, rounds })
    const { folds, flight: { personal, rounds: [{ folded }] } } = await flown(setup, see)
    expect(folded.length).toBe(answers)
    for (const part of setup.parts.filter(({ length }) => length > 0)) {
      const before = takePart(setup.initial, part)
      moves(folds.find((one) => one.part === part.name)!).forEach((value, i) => {
        const sum = folded.reduce((all, name) => all + takePart(personal[name], part)[i] - before[i], 0)
        expect(Math.abs(value - sum / divisor)).toBeLessThan(1e-6)
      })
    }
  }

  it('is over as many as a round asks, and over no fewer where fewer have answered', async () => {
    await isMeanOver(2, 2, synchronous({ count: 1, select: 2 }))
    await isMeanOver(5, 1, deadline({ count: 1, after: minutes(1) }), (event, live) => {
      if (event.kind !== 'round-open') return
      for (const who of ['client-B', 'client-C', 'client-D', 'client-E']) {
        live({ kind: 'crash', who, at: event.at, fault: 'crash-1', keeps: 'nothing', restartAt: undefined })
      }
    })
  })

  it('per part each of three is clipped to C over the root of 3', async () => {
    const setup = await setupOf({ privacy: { clip: 0.3, noise: 0, per: 'part' }, rounds: synchronous({ count: 1 }) })
    const { folds } = await flown(setup)
    expect(folds.length).toBe(3)
    for (const fold of folds) expect(lengthOf([moves(fold)])).toBeLessThanOrEqual((0.3 / Math.sqrt(3)) * (1 + 1e-6))
    expect(lengthOf(folds.map(moves))).toBeGreaterThan(0.1)
  })

  it('with a cap weighs by rows up to it: the divisor is the weight of all', async () => {
    const setup = await setupOf({ privacy: { clip: 0.3, noise: 0, cap: 12 }, rounds: synchronous({ count: 1 }) })
    const { folds, flight: { personal } } = await flown(setup)
    const rows = [6, 12, 18, 6, 6]
    const weights = rows.map((n) => Math.min(1, n / 12))
    const total = weights.reduce((a, b) => a + b)
    const parts = setup.parts.filter(({ length }) => length > 0)
    const learnt = Object.keys(personal).toSorted().map((name) => parts.map((part) => [...takePart(personal[name], part)].map((value, i) => value - takePart(setup.initial, part)[i])))
    parts.forEach((part, p) => {
      const fold = folds.find((one) => one.part === part.name)!
      const expected = Array.from({ length: part.length }, (_, i) =>
        learnt.reduce((sum, deltas, k) => sum + weights[k] * Math.min(1, 0.3 / lengthOf(deltas)) * deltas[p][i], 0) / total)
      moves(fold).forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-6))
    })
  })

  it('of everybody, unclipped and without noise, is FedAvg’s where all have as many rows', async () => {
    const even = smallWorld({ A: 6, B: 6, C: 6 })
    const setUpEven = (changes: Partial<Specification>): Promise<Setup> =>
      setUp(resolve(specification(changes), { seed: 1, engine: 'surrogate' }), even, engine)
    const [hidden, plain] = [await flown(await setUpEven({ privacy: { clip: 1e6, noise: 0 }, rounds: synchronous({ count: 1 }) })), await flown(await setUpEven({ rounds: synchronous({ count: 1 }) }))]
    for (const part of Object.keys(plain.flight.parts)) {
      plain.flight.parts[part].forEach((value, i) => expect(Math.abs(hidden.flight.parts[part][i] - value)).toBeLessThan(1e-6))
    }
  })
})

describe('the noise', () => {
  /** Of many rounds of one and of no noise: what the noise alone has moved. */
  const noiseOf = async (given: Partial<NonNullable<Specification['privacy']>>): Promise<number[]> => {
    const values: number[] = []
    for (let seed = 1; seed <= 12; seed++) {
      const rounds = synchronous({ count: 1 })
      const loud = await flown(await setupOf({ privacy: { clip: 0.5, noise: 3, ...given }, rounds }, seed))
      const quiet = await flown(await setupOf({ privacy: { clip: 0.5, ...given, noise: 0 }, rounds }, seed))
      loud.folds.forEach((fold, i) => fold.after.values.forEach((value, j) => values.push(value - quiet.folds[i].after.values[j])))
    }
    return values
  }

  it.each(['server', 'client'] as const)('of the %s has the deviation noise C over the divisor on every number, and none of its own direction', async (where) => {
    const values = await noiseOf({ where })
    const n = values.length
    expect(n).toBeGreaterThan(1000)
    const deviation = (3 * 0.5) / 5
    const mean = values.reduce((a, b) => a + b) / n
    const variance = values.reduce((sum, value) => sum + value * value, 0) / n
    // Within four standard errors.
    expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(n))
    expect(Math.abs(variance / deviation ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    const beyond = values.filter((value) => Math.abs(value) > 2 * deviation).length / n
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(4 * Math.sqrt((0.0455 * 0.9545) / n))
  })

  it.each(['server', 'client'] as const)('of the %s is the same for the same seed, and another for another', async (where) => {
    const given = { privacy: { ...privacy, where } }
    expect((await flight(given)).digest).toBe((await flight(given)).digest)
    expect((await flight(given)).digests.numbers).not.toBe((await flight(given, 2)).digests.numbers)
  })

  it('is another in every round and of every part', async () => {
    const { folds } = await flown(await setupOf({ privacy: { clip: 1e-6, noise: 1e6 }, rounds: synchronous({ count: 2 }) }))
    const first = folds.map((fold) => moves(fold)[0])
    expect(new Set(first.map((value) => value.toPrecision(3))).size).toBe(first.length)
  })

  it('moves neither events nor bytes', async () => {
    expect((await flight({ privacy: { clip: 1e6, noise: 0.001 } })).digests.events).toBe((await flight()).digests.events)
  })

  it('of a server that has died and folds a round again is counted as a second release', async () => {
    const setup = await setupOf({ privacy, rounds: synchronous({ count: 3, missing: 'sit-out' }), checkpoint: { every: 5 } })
    let struck = false
    const { folds, flight: { privacy: report } } = await flown(setup, (event, live) => {
      if (struck || event.kind !== 'fold' || event.actor !== 'expert-1') return
      struck = true
      live({ kind: 'crash', who: 'expert-1', at: event.at, fault: 'crash-1', keeps: 'checkpoint', restartAt: event.at })
    })
    expect(folds.filter(({ part, round }) => part === 'expert-1' && round === 1).length).toBe(2)
    expect(report!.rounds.map(({ releases }) => releases)).toEqual([2, 1, 1])
    const accountant = new Accountant()
    accountant.compose(1, 1, 2)
    expect(report!.rounds[0].epsilon).toBe(accountant.epsilon(1e-5))
  })
})

describe('strategies', () => {
  it.each(Object.entries({ fedAvg: fedAvg(), fedProx: fedProx(), fedAdam: fedAdam(), fedYogi: fedYogi(), fedPer: fedPer(), fedBn: fedBn(), ditto: ditto(), tuned: fedAvgFineTuned(), pFedMe: pFedMe({ beta: 0.5 }) }))(
    '%s flies with every check on, and is a plain loop', async (_, strategy) => {
      for (const where of ['server', 'client'] as const) {
        const setup = await setupOf({ strategy, privacy: { ...privacy, where } })
        expect(await reference.compare({ setup, engine, cwd: '.' } as never)).toContain('those of a plain loop')
      }
    })

  it('every strategy of the library is either given the mean or refused with why', () => {
    for (const { kind } of strategyEntries) {
      const strategy = buildStrategy({ kind } as StrategySpec)
      const tries = (): unknown => resolve(specification({ strategy: { kind } as StrategySpec, privacy, local: { epochs: 1, batch: 6, optimizer: sgd(0.1) } }), { seed: 1 })
      if (whyNotPrivate(strategy) === undefined) expect(tries, kind).not.toThrow()
      else expect(tries, kind).toThrow(new RegExp(`strategy is '${strategy.name}', which .* under privacy there is only a mean with noise`))
    }
  })

  it.each([
    [krum(), 'needs every single update'], [mifa(), 'needs every single update'], [scaffold(), 'send more than updates (control)'], [fedNova(), 'weights of its own, which nothing bounds'],
    [{ kind: 'pooled' as const }, 'pools the rows of all clients'],
  ])('refuses what a noisy mean cannot serve: %j', (strategy, why) => {
    expect(() => resolve(specification({ strategy, privacy }))).toThrow(why)
  })

  it('one of one’s own says so by `mean`', async () => {
    const own = defineStrategy({ name: 'half', needs: { updates: 'mean' }, fold: (state, [{ values }]) => ({ ...state, values: values.map((value, i) => (value + state.values[i]) / 2) }) })
    expect((await flight({ strategy: own, privacy })).rounds.length).toBe(3)
    const { needs: _, ...other } = own
    expect(() => resolve(specification({ strategy: { ...other, needs: { ...own.needs, updates: 'individual' } }, privacy }))).toThrow("declare needs: { updates: 'mean' }")
  })

  it('warns where a strategy weighs by rows, and clients count alike', () => {
    const strategy = fedAdam({ weighting: 'examples' })
    expect(resolve(specification({ strategy, privacy })).warnings.join()).toContain('all clients count alike')
    expect(resolve(specification({ strategy, privacy: { ...privacy, cap: 10 } })).warnings).toEqual([])
    expect(resolve(specification({ strategy })).warnings).toEqual([])
  })
})

describe('what does not go with it is refused, with the field', () => {
  it.each([
    [{ rounds: asynchronous({ count: 3, maxStaleness: 2 }) }, /rounds let models of several rounds/],
    [{ rounds: buffered({ count: 3, buffer: 2, concurrency: 2, maxStaleness: 4 }) }, /rounds let models of several rounds/],
    [{ rounds: deadline({ count: 3, after: minutes(1), patience: minutes(1) }) }, /rounds\.missing is 'last'/],
    [{ delivery: { acknowledge: true } }, /rounds\.missing is 'last'/],
    [{ codec: fp16() }, /codec changes updates after they were clipped/],
    [{ codec: { up: fp16() } }, /codec changes updates/],
    [{ codec: { some: [{ rounds: [2, 3], experts: fp16() }] } }, /codec changes updates/],
    [{ choose: (candidates: readonly { name: string }[]) => candidates.map(({ name }) => name) }, /choose may choose clients by what they have answered/],
    [{ selection: { kind: 'oort' } }, /selection may choose clients/],
    [{ rounds: { kind: 'tiers', count: 3, tiers: 2, adapt: { every: 1 } } }, /rounds choose clients by what they have answered/],
    [{ privacy: { clip: 0, noise: 1 } }, /privacy\.clip must be above 0/],
    [{ privacy: { clip: 1, noise: -1 } }, /privacy\.noise must be at least 0/],
    [{ privacy: { clip: 1, noise: 1, delta: 1 } }, /privacy\.delta must be below 1/],
    [{ privacy: { clip: 1, noise: 1, sigma: 2 } }, /privacy\.sigma is not a field/],
  ])('%j', (changes, message) => {
    expect(() => resolve(specification({ privacy, ...changes } as never))).toThrow(message)
  })

  it('rounds of one’s own that would have a client go on with an older part end the flight, and say what to give', async () => {
    const given = (missing: 'last' | 'sit-out') => () => deadline({ count: 2, after: minutes(1), patience: ms(50), missing })
    const late = async (missing: 'last' | 'sit-out'): Promise<Flight> =>
      flyUnder(await setupOf({ privacy, rounds: given(missing) }), () => calm({
        latency: () => 10_000,
        judge: ({ from, round }) => (from === 'expert-1' && round === 2 ? { delay: 1_000_000, copies: [] } : clear),
      }), { engine, stepCost: () => 10_000 })
    await expect(late('last')).rejects.toThrow("Ask with missing: 'sit-out'")
    expect((await late('sit-out')).rounds.map(({ folded }) => folded.length)).toEqual([5, 0])
  })

  it('codecs down are free, and models are read as before', async () => {
    expect((await flight({ codec: { down: fp16() }, privacy })).rounds.length).toBe(3)
  })

  it('what is known with the model and the world', async () => {
    await expect(setupOf({ strategy: localOnly(), privacy })).rejects.toThrow('nothing of the model travels')
    await expect(setupOf({ privacy: { ...privacy, delta: 0.2 } })).rejects.toThrow('privacy.delta is 0.2, and there are 5 clients')
    const model = mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2], batchNorm: true } as never)
    await expect(setupOf({ model, privacy })).rejects.toThrow('running statistics')
    expect((await flight({ model, strategy: fedBn(), privacy })).rounds.length).toBe(3)
  })
})

describe('what is promised', () => {
  const epsilonOf = (compose: readonly (readonly [q: number, noise: number, times: number])[]): number => {
    const accountant = new Accountant()
    for (const [q, noise, times] of compose) accountant.compose(q, noise, times)
    return accountant.epsilon(1e-5)
  }

  it('grows round by round; everybody is in every round', async () => {
    const { privacy: report } = await flight({ privacy: { clip: 0.5, noise: 2 } })
    expect(report!.sampling).toEqual({ q: 1, because: 'every client is asked in every round' })
    expect(report!.rounds.map(({ epsilon }) => epsilon)).toEqual([1, 2, 3].map((n) => epsilonOf(Array.from({ length: n }, () => [1, 2, 1] as const))))
    expect(report!.epsilon).toBe(report!.rounds[2].epsilon)
    expect(report!.sampled).toBeUndefined()
    expect(report!.notCovered.length).toBeGreaterThan(3)
  })

  it('is told both ways where clients are drawn', async () => {
    const { privacy: report } = await flight({ privacy: { clip: 0.5, noise: 2 }, rounds: synchronous({ count: 3, select: 2 }) })
    expect(report!.sampling.q).toBe(0.4)
    expect(report!.epsilon).toBe(epsilonOf([[1, 2, 1], [1, 2, 1], [1, 2, 1]]))
    expect(report!.sampled).toBe(epsilonOf([[0.4, 2, 1], [0.4, 2, 1], [0.4, 2, 1]]))
    expect(report!.sampled!).toBeLessThan(report!.epsilon!)
  })

  it.each([
    ['deadline', { rounds: deadline({ count: 3, after: minutes(1), select: 2 }) }, 'rounds are deadline'],
    ['quorum', { rounds: quorum({ count: 3, quorum: 2, select: 3 }) }, 'rounds are quorum'],
    ['another choice', { rounds: synchronous({ count: 3, select: 2 }), selection: { kind: 'round-robin' as const } }, 'not drawn uniformly'],
    ['faults', { rounds: synchronous({ count: 3, select: 2 }), faults: [away('client-A', { phase: 'training', rounds: [9, 9] })] }, 'faults decide'],
    ['schedules', { rounds: synchronous({ count: 3, select: 2 }), schedule: { kind: 'always' as const } }, 'schedules decide'],
  ])('without amplification: %s', async (_, changes, because) => {
    const { privacy: report } = await flight({ privacy, ...changes } as never)
    expect(report!.sampling.q).toBe(1)
    expect(report!.sampling.because).toContain(because)
    expect(report!.sampled).toBeUndefined()
  })

  it('with shares of clients counts the noise of those who were folded, and what single updates tell', async () => {
    const { privacy: report, rounds } = await flight({ privacy: { clip: 0.5, noise: 2, where: 'client' }, rounds: quorum({ count: 2, quorum: 2 }) })
    rounds.forEach(({ folded }, i) => expect(report!.rounds[i].noise).toBeCloseTo(2 * Math.sqrt(folded.length / 2), 12))
    expect(report!.single!.noise).toBe(2 / Math.sqrt(2) / 2)
    expect(report!.single!.epsilon!).toBeGreaterThan(report!.epsilon!)
  })

  it('says so where attackers see what others send before the noise', async () => {
    const setup = await setupOf({ privacy })
    const report = async (changes: Parameters<typeof calm>[0]): Promise<string> =>
      (await flyUnder(setup, () => calm(changes), { engine, stepCost: () => 10_000 })).privacy!.notCovered.join()
    expect(await report({ forge: () => new Map() })).toContain('attackers repeat')
    expect(await report({})).not.toContain('attackers repeat')
  })

  it('with fewer shares than wanted is of less noise', async () => {
    const setup = await setupOf({ privacy: { clip: 0.5, noise: 2, where: 'client' }, rounds: deadline({ count: 2, after: minutes(1) }) })
    const { flight: { privacy: report, rounds } } = await flown(setup, (event, live) => {
      if (event.kind !== 'round-open' || event.round !== 2) return
      live({ kind: 'crash', who: 'client-A', at: event.at, fault: 'crash-1', keeps: 'nothing', restartAt: undefined })
    })
    expect(rounds.map(({ folded }) => folded.length)).toEqual([5, 4])
    expect(report!.rounds.map(({ noise }) => noise)).toEqual([2, 2 * Math.sqrt(4 / 5)])
    expect(report!.epsilon).toBe(epsilonOf([[1, 2, 1], [1, 2 * Math.sqrt(4 / 5), 1]]))
  })

  it('without noise is nothing', async () => {
    const { privacy: report } = await flight({ privacy: { clip: 0.5, noise: 0 } })
    expect(report!.epsilon).toBe(null)
  })

  it('rounds that fold nothing release nothing', async () => {
    const setup = await setupOf({ privacy, rounds: deadline({ count: 3, after: minutes(1), quorum: 5 }) })
    const { flight: { privacy: report, rounds } } = await flown(setup, (event, live) => {
      if (event.kind !== 'round-open' || event.round !== 2) return
      live({ kind: 'crash', who: 'client-A', at: event.at, fault: 'crash-1', keeps: 'nothing', restartAt: undefined })
    })
    expect(rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'aborted', 'aborted'])
    expect(report!.rounds.map(({ round }) => round)).toEqual([1])
    expect(report!.epsilon).toBe(report!.rounds[0].epsilon)
  })

  it('a flight without it says nothing of it, and has the digest that it had', async () => {
    const plain = await flight()
    expect(plain.privacy).toBeUndefined()
    expect(plain.digest).toBe((await flight({})).digest)
  })
})
