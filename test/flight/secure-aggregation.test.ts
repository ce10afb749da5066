import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import type { Life } from '../../src/faults/fault.js'
import type { Weather } from '../../src/faults/weather.js'
import { greatest } from '../../src/federation/secure-aggregation/fixed-point.js'
import { buildStrategy, strategyEntries, type StrategySpec } from '../../src/federation/strategies/registry.js'
import type { Flight } from '../../src/flight/flight.js'
import { fly, flyUnder } from '../../src/flight/fly.js'
import { type Setup, setUp } from '../../src/flight/setup.js'
import { reference } from '../../src/lab/compared/reference.js'
import type { FlightEvent } from '../../src/record/event.js'
import { warningsOf } from '../../src/runs/warnings.js'
import { whyNotMasked } from '../../src/simulation/secure-aggregation-rules.js'
import { resolve } from '../../src/simulation/resolve.js'
import {
  asynchronous, buffered, crash, deadline, defineStrategy, delta, ditto, fedAdam, fedAvg, fedAvgFineTuned, fedBn, fedNova, fedPer, fedProx, fedYogi, fp16, fp32, gossip, int8, krum,
  localOnly, lose, minutes, mmoe, ms, named, pFedMe, poison, quorum, roundMachine, scaffold, semiAsynchronous, sgd, splitAggregator, type Specification, synchronous,
} from '../../src/simulation/script.js'
import { calm, clear } from '../federation/calm.js'
import { smallWorld } from '../federation/small.js'

let surrogate: Engine
let tfjs: Engine
beforeAll(async () => {
  surrogate = await openEngine({ engine: 'surrogate' })
  tfjs = await openEngine({ engine: 'tfjs' })
})
afterAll(async () => {
  await surrogate.close()
  await tfjs.close()
})

const rows = { A: 6, B: 12, C: 18, D: 6, E: 6 }
const world = smallWorld(rows)
const all = Object.keys(rows).length

const specification = (changes: Partial<Specification> = {}): Specification => ({
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 6, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 3 }),
  evaluate: { every: 100, final: false, start: false },
  ...changes,
})

const setupOf = (changes: Partial<Specification> = {}, engine = surrogate, of = world): Promise<Setup> =>
  setUp(resolve(specification(changes), { seed: 1, engine: engine === tfjs ? 'tfjs' : 'surrogate' }), of, engine)

type See = (event: FlightEvent, live: (life: Life) => void) => void

interface Flown {
  readonly flight: Flight
  readonly events: readonly FlightEvent[]
}

/** Messages take 10 ms, and a training step too; what `see` sets off happens directly after the event that it was told of. */
const flown = async (setup: Setup, see: See = () => {}, weather: Partial<Weather> = {}, engine = surrogate): Promise<Flown> => {
  const events: FlightEvent[] = []
  const flight = await flyUnder(
    setup,
    ({ live }) => calm({
      latency: () => 10_000, mayDie: () => true,
      readers: [{ see: (event) => {
        events.push(event)
        see(event, live)
      } }],
      ...weather,
    }),
    { engine, stepCost: () => 10_000 },
  )
  return { flight, events }
}

const dies = (who: string, at: number): Life => ({ kind: 'crash', who, at, fault: 'crash-1', keeps: 'nothing', restartAt: undefined })
const reasons = ({ rounds }: Flight): readonly string[] => rounds.map(({ outcome, reason }) => `${outcome}: ${reason}`)
const closing = { rounds: deadline({ count: 1, after: ms(400), quorum: 2 }) }

/** How far two flights' parts are apart at most. */
const apart = ({ parts: a }: Flight, { parts: b }: Flight): number =>
  Math.max(...Object.keys(a).flatMap((part) => [...a[part]].map((value, i) => Math.abs(value - b[part][i]))))

const step = (range: number, bits: number): number => range / greatest({ bits })
/** Of five clients in a ring of 32 bits. */
const bitsOfFive = 29
/** What rounding to float32 does to numbers of size 1 and below, twice. */
const float = 2 ** -23

describe('the sum that owners fold', () => {
  it('is the plain fold to n steps of fixed point over twice the sum of weights', async () => {
    for (const [range, ring, bits] of [[8, 32, bitsOfFive], [1, 24, 21], [0.5, 16, 10]] as const) {
      const one = { rounds: synchronous({ count: 1 }) }
      const { flight } = await flown(await setupOf({ ...one, secureAggregation: { range, ring, ...(bits !== bitsOfFive && { bits }) } }, tfjs), undefined, {}, tfjs)
      const plain = await flown(await setupOf(one, tfjs), undefined, {}, tfjs)
      const weights = Object.values(rows).reduce((sum, own) => sum + own / 18, 0)
      expect(flight.saturated).toEqual([])
      const bound = (all * step(range, bits)) / (2 * weights) + float
      expect(apart(flight, plain.flight)).toBeLessThanOrEqual(bound)
      // No bits are left unused: with fewer it would not be.
      if (bits === 10) expect(apart(flight, plain.flight)).toBeGreaterThan(bound / 50)
    }
  })

  it.each(Object.entries({
    fedAvg: fedAvg(), fedProx: fedProx(), fedAdam: fedAdam(), 'fedAdam, uniform': fedAdam({ weighting: 'uniform' }), fedYogi: fedYogi(), fedPer: fedPer(), fedBn: fedBn(),
    ditto: ditto(), tuned: fedAvgFineTuned(), pFedMe: pFedMe({ beta: 0.5 }),
  }))('is so over rounds, and to the bit that of a plain loop: %s', async (_, strategy) => {
    const [masked, plain] = [await setupOf({ strategy, secureAggregation: {} }, tfjs), await setupOf({ strategy }, tfjs)]
    const [one, other] = [await flown(masked, undefined, {}, tfjs), await flown(plain, undefined, {}, tfjs)]
    expect(one.flight.rounds.map(({ folded }) => folded.length)).toEqual([all, all, all])
    expect(apart(one.flight, other.flight)).toBeLessThan(2e-5)
    expect(await reference.compare({ setup: await setupOf({ strategy, secureAggregation: {} }), engine: surrogate, cwd: '.' } as never)).toContain('those of a plain loop')
  })

  it.each([['long', 100_000], ['shorter than the steps of the protocol', 1]] as const)('is so where an aggregator is split, whose shards sum for themselves: training is %s', async (_, stepCost) => {
    const one = { topology: splitAggregator(), rounds: synchronous({ count: 2 }) }
    const run = async (changes: Partial<Specification>): Promise<Flight> => flyUnder(await setupOf({ ...one, ...changes }, tfjs), () => calm({ latency: () => 10_000 }), { engine: tfjs, stepCost: () => stepCost })
    const [masked, plain] = [await run({ secureAggregation: {} }), await run({})]
    expect(apart(masked, plain)).toBeLessThan(1e-5)
    expect(masked.ledger.filter(({ kind, fate }) => kind === 'update' && fate !== 'used')).toEqual([])
    expect(Object.keys(masked.parts).length).toBeGreaterThan(3)
  })

  it('weighs by whole rows; where they are too many for the bits, by shares of the largest', async () => {
    const one = { rounds: synchronous({ count: 1 }) }
    const { flight } = await flown(await setupOf({ ...one, secureAggregation: { range: 0.5, bits: 4 } }, tfjs), undefined, {}, tfjs)
    const plain = await flown(await setupOf(one, tfjs), undefined, {}, tfjs)
    // 18 rows are 7 of 7, and 6 are 2: half of a seventh of a weight off.
    expect(apart(flight, plain.flight)).toBeLessThan(step(0.5, 4))
  })

  it('takes what a codec makes of models as what its clients were sent', async () => {
    const codec = { down: delta().then(int8()) }
    const missing = { rounds: synchronous({ count: 3 }) }
    const masked = await flown(await setupOf({ ...missing, codec, secureAggregation: {} }, tfjs), undefined, {}, tfjs)
    const plain = await flown(await setupOf({ ...missing, codec }, tfjs), undefined, {}, tfjs)
    expect(apart(masked.flight, plain.flight)).toBeLessThan(1e-3)
    // The second round's models are changes, of what a masked input says that its client has.
    const models = ({ flight }: Flown): number[] => flight.ledger.filter(({ kind, round }) => kind === 'model' && round === 2).map(({ bytes }) => bytes)
    expect(models(masked)).toEqual(models(plain))
  })
})

/** A client dies when what it has sent about the trunk has come. */
const afterSending = (who: string, message: string): See => (event, live) => {
  if (event.kind === 'send' && event.actor === who && event.message === message && event.part === 'trunk') live(dies(who, event.at + 10_001))
}

describe('who is lost in between is a dropout of the step that it is in', () => {
  it.each([
    ['before keys', (event: FlightEvent, live: (life: Life) => void) => event.kind === 'round-open' && live(dies('client-C', event.at)), 4],
    ['after keys', afterSending('client-C', 'keys'), 4],
    ['after shares', afterSending('client-C', 'shares'), 4],
    ['after its input', afterSending('client-C', 'update'), 5],
  ] as const)('%s: the sum is that of those whose inputs came', async (_, see, inputs) => {
    const { flight, events } = await flown(await setupOf({ ...closing, secureAggregation: { patience: ms(50) } }, tfjs), see as See, {}, tfjs)
    expect(reasons(flight)[0]).toMatch(/^closed/)
    expect(flight.rounds[0].folded.length).toBe(inputs)
    const without: See = (event, live) => {
      if (inputs === 4 && event.kind === 'round-open') live(dies('client-C', event.at))
    }
    const plain = await flown(await setupOf(closing, tfjs), without, {}, tfjs)
    expect(apart(flight, plain.flight)).toBeLessThan(1e-6)
    expect(events.filter(({ kind }) => kind === 'fold').length).toBe(3)
  })

  it('with deaths of two of five after each step it comes below four, and the round aborts with the step', async () => {
    const told: Record<string, string> = {}
    for (const [message, word] of [['model', 'keys'], ['keys', 'shares'], ['shares', 'masked inputs'], ['update', 'unmasking']] as const) {
      const [one, other] = [afterSending('client-C', message), afterSending('client-D', message)]
      const see: See = (event, live) => {
        if (message === 'model' && event.kind === 'round-open') for (const who of ['client-C', 'client-D']) live(dies(who, event.at))
        one(event, live)
        other(event, live)
      }
      const { flight, events } = await flown(await setupOf({ ...closing, secureAggregation: { threshold: 4, patience: ms(50) } }), see)
      told[word] = reasons(flight)[0]
      expect(events.filter(({ kind }) => kind === 'fold')).toEqual([])
      expect(flight.ledger.filter(({ kind, fate }) => kind === 'update' && fate === 'used')).toEqual([])
    }
    expect(told).toEqual({
      keys: 'aborted: 3 of 4 for keys', shares: 'aborted: 3 of 4 for shares', 'masked inputs': 'aborted: 3 of 4 for masked inputs', unmasking: 'aborted: 3 of 4 for unmasking',
    })
  })

  it('one part may close where another aborts', async () => {
    const losing: Partial<Weather> = { judge: ({ kind, to, from }) => (to === 'expert-1' && kind === 'keys' && from !== 'client-A' ? { ...clear, lost: { travelled: 1, fault: 'lose-1' } } : clear) }
    const { flight, events } = await flown(await setupOf({ ...closing, secureAggregation: { patience: ms(50) } }), undefined, losing)
    expect(reasons(flight)[0]).toMatch(/^closed/)
    expect(events.flatMap((event) => (event.kind === 'part-close' ? [`${event.part} ${event.outcome}`] : [])).toSorted()).toEqual(['expert-1 aborted', 'expert-2 closed', 'trunk closed'])
  })

  it('the model of a round that aborts is what it was, bit for bit', async () => {
    const setup = await setupOf({ ...closing, secureAggregation: { threshold: 5 } }, tfjs)
    const { flight } = await flown(setup, (event, live) => {
      if (event.kind === 'round-open') live(dies('client-A', event.at))
    }, {}, tfjs)
    const { flight: before } = await flown(await setupOf({ rounds: deadline({ count: 1, after: ms(20), quorum: 5 }) }, tfjs), undefined, {}, tfjs)
    expect(reasons(flight)).toEqual(['aborted: 4 of 5 for keys'])
    expect(flight.parts).toEqual(before.parts)
  })

  it('a client that dies and comes back within a round cannot go on', async () => {
    const rounds = deadline({ count: 1, after: ms(400), quorum: 2, missing: 'sit-out' })
    for (const delivery of [{}, { acknowledge: true }]) {
      const { flight } = await flown(await setupOf({ rounds, delivery, secureAggregation: { patience: ms(50) } }), (event, live) => {
        if (event.kind !== 'train' || event.actor !== 'client-C') return
        live({ kind: 'crash', who: 'client-C', at: event.at + 1000, fault: 'crash-1', keeps: 'checkpoint', restartAt: event.at + 2000 })
      })
      expect(flight.rounds[0].folded).toEqual(['client-A', 'client-B', 'client-D', 'client-E'])
    }
  })
})

it('a round ends once all parts are through, so that scores are of what has come of it; a dead expert is waited for as long as a step lasts', async () => {
  const order: string[] = []
  const run = (changes: Partial<Specification>): Promise<Flight> => fly(resolve(specification({
    network: { latency: ms(10), up: 400_000, inside: ms(3) }, devices: { stepOverhead: ms(20) }, rounds: synchronous({ count: 2 }), secureAggregation: { patience: ms(300) }, ...changes,
  }), { seed: 1, engine: 'surrogate' }), {
    world, engine: surrogate,
    onEvent: (event) => {
      if (event.kind === 'part-close') order.push(`${event.part} ${event.round} ${event.outcome}`)
      if (event.kind === 'round-close') order.push(`round ${event.row.round}`)
    },
  })
  await run({})
  for (const round of [1, 2]) {
    const before = order.slice(0, order.indexOf(`round ${round}`))
    for (const part of ['trunk', 'expert-1', 'expert-2']) expect(before).toContain(`${part} ${round} closed`)
  }
  const flight = await run({ rounds: deadline({ count: 2, after: minutes(1) }), faults: [crash('expert-1', { when: { event: 'arrived', to: 'expert-1', message: 'update', nth: 5 } })] })
  const [first] = flight.rounds
  const asked = flight.ledger.find(({ kind, direction, round }) => kind === 'unmask' && direction === 'down' && round === 1)!.sent
  expect(first.closed - asked).toBe(300_000)
})

const retried = { acknowledge: true, retries: 12, timeout: ms(60) } as const

describe('owners that die', () => {
  const flying = (changes: Partial<Specification>): Promise<Flight> => fly(resolve(specification({
    network: { latency: ms(10), up: 400_000 }, devices: { stepOverhead: ms(20) }, rounds: synchronous({ count: 2, missing: 'sit-out' }), delivery: retried,
    secureAggregation: { patience: minutes(1) }, ...changes,
  }), { seed: 1, engine: 'surrogate' }), { world, engine: surrogate })

  it.each(['aggregator', 'expert-1'])('and have kept all go on to the same model, whenever they die: %s', async (who) => {
    const checkpoint = { every: 'message' } as const
    const quiet = await flying({ checkpoint })
    for (const [nth, message] of [[1, 'keys'], [5, 'keys'], [2, 'shares'], [5, 'shares'], [3, 'update'], [5, 'update'], [1, 'unmask'], [3, 'unmask']] as const) {
      const flight = await flying({ checkpoint, faults: [crash(who, { when: { event: 'arrived', to: who, message, nth }, keeps: 'checkpoint', restartAfter: ms(15) })] })
      expect(flight.faults[0].fired).toBe(1)
      expect(flight.rounds.map(({ outcome }) => outcome)).toEqual(['closed', 'closed'])
      expect([message, nth, flight.parts]).toEqual([message, nth, quiet.parts])
    }
  })

  it.each(['aggregator', 'expert-1'])('and have lost the keys abort their round, and no other: %s', async (who) => {
    for (const acknowledge of [true, false]) {
      for (const [nth, message, event] of [[3, 'keys', 'arrived'], [4, 'shares', 'arrived'], [3, 'update', 'arrived'], [5, 'unmask', 'sent']] as const) {
        const when = event === 'sent' ? { event, actor: who, message, nth } : { event, to: who, message, nth }
        const flight = await flying({
          rounds: deadline({ count: 3, after: minutes(1), missing: 'sit-out' }), secureAggregation: { patience: ms(300) }, ...(acknowledge ? {} : { delivery: {} }),
          faults: [crash(who, { when, keeps: 'checkpoint', restartAfter: ms(15) })],
        })
        expect(flight.rounds.length).toBe(3)
        expect(flight.rounds[0].outcome).toBe(who === 'aggregator' ? 'aborted' : 'closed')
        expect(flight.rounds.slice(1).map(({ outcome }) => outcome)).toEqual(['closed', 'closed'])
        // Nothing of the first round is in the part that died.
        const used = flight.ledger.filter(({ kind, round, part, fate }) => kind === 'update' && round === 1 && part === (who === 'aggregator' ? 'trunk' : who) && fate === 'used')
        expect(used).toEqual([])
      }
    }
  })
})

describe('bytes', () => {
  it('of three clients are those of the messages, by kind, direction and part', async () => {
    const setup = await setupOf({ rounds: synchronous({ count: 1 }), secureAggregation: { ring: 20 } }, surrogate, smallWorld({ A: 6, B: 12, C: 18 }))
    const { flight } = await flown(setup)
    const trunk = setup.parts[0]
    const sizes = new Map<string, Set<number>>()
    for (const { kind, direction, part, bytes } of flight.ledger) {
      if (part === 'trunk' && kind !== 'model') sizes.set(`${direction} ${kind}`, (sizes.get(`${direction} ${kind}`) ?? new Set()).add(bytes))
    }
    // A head of 32 bytes each; keys 64, shares of two others 104 each, numbers 4, shares of three 36.
    expect(Object.fromEntries([...sizes].map(([name, own]) => [name, [...own]]))).toEqual({
      'up keys': [96], 'down keys': [32 + 3 * 68], 'up shares': [32 + 2 * 104], 'down shares': [32 + 2 * 104], 'down unmask': [44], 'up unmask': [32 + 3 * 36],
      'up update': [32 + trunk.up.header.length + Math.ceil((20 * (trunk.length + 1)) / 8)],
    })
    for (const { kind, direction, part } of flight.ledger.filter((row) => ['keys', 'shares', 'unmask'].includes(row.kind))) {
      expect(flight.ledger.filter((row) => row.kind === kind && row.direction === direction && row.part === part).length).toBe(3)
    }
    expect(new Set(flight.ledger.filter(({ kind }) => kind === 'keys').map(({ fate }) => fate))).toEqual(new Set(['control']))
  })

  it('tell nothing of rows or steps, and are others in every round', async () => {
    const frames = new Map<number, Uint8Array>()
    await flown(await setupOf({ rounds: synchronous({ count: 2 }), secureAggregation: {} }), undefined, {
      judge: (envelope) => {
        if (envelope.kind === 'update' && envelope.part === 'trunk') frames.set(envelope.id, envelope.bytes.slice())
        return clear
      },
    })
    const bodies = [...frames.values()]
    expect(bodies.length).toBe(2 * all)
    // Steps in bytes 12 to 16, rows in 16 to 24.
    for (const frame of bodies) expect([...frame.subarray(12, 24)]).toEqual(Array.from({ length: 12 }, () => 0))
    expect(new Set(bodies.map((frame) => Buffer.from(frame.subarray(-64)).toString('hex'))).size).toBe(bodies.length)
  })
})

describe('what cannot be said in fixed point is told', () => {
  it('numbers beyond the range are cut off there, and a warning names part, client and round', async () => {
    const { flight, events } = await flown(await setupOf({ rounds: synchronous({ count: 1 }), secureAggregation: { range: 1e-4 } }, tfjs), undefined, {}, tfjs)
    const cut = events.filter((event) => event.kind === 'saturated')
    expect(cut.length).toBeGreaterThan(0)
    expect(flight.marks['beyond the range']).toBe(cut.length)
    const total = cut.reduce((sum, event) => sum + (event.part === 'trunk' ? event.beyond : 0), 0)
    expect(warningsOf(flight).find((warning) => warning.includes('of trunk'))).toMatch(new RegExp(`^${total} numbers of trunk were beyond secureAggregation.range and cut off there .*from round 1 on\\): give a larger range$`))
  })

  it('what is not finite counts for nothing, with its weight, and the sum of the others is theirs', async () => {
    const who = named('client-C')
    const attacked: Partial<Specification> = { rounds: synchronous({ count: 1 }), faults: [poison(who, { send: 'nan' })], onDivergence: 'go-on' }
    const run = (changes: Partial<Specification>): Promise<Flight> => fly(resolve(specification({ ...attacked, ...changes }), { seed: 1, engine: 'tfjs' }), { world, engine: tfjs })
    const [masked, plain] = [await run({ secureAggregation: {} }), await run({})]
    expect(apart(masked, plain)).toBeLessThan(1e-6)
    expect(masked.rounds[0].folded.length).toBe(all)
    expect(masked.saturated!.map(({ part, notFinite, clients, first }) => [part, notFinite, clients, first.client])).toEqual(['trunk', 'expert-1', 'expert-2'].map((part) => [part, 1, 1, 'client-C']))
    await expect(run({ secureAggregation: {}, onDivergence: 'stop' })).rejects.toThrow('Training diverged: updates of client-C were not finite by the close of round 1')
    expect(warningsOf(masked)).toContain('1 input of trunk was not finite and counted for nothing in the sum (client-C, from round 1 on)')
  })
})

describe('strategies', () => {
  it('of the library are given the mean, or refused with why', () => {
    for (const { kind } of strategyEntries) {
      const strategy = buildStrategy({ kind } as StrategySpec)
      const tries = (): unknown => resolve(specification({ strategy: { kind } as StrategySpec, secureAggregation: {} }), { seed: 1 })
      if (whyNotMasked(strategy) === undefined) expect(tries, kind).not.toThrow()
      else expect(tries, kind).toThrow(new RegExp(`strategy is '${strategy.name}', which .* under secureAggregation owners see sums alone`))
    }
  })

  it.each([
    [krum(), 'needs every single update'], [scaffold(), 'send more than updates (control)'], [fedNova(), 'weights of its own, which clients alone cannot know'],
    [{ kind: 'pooled' as const }, 'pools the rows of all clients'],
  ])('refuses what a sum cannot serve: %j', (strategy, why) => {
    expect(() => resolve(specification({ strategy, secureAggregation: {} }))).toThrow(why)
  })

  it('one of one’s own says so by `mean`', async () => {
    const own = defineStrategy({ name: 'half', needs: { updates: 'mean' }, fold: (state, [{ values }]) => ({ ...state, values: values.map((value, i) => (value + state.values[i]) / 2) }) })
    expect((await flown(await setupOf({ strategy: own, secureAggregation: {} }))).flight.rounds.length).toBe(3)
    const { needs: _, ...other } = own
    expect(() => resolve(specification({ strategy: { ...other, needs: { ...own.needs, updates: 'individual' } }, secureAggregation: {} }))).toThrow("declare needs: { updates: 'mean' }")
  })
})

describe('what does not go with it is refused, with the field', () => {
  it.each([
    [{ rounds: asynchronous({ count: 3 }) }, /rounds let models of several rounds/],
    [{ rounds: buffered({ count: 3, buffer: 2 }) }, /rounds let models of several rounds/],
    [{ rounds: semiAsynchronous({ count: 3, after: minutes(1), quorum: 1 }) }, /rounds let models of several rounds/],
    [{ rounds: roundMachine((state) => ({ state })) }, /rounds are a machine of their own/],
    [{ rounds: deadline({ count: 3, after: minutes(1), patience: minutes(1) }) }, /rounds\.missing is 'last'/],
    [{ delivery: { acknowledge: true } }, /rounds\.missing is 'last'/],
    [{ codec: fp16() }, /codec codes updates by fp16, of which no sum can be taken/],
    [{ codec: { up: delta().then(int8()) } }, /codec codes updates by int8/],
    [{ choose: (candidates: readonly { name: string }[]) => candidates.map(({ name }) => name) }, /choose may choose clients by what they have answered/],
    [{ selection: { kind: 'oort' } }, /selection may choose clients/],
    [{ rounds: { kind: 'tiers', count: 3, tiers: 2, adapt: { every: 1 } } }, /rounds choose clients by what they have answered/],
    [{ privacy: { clip: 1, noise: 1 } }, /privacy has owners hold each update to its bound/],
    [{ privacy: { clip: 1, noise: 1, where: 'client' } }, /privacy counts epsilon for sums of real numbers/],
    [{ faults: [poison(named('client-A'), { send: 'a-little-is-enough' })] }, /faults\.0\.send is a-little-is-enough, which goes by the updates of others/],
    [{ faults: [poison(named('client-A'), { send: { attack: 'inner-product', epsilon: 1 } })] }, /faults\.0\.send is inner-product/],
    [{ topology: gossip() }, /secureAggregation hides updates from an aggregator, and among peers there is none/],
    [{ secureAggregation: { threshold: 1.5 } }, /secureAggregation\.threshold is not possible: give a share of those who are asked, above 0 and at most 1, or a whole number/],
    [{ secureAggregation: { threshold: 0 } }, /secureAggregation\.threshold/],
    [{ secureAggregation: { range: 0 } }, /secureAggregation\.range/],
    [{ secureAggregation: { ring: 33 } }, /secureAggregation\.ring/],
  ] as const)('%j', (changes, message) => {
    expect(() => resolve(specification({ secureAggregation: {}, ...(changes as Partial<Specification>) }))).toThrow(message)
  })

  it('and so is what the number of clients makes impossible', async () => {
    const tries = (changes: Partial<Specification>): Promise<unknown> => setupOf({ secureAggregation: {}, ...changes })
    await expect(tries({ secureAggregation: { threshold: 6 } })).rejects.toThrow('secureAggregation.threshold is 6, and rounds ask 5 clients: no round could close')
    await expect(tries({ rounds: synchronous({ count: 1, select: 1 }) })).rejects.toThrow('rounds ask one')
    await expect(tries({ rounds: quorum({ count: 1, quorum: 2 }) })).rejects.toThrow('secureAggregation.threshold is 4 clients (0.667 of the 5 that are asked), and rounds close at 2 answers')
    await expect(tries({ secureAggregation: { ring: 8, bits: 8 } })).rejects.toThrow('secureAggregation: sums of 5 clients with 8 bits each may not fit into 8 bits')
    await expect(tries({ strategy: localOnly() })).rejects.toThrow('nothing of the model travels that could be summed')
  })

  it('codecs that lose nothing of a sum are none', () => {
    for (const codec of [fp32(), { down: fp16() }, { up: delta(), down: int8() }]) expect(() => resolve(specification({ secureAggregation: {}, codec }))).not.toThrow()
  })

  it('rounds of a function are found out when they ask', async () => {
    const rounds = (): never => deadline({ count: 2, after: ms(400), quorum: 2, patience: ms(25) }) as never
    const late: Partial<Weather> = { latency: ({ from, round }) => (from === 'expert-1' && round === 2 ? 60_000 : 10_000) }
    const { flight } = await flown(await setupOf({ secureAggregation: {}, rounds: () => deadline({ count: 1, after: ms(400), quorum: 2 }) }))
    expect(reasons(flight)).toEqual(['closed: all answered'])
    const twice = flown(await setupOf({ secureAggregation: {}, rounds }), () => {}, late)
    await expect(twice).rejects.toThrow("under `secureAggregation` a client cannot go on with an older version of a part")
  })
})

it('a synchronous round without an end of its own closes without those who are left out, and is the same on any engine’s schedule', async () => {
  const faults = [lose({ message: 'keys', from: 'client' }, { probability: 0.2 })]
  const run = (): Promise<Flight> => fly(resolve(specification({ faults, rounds: synchronous({ count: 4 }), secureAggregation: { threshold: 0.4, patience: ms(100) } }), { seed: 1, engine: 'surrogate' }), { world, engine: surrogate })
  const [one, other] = [await run(), await run()]
  expect(one.digest).toBe(other.digest)
  expect(one.rounds.length).toBe(4)
  expect(one.rounds.some(({ excused = [] }) => excused.length > 0)).toBe(true)
  expect(one.rounds.some(({ outcome }) => outcome === 'closed')).toBe(true)
})
