import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { World } from '../../src/data/world.js'
import type { Engine } from '../../src/engine/engine.js'
import { openEngine } from '../../src/engine/open.js'
import { LivenessError } from '../../src/errors.js'
import type { Weather } from '../../src/faults/weather.js'
import { setUp } from '../../src/flight/setup.js'
import { flyUnder } from '../../src/flight/fly.js'
import { streams } from '../../src/random/streams.js'
import type { Flight } from '../../src/flight/flight.js'
import { resolve } from '../../src/simulation/resolve.js'
import { asynchronous, buffered, defineStrategy, fedAvg, fedHca2, mmoe, ms, sgd, synchronous } from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { calm, clear } from './calm.js'
import { smallWorld } from './small.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'surrogate' })
})
afterAll(() => engine.close())

/** One step a round for everybody; what it costs, in microseconds, is told client by client. */
const trio = smallWorld({ A: 8, B: 8, C: 8 })
const first = (count: number): World => ({ ...trio, scenarios: trio.scenarios.slice(0, count) })
const speeds: Readonly<Record<string, number>> = { 'client-A': 1000, 'client-B': 1200, 'client-C': 2600 }

const specification: Specification = {
  world: { kind: 'storefronts' },
  model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
  local: { epochs: 1, batch: 8, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: buffered({ count: 3, buffer: 2 }),
  evaluate: { every: 100, final: false, start: false },
}

const fly = async (
  changes: Partial<Specification> = {},
  weather: Weather = calm(),
  costs = speeds,
  world = trio,
): Promise<Flight> => {
  const resolved = resolve({ ...specification, ...changes }, { seed: 1, engine: 'surrogate' })
  const setup = await setUp(resolved, world, engine)
  return flyUnder(setup, () => weather, { engine, stepCost: (client) => costs[client] })
}

const rounds = ({ rounds: rows }: Flight): string[] =>
  rows.map(({ round, opened, closed, selected, folded, staleness, outcome, reason }) => {
    const asked = selected.map((name) => name.slice(-1)).join('')
    const who = folded.map((name, k) => `${name.slice(-1)}${staleness![k]}`).join(' ')
    return `${round} ${opened}-${closed} asked ${asked}, folded ${who}: ${outcome}, ${reason}`
  })

const trunk = ({ ledger }: Flight): string[] =>
  ledger
    .filter(({ part }) => part === 'trunk')
    .map(({ sent, round, kind, from, to, fate }) => `${sent} ${kind} ${round} ${from.slice(-1)} > ${to.slice(-1)} ${fate}`)

describe('buffered rounds (FedBuff)', () => {
  /*
   * Steps of 1000, 1200 and 2600 us, no latency, two updates a fold. C's first update, from the model of round 1, comes
   * after two folds, into round 3: its staleness is 2. Whatever is under way after the third fold was not needed.
   */
  it('fold by twos, whoever they come from, and keep everybody at work', async () => {
    const flight = await fly()
    expect(rounds(flight)).toMatchInlineSnapshot(`
      [
        "1 0-1200 asked ABC, folded A0 B0: closed, goal reached",
        "2 1200-2400 asked AB, folded A0 B0: closed, goal reached",
        "3 2400-3400 asked ABC, folded A0 C2: closed, goal reached",
      ]
    `)
    expect(trunk(flight)).toMatchInlineSnapshot(`
      [
        "0 model 1 r > C used",
        "0 model 1 r > A used",
        "0 model 1 r > B used",
        "1000 update 1 A > r used",
        "1200 update 1 B > r used",
        "1200 model 2 r > A used",
        "1200 model 2 r > B used",
        "2200 update 2 A > r used",
        "2400 update 2 B > r used",
        "2400 model 3 r > A used",
        "2400 model 3 r > B fruitless",
        "2600 update 1 C > r used",
        "2600 model 3 r > C fruitless",
        "3400 update 3 A > r used",
      ]
    `)
    expect(flight.ledger.filter(({ part }) => part === 'expert-1').map(({ fate }) => fate).toSorted()).toEqual(
      flight.ledger.filter(({ part }) => part === 'trunk').map(({ fate }) => fate).toSorted(),
    )
  })

  /*
   * A strategy whose clients send what they got plus 1, so that every delta is 1: after the folds of the trace above
   * x = 1 + 1 + (1 + 1 / sqrt(1 + 2)) / 2, on top of where it began; with the rate 0.5 half of that.
   */
  const plusOne = defineStrategy({ name: 'plus one', finish: ({ received }) => ({ sent: received.map((v) => v + 1) }) })

  it.each([[1], [0.5]])('weigh deltas by 1 / sqrt(1 + staleness) and the server by its rate, %s', async (rate) => {
    const still = await fly({ strategy: defineStrategy({ name: 'still', finish: ({ received }) => ({ sent: received }) }) })
    const moved = await fly({ strategy: plusOne, rounds: buffered({ count: 3, buffer: 2, rate }) })
    for (const part of ['trunk', 'expert-1']) {
      moved.parts[part].forEach((value, i) =>
        expect(value - still.parts[part][i]).toBeCloseTo(rate * (2.5 + 0.5 / Math.sqrt(3)), 4),
      )
    }
  })

  it('are synchronous rounds, bitwise, where everybody is waited for', async () => {
    const waiting = await fly({ rounds: buffered({ count: 3, buffer: 3 }) })
    const plain = await fly({ rounds: synchronous({ count: 3 }) })
    expect(waiting.parts).toEqual(plain.parts)
    expect(waiting.rounds.map(({ closed }) => closed)).toEqual(plain.rounds.map(({ closed }) => closed))
  })

  it('keep no more clients at work than they are told to', async () => {
    const flight = await fly({ rounds: buffered({ count: 4, buffer: 2, concurrency: 1 }) })
    for (const [i, row] of flight.trainings.entries()) {
      for (const other of flight.trainings.slice(i + 1)) expect(other.start).toBeGreaterThanOrEqual(row.end)
    }
    expect(flight.rounds.map(({ folded }) => folded.length)).toEqual([2, 2, 2, 2])
    expect(flight.rounds.every(({ staleness }) => staleness!.every((tau) => tau === 0))).toBe(true)
  })

  it('refuse what is staler than the bound', async () => {
    const flight = await fly({ rounds: buffered({ count: 4, buffer: 2, maxStaleness: 1 }) })
    expect(flight.ledger.filter(({ fate }) => fate === 'late').map(({ from, round }) => [from, round])).toEqual([
      ['client-C', 1], ['client-C', 1],
    ])
    expect(Math.max(...flight.rounds.flatMap(({ staleness }) => staleness!))).toBeLessThanOrEqual(1)
    expect(flight.trainings.filter(({ outcome }) => outcome === 'late').map(({ client }) => client)).toEqual(['client-C'])
  })

  /* As in the first trace, but the fold at 2400 would make C's update staler than 1: it waits for it, until 2600. */
  it('or wait for it, so that nothing ever is', async () => {
    const flight = await fly({ rounds: buffered({ count: 4, buffer: 2, maxStaleness: 1, beyond: 'wait' }) })
    expect(rounds(flight)).toMatchInlineSnapshot(`
      [
        "1 0-1200 asked ABC, folded A0 B0: closed, goal reached",
        "2 1200-2600 asked AB, folded A0 B0 C1: closed, goal reached",
        "3 2600-3800 asked ABC, folded A0 B0: closed, goal reached",
        "4 3800-5200 asked AB, folded A0 B0 C1: closed, goal reached",
      ]
    `)
    expect(flight.ledger.filter(({ fate }) => fate === 'late')).toEqual([])
  })

  it('are synchronous rounds, bitwise, where nothing may be stale and all wait', async () => {
    const waiting = await fly({ rounds: buffered({ count: 3, buffer: 1, maxStaleness: 0, beyond: 'wait' }) })
    const plain = await fly({ rounds: synchronous({ count: 3 }) })
    expect(waiting.parts).toEqual(plain.parts)
    expect(waiting.rounds.map(({ closed }) => closed)).toEqual(plain.rounds.map(({ closed }) => closed))
  })

  it('that wait are within the bound at any speeds, and refuse nothing; a client that is lost is waited for until its timeout', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 100, max: 9000 }), { minLength: 3, maxLength: 3 }), fc.nat(3), fc.integer({ min: 1, max: 3 }), async ([a, b, c], maxStaleness, buffer) => {
        const terms = buffered({ count: 6, buffer, maxStaleness, beyond: 'wait', timeout: ms(50) })
        const flight = await fly({ rounds: terms }, calm(), { 'client-A': a, 'client-B': b, 'client-C': c })
        expect(flight.ledger.filter(({ fate }) => fate === 'late')).toEqual([])
        expect(Math.max(...flight.rounds.flatMap(({ staleness }) => staleness!))).toBeLessThanOrEqual(maxStaleness)
        for (const { folded } of flight.rounds) expect(folded.length).toBeGreaterThanOrEqual(buffer)
      }),
      { numRuns: 25 },
    )
    const lost = calm({
      judge: ({ from, round }) => (from === 'client-C' && round === 1 ? { ...clear, lost: { travelled: 0, fault: 'test' } } : clear),
    })
    const flight = await fly({ rounds: buffered({ count: 4, buffer: 2, maxStaleness: 0, beyond: 'wait', timeout: ms(7) }) }, lost)
    expect(flight.rounds[0]).toMatchObject({ closed: 7000, folded: ['client-A', 'client-B'] })
  })

  it('give every client a model of its own under a strategy that personalises', async () => {
    const { states } = await fly({ strategy: fedHca2() })
    expect([...states['trunk'].personal.keys()].toSorted()).toEqual(['client-A', 'client-B', 'client-C'])
  })
})

describe('asynchronous rounds (FedAsync)', () => {
  /* A at 1000 and 2000; B's update of the first model is then mixed in at 2500 with staleness 2. */
  const pair = first(2)
  const costs = { 'client-A': 1000, 'client-B': 2500 }

  it('mix every update as it comes', async () => {
    const flight = await fly({ rounds: asynchronous({ count: 3 }) }, calm(), costs, pair)
    expect(rounds(flight)).toMatchInlineSnapshot(`
      [
        "1 0-1000 asked AB, folded A0: closed, goal reached",
        "2 1000-2000 asked A, folded A0: closed, goal reached",
        "3 2000-2500 asked A, folded B2: closed, goal reached",
      ]
    `)
    expect(trunk(flight)).toMatchInlineSnapshot(`
      [
        "0 model 1 r > B used",
        "0 model 1 r > A used",
        "1000 update 1 A > r used",
        "1000 model 2 r > A used",
        "2000 update 2 A > r used",
        "2000 model 3 r > A fruitless",
        "2500 update 1 B > r used",
      ]
    `)
  })

  /*
   * Clients send what they got plus 4, alpha 1 / 4: from 0 the model goes to 1 and to 2; B sends 4, with the weight
   * 1 / (4 sqrt 3): 2 + 2 / (4 sqrt 3).
   */
  it('weigh them by alpha and staleness', async () => {
    const strategy = defineStrategy({ name: 'plus four', finish: ({ received }) => ({ sent: received.map((v) => v + 4) }) })
    const still = defineStrategy({ name: 'still', finish: ({ received }) => ({ sent: received }) })
    const terms = asynchronous({ count: 3, alpha: 0.25 })
    const begun = await fly({ strategy: still, rounds: terms }, calm(), costs, pair)
    const flight = await fly({ strategy, rounds: terms }, calm(), costs, pair)
    flight.parts['trunk'].forEach((value, i) =>
      expect(value - begun.parts['trunk'][i]).toBeCloseTo(2 + 0.5 / Math.sqrt(3), 4),
    )
  })

  it('are local training of a single client, bitwise, with alpha 1', async () => {
    const alone = first(1)
    const mixed = await fly({ rounds: asynchronous({ count: 3, alpha: 1 }) }, calm(), costs, alone)
    const plain = await fly({ rounds: synchronous({ count: 3 }) }, calm(), costs, alone)
    expect(mixed.parts).toEqual(plain.parts)
  })
})

describe('under faults', () => {
  const losing = (what: (from: string, round: number, part: string, kind: string) => boolean): Weather =>
    calm({
      judge: ({ from, round, part, kind }) =>
        what(from, round, part, kind) ? { ...clear, lost: { travelled: 0, fault: 'test' } } : clear,
    })

  it('a lost update costs its client a place until the timeout', async () => {
    const weather = losing((from, round, part) => from === 'client-A' && round === 1 && part === 'trunk')
    const flight = await fly({ rounds: buffered({ count: 2, buffer: 2, timeout: ms(3) }) }, weather)
    expect(rounds(flight)).toMatchInlineSnapshot(`
      [
        "1 0-2600 asked ABC, folded B0 C0: closed, goal reached",
        "2 2600-4000 asked ABC, folded A0 B0: closed, goal reached",
      ]
    `)
  })

  it('nobody who answers, and no timeout: the run says who is waited for', async () => {
    const weather = losing((from) => from === 'client-A' || from === 'client-B')
    await expect(fly({}, weather)).rejects.toThrow(/client-A \(its update of trunk was lost to 'test'\), client-B \(.*\) did not answer.*rounds\.timeout.*acknowledge: true/s)
    await expect(fly({}, weather)).rejects.toThrow(LivenessError)
  })

  it('a policy of one’s own cannot go over to rounds without a clock', async () => {
    const changing = fly({ rounds: (round) => (round === 1 ? synchronous({ count: 2 }) : buffered({ count: 2, buffer: 1 })) })
    await expect(changing).rejects.toThrow(/rounds\(2, \.\.\.\) gave 'buffered'/)
  })

  it('rounds to which nobody comes are aborted, and leave the model as it is', async () => {
    const nobody = calm({ available: () => false })
    const flight = await fly({}, nobody)
    expect(flight.rounds.map(({ outcome, reason }) => `${outcome}, ${reason}`)).toEqual(
      Array.from({ length: 3 }, () => 'aborted, nobody available'),
    )
    expect(flight.ledger.filter(({ kind }) => kind === 'model')).toEqual([])
  })

  it('an expert that misses a notice folds later what it holds, and the rounds go on', async () => {
    const deaf = losing((_from, round, _part, kind) => kind === 'close' && round === 2)
    const whole = await fly()
    const flight = await fly({}, deaf)
    expect(rounds(flight)).toEqual(rounds(whole))
    const used = new Set(
      flight.ledger.flatMap(({ id, part, kind, fate }) =>
        part === 'expert-1' && kind === 'update' && fate === 'used' ? [id] : [],
      ),
    )
    const settled = flight.events.flatMap((line) => {
      const { at, event, id } = JSON.parse(line) as { at: number; event: string; id: number }
      return event === 'settle' && used.has(id) ? [at] : []
    })
    expect(settled).toEqual([1200, 1200, 3400, 3400, 3400, 3400])
  })

  /* The last notice comes through: an expert that misses it never learns that nothing more will be folded. */
  it('whatever is lost, doubled or delayed: it ends, and says what became of everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.constantFrom('asynchronous', 'buffered'), async (salt, kind) => {
        const weather = calm({
          judge: ({ from, to, kind: of, round, part }) => {
            const chance = streams(String(salt))(from, to, of, round, part)()
            if (chance < 0.2 && !(of === 'close' && round === 8)) return { ...clear, lost: { travelled: 0, fault: 'test' } }
            if (chance < 0.4) return { delay: 0, copies: [{ delay: 700, fault: 'test' }] }
            return { delay: chance < 0.6 ? 1500 : 0, copies: [] }
          },
        })
        const common = { count: 8, timeout: ms(4), patience: ms(1), maxStaleness: 2 }
        const terms = kind === 'buffered' ? buffered({ ...common, buffer: 2 }) : asynchronous(common)
        const flight = await fly({ rounds: terms }, weather)
        const again = await fly({ rounds: terms }, weather)
        expect(again.digest).toBe(flight.digest)
        expect(flight.rounds).toHaveLength(8)
        expect(flight.ledger.filter(({ fate: end, delivered }) => end === 'unresolved' && delivered !== null)).toEqual([])
        const counts = flight.ledger.filter(({ kind: of, part, fate: end }) => of === 'update' && part === 'trunk' && end === 'used')
        expect(counts).toHaveLength(flight.rounds.reduce((sum, { folded }) => sum + folded.length, 0))
        const models = flight.ledger.filter(({ kind: of, part, fate: end, copy }) => of === 'model' && part === 'trunk' && end === 'used' && copy === 0)
        expect(models.length).toBeLessThanOrEqual(counts.length)
      }),
      { numRuns: 12 },
    )
  })
})
