import { concatMap, delay, map, of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { World } from '../../src/data/world.js'
import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { LivenessError } from '../../src/errors.js'
import type { Verdict } from '../../src/network/weather.js'
import type { Weather } from '../../src/faults/weather.js'
import { setUp } from '../../src/flight/setup.js'
import { flyUnder } from '../../src/flight/fly.js'
import { putPart } from '../../src/federation/parts.js'
import { buildStrategy, type StrategySpec } from '../../src/federation/strategies/registry.js'
import { buildModel } from '../../src/models/registry.js'
import { seal } from '../../src/network/frame.js'
import type { Fate } from '../../src/record/message.js'
import type { Envelope } from '../../src/network/envelope.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { adam, deadline, dwa, fedAvg, fedBn, fedProx, localOnly, mmoe, sgd, synchronous } from '../../src/simulation/script.js'
import type { Resolved, Specification } from '../../src/simulation/specification.js'
import { seconds } from '../../src/time/micros.js'
import { calm, clear } from './calm.js'
import { reference } from './reference.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

const trio = smallWorld({ NL: 41, ES: 30, FR: 17 })

const specification: Specification = {
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 4, experts: 2, expert: [8, 4], tower: [4], batchNorm: true, dropout: 0.2 }),
  local: { epochs: 2, batch: 12, optimizer: adam(1e-2) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 2 }),
  evaluate: { every: 100, final: false },
}

const settle = (changes: Partial<Specification>): Resolved =>
  resolve({ ...specification, ...changes }, { seed: 1, engine: 'tfjs' })

const setupOf = (resolved: Resolved, world: World) => setUp(resolved, world, engine)

const fly = async (changes: Partial<Specification> = {}, weather: Weather = calm(), world = trio): Promise<Flight> => {
  const resolved = settle(changes)
  return flyUnder(await setupOf(resolved, world), () => weather, { engine, stepCost: () => 1000 })
}

const updates = (flight: Flight): Record<string, Fate> =>
  Object.fromEntries(
    flight.ledger
      .filter(({ kind }) => kind === 'update')
      .map(({ from, part, round, copy, fate }) => [`${from} ${part} ${round}${copy > 0 ? ` copy ${copy}` : ''}`, fate]),
  )

const judging = (verdict: (envelope: Envelope) => Verdict | undefined): Partial<Weather> => ({
  judge: (envelope) => verdict(envelope) ?? clear,
})

describe('a fault-free, zero-latency flight equals a plain loop, bitwise', () => {
  const cases: [string, StrategySpec, Partial<Specification>['local']][] = [
    ['FedAvg with Adam, batch norm, dropout and ragged batches', fedAvg(), specification.local],
    ['FedProx', fedProx({ mu: 0.1 }), specification.local],
    ['FedBN', fedBn(), specification.local],
    ['local-only', localOnly(), specification.local],
    ['optimizer state that is kept', fedAvg(), { ...specification.local, optimizerState: 'keep' }],
    ['a balancer that looks across rounds', fedAvg(), { ...specification.local, balance: dwa({ temperature: 0.1 }) }],
  ]
  it.each(cases)('%s', async (_name, strategy, local) => {
    const resolved = settle({ strategy, local })
    const setup = await setupOf(resolved, trio)
    const flight = await flyUnder(setup, () => calm(), { engine, stepCost: () => 1000 })
    const { epochs, batch, optimizer, optimizerState, balance, chunk, cohort } = resolved.local
    const expected = await reference({
      world: trio, model: buildModel(specification.model), strategy: buildStrategy(strategy as never), engine,
      local: { epochs, batch, optimizer, keep: optimizerState === 'keep', balance },
      rounds: 2, seeds: resolved.seeds, chunk, cohort,
    })
    expect(flight.personal).toEqual(Object.fromEntries(expected.personal))
    const flown = new Float32Array(setup.layout.size)
    for (const part of setup.parts) putPart(flight.parts[part.name], part, flown)
    const plain = new Float32Array(setup.layout.size)
    let at = 0
    for (const s of setup.layout.segments) {
      if (setup.strategy.template(s) !== 'private') plain.set(expected.global.subarray(at, (at += s.size)), s.offset)
    }
    expect(flown).toEqual(plain)
    expect(Object.values(flight.personal).every((values) => values.some((v, i) => v !== setup.initial[i]))).toBe(true)
  })
})

describe('messages are bytes', () => {
  const tamper = (change: (envelope: Envelope) => Uint8Array): Partial<Specification> => ({
    link: (envelopes$) =>
      envelopes$.pipe(map((envelope) => (envelope.kind === 'update' && envelope.part === 'trunk' && envelope.from === 'client-ES'
        ? { ...envelope, bytes: change(envelope) }
        : envelope))),
  })
  const flip = ({ bytes }: Envelope): Uint8Array => {
    const changed = bytes.slice()
    changed[changed.length - 2] ^= 1
    return changed
  }

  it('a flipped byte under a fitting checksum changes the model; under the old one it is rejected', async () => {
    const once = { rounds: synchronous({ count: 1 }) }
    const plain = await fly(once)
    const changed = await fly({ ...once, ...tamper((envelope) => seal(flip(envelope))) })
    expect(changed.parts['trunk']).not.toEqual(plain.parts['trunk'])
    expect(changed.parts['expert-1']).toEqual(plain.parts['expert-1'])
    expect(changed.digests.events).toBe(plain.digests.events)
    expect(changed.digests.numbers).not.toBe(plain.digests.numbers)

    const patient = { rounds: deadline({ count: 1, after: seconds(5), quorum: 1 }) }
    const rejected = await fly({ ...patient, ...tamper(flip) })
    expect(updates(rejected)['client-ES trunk 1']).toBe('rejected')
    expect(rejected.rounds[0].folded).toEqual(['client-FR', 'client-NL'])
  })

  it('a link of one’s own delays in virtual time', async () => {
    const flight = await fly({
      rounds: synchronous({ count: 1 }),
      link: (envelopes$, { scheduler }) => envelopes$.pipe(concatMap((e) => of(e).pipe(delay(10, scheduler)))),
    })
    expect(flight.rounds[0].closed).toBeGreaterThan(8000)
    expect(flight.rounds[0].outcome).toBe('closed')
  })
})

describe('a round', () => {
  const deadlined = (count = 1, quorum = 1) => ({ rounds: deadline({ count, after: seconds(5), quorum }) })

  it('folds per owner: delaying one expert’s uplink beyond the close changes that expert’s part alone', async () => {
    const plain = await fly(deadlined())
    const late = (envelope: Envelope) => envelope.kind === 'update' && envelope.part === 'expert-2' ? { ...clear, delay: seconds(9) } : undefined
    const flight = await fly(deadlined(), calm(judging(late)))
    expect(flight.parts['trunk']).toEqual(plain.parts['trunk'])
    expect(flight.parts['expert-1']).toEqual(plain.parts['expert-1'])
    expect(flight.parts['expert-2']).not.toEqual(plain.parts['expert-2'])
    expect(updates(flight)['client-NL expert-2 1']).toBe('late')
    const fruitless = flight.ledger.filter(({ fate }) => fate === 'fruitless')
    expect(fruitless.map(({ kind, part }) => `${kind} ${part}`)).toEqual(Array(3).fill('model expert-2'))
  })

  it('suppresses duplicates, counts late answers as late, and lost ones as lost', async () => {
    const verdict = (envelope: Envelope): Verdict | undefined => {
      if (envelope.kind !== 'update' || envelope.part !== 'trunk') return undefined
      if (envelope.from === 'client-ES') return envelope.copy > 0 ? clear : { ...clear, copies: [{ delay: 0, fault: 'x' }] }
      if (envelope.from === 'client-FR') return { ...clear, lost: { travelled: 0.25, fault: 'y' } }
      return { ...clear, delay: seconds(7) }
    }
    const flight = await fly(deadlined(), calm(judging(verdict)))
    expect(updates(flight)).toMatchObject({
      'client-ES trunk 1': 'used',
      'client-ES trunk 1 copy 1': 'duplicate',
      'client-FR trunk 1': 'lost',
      'client-NL trunk 1': 'late',
    })
    const lost = flight.ledger.find(({ fate }) => fate === 'lost')!
    expect(lost.travelled).toBe(Math.floor(lost.bytes / 4))
    expect(Object.fromEntries(flight.trainings.map(({ client, outcome }) => [client, outcome]))).toEqual({
      'client-ES': 'used', 'client-FR': 'lost', 'client-NL': 'late',
    })
    expect(flight.virtualTime).toBe(seconds(5))
  })

  it('aborts below quorum: the model is bitwise unchanged, the round counts, and updates are aborted', async () => {
    const lose = (envelope: Envelope) =>
      envelope.kind === 'update' && envelope.part === 'trunk' && envelope.from !== 'client-ES' && envelope.round === 1
        ? { ...clear, lost: { travelled: 1, fault: 'x' } }
        : undefined
    const flight = await fly(deadlined(1, 2), calm(judging(lose)))
    const initial = await fly(deadlined(1, 2), calm(judging((e) => e.kind === 'update' ? { ...clear, lost: { travelled: 0, fault: 'x' } } : undefined)))
    expect(flight.rounds[0]).toMatchObject({ outcome: 'aborted', reason: 'deadline, below quorum', folded: [] })
    expect(flight.parts).toEqual(initial.parts)
    expect(updates(flight)['client-ES trunk 1']).toBe('aborted')
    const two = await fly(deadlined(2, 2), calm(judging(lose)))
    expect(two.rounds.map(({ outcome }) => outcome)).toEqual(['aborted', 'closed'])
  })

  it('over-selects: asks more, closes at the goal, and the rest is surplus', async () => {
    // Its update is long on the way: a training that is not over when the flight is would be given up.
    const late = (envelope: Envelope) =>
      envelope.kind === 'update' && envelope.from === 'client-NL' ? { ...clear, delay: 100_000 } : undefined
    const rounds = deadline({ count: 1, after: seconds(60), select: 2, overSelect: 0.5 })
    const quick = (client: string, start: number, cost: number) => ({ until: start + (client === 'client-NL' ? 1 : cost) })
    const flight = await fly({ rounds }, calm({ ...judging(late), span: quick }))
    expect(flight.rounds[0]).toMatchObject({ reason: 'goal reached', folded: ['client-ES', 'client-FR'] })
    expect(flight.rounds[0].selected).toHaveLength(3)
    expect(updates(flight)['client-NL trunk 1']).toBe('surplus')
    expect(flight.trainings.find(({ client }) => client === 'client-NL')?.outcome).toBe('surplus')
  })

  it('goes on with the last acknowledged version of a part that does not come, or sits out', async () => {
    const verdict = (envelope: Envelope) =>
      envelope.kind === 'model' && envelope.part === 'expert-1' && envelope.round === 2 && envelope.to === 'client-ES'
        ? { ...clear, lost: { travelled: 1, fault: 'x' } }
        : undefined
    const rounds = (missing: 'last' | 'sit-out') => ({
      rounds: deadline({ count: 2, after: seconds(5), quorum: 1, patience: seconds(1), missing }),
    })
    const last = await fly(rounds('last'), calm(judging(verdict)))
    expect(last.rounds[1].folded).toEqual(['client-ES', 'client-FR', 'client-NL'])
    const out = await fly(rounds('sit-out'), calm(judging(verdict)))
    expect(out.rounds[1].folded).toEqual(['client-FR', 'client-NL'])
  })

  it('that can never close stops the run and says who is missing and what to do', async () => {
    const lose = (envelope: Envelope) => envelope.kind === 'update' && envelope.from === 'client-FR' ? { ...clear, lost: { travelled: 1, fault: 'x' } } : undefined
    await expect(fly({}, calm(judging(lose)))).rejects.toThrow(LivenessError)
    await expect(fly({}, calm(judging(lose)))).rejects.toThrow(/Round 1 can never close.*client-FR \(its update of trunk was lost to 'x'\) did not answer.*deadline.*acknowledge: true/)
  })

  it('follows a policy of one’s own, and names what is wrong with one', async () => {
    const growing = (round: number) => deadline({ count: 2, after: seconds(5), select: round })
    const flight = await fly({ rounds: growing })
    expect(flight.rounds.map(({ selected }) => selected.length)).toEqual([1, 2])
    const wrong = () => deadline({ count: 2, after: seconds(5), select: -1 })
    await expect(fly({ rounds: wrong })).rejects.toThrow(/rounds\(1, ...\) gave terms that do not hold: rounds.select: /)
  })

  it('waits for clients that will come, and gives up when none will', async () => {
    const opening = seconds(3)
    const flight = await fly({}, calm({ available: (_c, now) => now >= opening, nextChange: (now) => now < opening ? opening : undefined }))
    expect(flight.rounds[0]).toMatchObject({ opened: opening, outcome: 'closed' })
    const never = await fly(deadlined(2), calm({ available: () => false }))
    expect(never.rounds).toMatchObject([
      { outcome: 'aborted', reason: 'nobody available', closed: seconds(5) },
      { outcome: 'aborted', reason: 'nobody available', closed: seconds(10) },
    ])
  })
})

describe('a client that crashes', () => {
  it('loses what it was doing, and comes back with its checkpoint or with nothing', async () => {
    const crash = (keeps: 'nothing' | 'checkpoint') =>
      calm({ lives: [{ kind: 'crash', who: 'client-NL', at: 12_000, fault: 'x', keeps, restartAt: 13_000 }] })
    const rounds = { strategy: fedBn(), rounds: deadline({ count: 3, after: seconds(1), quorum: 1 }) }
    const kept = await fly(rounds, crash('checkpoint'))
    const lost = await fly(rounds, crash('nothing'))
    expect(kept.trainings.filter(({ client }) => client === 'client-NL').map(({ outcome }) => outcome)).toEqual(['used', 'crashed', 'used'])
    // Killed 2 ms into the 8 ms of 2 epochs of 4 batches: a quarter of its rows was charged for nothing.
    const crashed = kept.trainings.find(({ outcome }) => outcome === 'crashed')!
    expect(crashed).toMatchObject({ end: 12_000, examples: Math.floor((82 * (12_000 - crashed.start)) / 8000) })
    expect(kept.digests.events).toBe(lost.digests.events)
    expect(kept.digests.numbers).not.toBe(lost.digests.numbers)
    expect(kept.events.filter((line) => line.includes('"life"'))).toEqual([
      '{"at":12000,"event":"life","actor":"client-NL","what":"crash"}',
      '{"at":13000,"event":"life","actor":"client-NL","what":"restart"}',
    ])
  })
})

describe('privacy', () => {
  /** Every float32 that travels, at any alignment that a frame uses. */
  const wire = async (strategy: StrategySpec, canaries: ReadonlySet<number>): Promise<number> => {
    let found = 0
    const link: Specification['link'] = (envelopes$) =>
      envelopes$.pipe(map((envelope) => {
        const { bytes } = envelope
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        for (let at = 0; at + 4 <= bytes.length; at++) if (canaries.has(view.getFloat32(at, true))) found++
        return envelope
      }))
    const resolved = settle({ strategy, link, rounds: synchronous({ count: 1 }), local: { ...specification.local, epochs: 0.1, optimizer: sgd(1e-30) } })
    const setup = await setupOf(resolved, trio)
    const planted = setup.initial.slice()
    for (const segment of setup.layout.segments) {
      if (segment.role === 'batch-norm' && segment.trainable) planted.fill(canary, segment.offset, segment.offset + segment.size)
    }
    await flyUnder({ ...setup, initial: planted }, () => calm(), { engine, stepCost: () => 1000 })
    return found
  }
  const canary = Math.fround(1.2345678)

  it('no private segment passes the encoder: canaries in batch norm travel under FedAvg, and never under FedBN', async () => {
    expect(await wire(fedAvg(), new Set([canary]))).toBeGreaterThan(0)
    expect(await wire(fedBn(), new Set([canary]))).toBe(0)
  })
})

describe('isolation', () => {
  it('a fault confined to one scenario changes no byte of another’s answer to the same models', async () => {
    const answers = async (weather: Weather): Promise<readonly string[]> => {
      const seen: string[] = []
      const link: Specification['link'] = (envelopes$) =>
        envelopes$.pipe(map((envelope) => {
          if (envelope.kind === 'update' && envelope.from !== 'client-NL') {
            seen.push(`${envelope.from} ${envelope.part} ${Buffer.from(envelope.bytes).toString('base64')}`)
          }
          return envelope
        }))
      await fly({ rounds: deadline({ count: 1, after: seconds(5), quorum: 1 }), link }, weather)
      return seen.toSorted()
    }
    const slowed = calm({
      span: (client, start, cost) => ({ until: start + cost * (client === 'client-NL' ? 50 : 1) }),
      completeness: (client) => (client === 'client-NL' ? 0.5 : 1),
    })
    expect(await answers(slowed)).toEqual(await answers(calm()))
  })
})
