import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Engine } from '../../../src/engine/engine.js'
import { openEngine } from '../../../src/engine/open.js'
import type { Weather } from '../../../src/faults/weather.js'
import { roundRules, roundsSchema } from '../../../src/federation/rounds/registry.js'
import { flyUnder } from '../../../src/flight/fly.js'
import type { Flight } from '../../../src/flight/flight.js'
import { setUp } from '../../../src/flight/setup.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { deadline, defineStrategy, fedAvg, mmoe, sgd, semiAsynchronous, type Specification } from '../../../src/simulation/script.js'
import { calm, clear } from '../calm.js'
import { smallWorld } from '../small.js'
import { answered, available, begin, machine, refused, timer } from './situation.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ engine: 'tfjs' })
})
afterAll(() => engine.close())

/** One step a round for everybody; what it costs, in microseconds, is told client by client. */
const trio = smallWorld({ A: 8, B: 8, C: 8 })
const speeds: Readonly<Record<string, number>> = { 'client-A': 1000, 'client-B': 1200, 'client-C': 2600 }

const fly = async (
  rounds: Specification['rounds'], changes: Partial<Specification> = {}, weather: Weather = calm(), costs = speeds,
): Promise<Flight> => {
  const resolved = resolve(
    {
      world: { kind: 'storefronts' },
      model: mmoe({ embedding: 1, experts: 1, expert: [2], tower: [] }),
      local: { epochs: 1, batch: 8, optimizer: sgd(0.1) },
      strategy: fedAvg(),
      rounds,
      evaluate: { every: 100, final: false, start: false },
      ...changes,
    },
    { seed: 1, engine: 'tfjs' },
  )
  return flyUnder(await setUp(resolved, trio, engine), () => weather, { engine, stepCost: (client) => costs[client] })
}

const told = ({ rounds: rows }: Flight): string[] =>
  rows.map(({ round, opened, closed, selected, folded, staleness, outcome, reason }) => {
    const asked = selected.map((name) => name.slice(-1)).join('')
    const who = folded.map((name, k) => `${name.slice(-1)}${staleness![k]}`).join(' ')
    return `${round} ${opened}-${closed} asked ${asked}, folded ${who}: ${outcome}, ${reason}`
  })

describe('semi-asynchronous rounds', () => {
  /*
   * Steps of 1000, 1200 and 2600 us, no latency, a deadline after 1500 us. C's update of round 1 comes at 2600, in round 2,
   * one fold later, while A and B, who were free at 1500, are at work on the next model.
   */
  it('take a late update in the round in which it comes, and leave who is at work alone', async () => {
    const flight = await fly(semiAsynchronous({ count: 3, after: 1500 }))
    expect(told(flight)).toEqual([
      '1 0-1500 asked ABC, folded A0 B0: closed, deadline',
      '2 1500-2700 asked AB, folded A0 B0 C1: closed, all answered',
      '3 2700-4200 asked ABC, folded A0 B0: closed, deadline',
    ])
    const trunk = flight.ledger.filter(({ part }) => part === 'trunk')
      .map(({ sent, round, kind, from, to, fate }) => `${sent} ${kind} ${round} ${from.slice(-1)}>${to.slice(-1)} ${fate}`)
    expect(trunk.toSorted()).toEqual([
      '0 model 1 r>A used', '0 model 1 r>B used', '0 model 1 r>C used',
      '1000 update 1 A>r used', '1200 update 1 B>r used',
      '1500 model 2 r>A used', '1500 model 2 r>B used',
      '2500 update 2 A>r used', '2600 update 1 C>r used', '2700 update 2 B>r used',
      '2700 model 3 r>A used', '2700 model 3 r>B used', '2700 model 3 r>C fruitless',
      '3700 update 3 A>r used', '3900 update 3 B>r used',
    ].toSorted())
  })

  /* Clients send what they got plus 1: x = 1 + (2 + s(1)) / 3 + 1, with s(1) = 1 / sqrt(2), or 1 / (10 (1 - 0) + 1). */
  it.each([
    [undefined, 1 / Math.sqrt(2)], [{ kind: 'hinge', b: 0 } as const, 1 / 11], [{ kind: 'constant' } as const, 1],
  ])('discount it by its age: %j', async (staleness, share) => {
    const of = (step: number) => defineStrategy({ name: `plus ${step}`, finish: ({ received }) => ({ sent: received.map((v) => v + step) }) })
    const rounds = semiAsynchronous({ count: 3, after: 1500, ...(staleness && { staleness }) })
    const still = await fly(rounds, { strategy: of(0) })
    const moved = await fly(rounds, { strategy: of(1) })
    for (const part of ['trunk', 'expert-1']) {
      moved.parts[part].forEach((value, i) => expect(value - still.parts[part][i]).toBeCloseTo(2 + (2 + share) / 3, 4))
    }
  })

  it('refuse what is older than `lag` folds, and ask its client with the next opening', async () => {
    const flight = await fly(semiAsynchronous({ count: 3, after: 1500, lag: 0, timeout: 9000 }))
    expect(flight.ledger.filter(({ fate }) => fate === 'late').map(({ from, round, part }) => `${from} ${round} ${part}`).toSorted()).toEqual([
      'client-C 1 expert-1', 'client-C 1 trunk',
    ])
    expect(told(flight)).toEqual([
      '1 0-1500 asked ABC, folded A0 B0: closed, deadline',
      '2 1500-2700 asked AB, folded A0 B0: closed, all answered',
      '3 2700-4200 asked ABC, folded A0 B0: closed, deadline',
    ])
  })

  it('end the work of a client that cannot answer within `lag` + 1 rounds, and send it the newest model', async () => {
    const flight = await fly(semiAsynchronous({ count: 5, after: 1500, lag: 1 }), {}, calm(), { ...speeds, 'client-C': 4600 })
    expect(flight.rounds.map(({ opened, selected }) => [opened, selected.length])).toEqual([[0, 3], [1500, 2], [2700, 2], [3900, 3], [5400, 2]])
    expect(flight.trainings.filter(({ client, outcome }) => client === 'client-C' && outcome === 'used')).toEqual([])
  })

  it('are deadline rounds, bitwise, where nobody is late', async () => {
    const plain = await fly(deadline({ count: 4, after: 9000 }))
    const semi = await fly(semiAsynchronous({ count: 4, after: 9000 }))
    expect(semi.parts).toEqual(plain.parts)
    expect(semi.rounds.map(({ closed, reason }) => [closed, reason])).toEqual(plain.rounds.map(({ closed, reason }) => [closed, reason]))
  })

  it('below the quorum come to nothing, keep what came, and count it in the next', async () => {
    const flight = await fly(semiAsynchronous({ count: 3, after: 1100, quorum: 2 }))
    expect(told(flight)).toEqual([
      '1 0-1100 asked ABC, folded : aborted, deadline, below quorum',
      '2 1100-2100 asked A, folded A0 A0 B0: closed, all answered',
      '3 2100-3200 asked AB, folded A0 C1: closed, deadline',
    ])
  })

  it('give up a client whose answer is lost, after the rounds in which it would count', async () => {
    const weather = calm({
      judge: ({ from, round }) => (from === 'client-C' && round === 1 ? { ...clear, lost: { travelled: 0, fault: 'test' } } : clear),
    })
    const flight = await fly(semiAsynchronous({ count: 5, after: 3000, lag: 1 }), {}, weather)
    const asks = flight.rounds.filter(({ selected }) => selected.includes('client-C')).map(({ round, opened }) => [round, opened])
    expect(asks[0]).toEqual([1, 0])
    expect(asks[1][1]).toBeGreaterThanOrEqual(6000)
  })

  it('with nobody there last as long as they would have, and ask who comes back', async () => {
    const nobody = await fly(semiAsynchronous({ count: 2, after: 1500 }), {}, calm({ available: () => false }))
    expect(told(nobody)).toEqual([
      '1 0-1500 asked , folded : aborted, nobody available', '2 1500-3000 asked , folded : aborted, nobody available',
    ])
    const back = (at: number) => calm({
      available: (_, now) => now >= at, nextChange: (now) => (now < at ? at : undefined), awayUntil: () => at,
    })
    expect(told(await fly(semiAsynchronous({ count: 1, after: 4000 }), {}, back(700)))).toEqual([
      '1 0-3300 asked ABC, folded A0 B0 C0: closed, all answered',
    ])
  })
})

describe('their machine', () => {
  const rules = roundRules(roundsSchema.parse(semiAsynchronous({ count: 9, after: 100, quorum: 2, select: 4, lag: 2 })))

  it('asks at the opening, and waits as long for a client as its answer would count', () => {
    expect(machine(rules)(begin).ask).toEqual({
      clients: 4, atLeast: 0, timeout: 300, patience: undefined, missing: 'last', deadline: undefined,
    })
    expect(machine(rules, { now: 7, opened: 7, asked: 4 })({ kind: 'asked', clients: 4 })).toEqual({ timers: [{ name: 'deadline', at: 107 }] })
    const nobody = machine(rules, { now: 7, opened: 7 })
    expect(nobody({ kind: 'asked', clients: 0 }, { nextReturn: 50 })).toEqual({ timers: [{ name: 'deadline', at: 107 }], lookAt: 50 })
    expect(nobody(available, { now: 50 }).ask).toBeDefined()
    expect(nobody(available, { asked: 4 })).toEqual({})
  })

  it('counts answers of the round towards its end, and all answers towards the quorum', () => {
    const next = machine(rules, { round: 3, opened: 0, asked: 2, atWork: 3 })
    const at = (round: number) => ({ ...answered, round }) as typeof answered
    expect(next(at(2), { answers: 1 })).toEqual({})
    expect(next(at(3), { answers: 2 })).toEqual({})
    expect(next({ ...refused, round: 3 } as typeof refused, { atWork: 1 }).close).toEqual({ outcome: 'closed', reason: 'all answered', after: 'late' })
    const few = machine(rules, { round: 3, opened: 0, asked: 1, atWork: 2, answers: 1 })
    expect(few(at(3))).toEqual({})
    expect(few({ ...refused, round: 2 } as typeof refused, { atWork: 0 }).close).toEqual({
      outcome: 'aborted', reason: 'all answered, below quorum', after: 'aborted',
    })
    expect(machine(rules, { opened: 0, asked: 4, answers: 2 })(timer).close?.reason).toBe('deadline')
    expect(machine(rules, { opened: 0, asked: 4, answers: 1 })(timer).close?.outcome).toBe('aborted')
  })
})
