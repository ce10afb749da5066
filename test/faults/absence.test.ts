import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { all, away, churn, fraction, joins, quits } from '../../src/simulation/script.js'
import { drawSessions } from '../../src/faults/churn.js'
import { checkedPlan, drawPlan } from '../../src/faults/plan.js'
import type { FaultInput } from '../../src/faults/registry.js'
import { faultsSchema } from '../../src/faults/registry.js'
import { streams } from '../../src/random/streams.js'
import { hours } from '../../src/time/micros.js'
import { federation, knowledge, three, weatherOf } from './weather.js'

const ROUNDS = 4000

/** How often a client is away at the opening of a round, of all rounds. */
const shareAway = (faults: readonly FaultInput[], client: string, at = (round: number) => round): number => {
  const weather = weatherOf(faults, { knowledge })
  let away = 0
  for (let round = 1; round <= ROUNDS; round++) if (!weather.available(client, at(round), round)) away++
  return away / ROUNDS
}

describe('biased absence', () => {
  it('has weights in its plan, of mean 1, that go with what clients have', () => {
    const by = (bias: object) => drawPlan([away(all(), { probability: 0.3, bias: bias as { by: 'rows' } })], three, '7', knowledge).faults[0].drawn
    const [b, n, u] = ['B', 'N', 'U'].map((letter) => letter.charCodeAt(0))
    const mean = (b + n + u) / 3
    const rows = 100 * mean
    expect(by({ by: 'rows' })).toEqual({
      weights: { 'client-BR': (100 * b) / rows, 'client-NL': (100 * n) / rows, 'client-US': (100 * u) / rows },
    })
    const inverse = [b, n, u].map((x) => (1e9 * x) ** -1)
    const less = (inverse[0] + inverse[1] + inverse[2]) / 3
    expect(by({ by: 'speed', power: -1 })).toEqual({
      weights: { 'client-BR': inverse[0] / less, 'client-NL': inverse[1] / less, 'client-US': inverse[2] / less },
    })
    expect(by({ by: 'label', task: 'ctcvr' })).toMatchObject({ weights: { 'client-BR': expect.closeTo((b - 64) / (mean - 64), 12) } })
    expect(() => by({ by: 'label', task: 'cvr' })).toThrow("bias.task: there is no task 'cvr'. There are: ctr, ctcvr.")
  })

  it('tosses each client a coin of its own bias, and the mean is what was asked for', () => {
    const bias = { by: 'label', power: 1 } as const
    const shares = three.slice(3).map(({ name }) => shareAway([away(all(), { probability: 0.3, bias, id: 'x' })], name))
    const expected = [2, 14, 21].map((x) => (0.3 * x * 3) / 37)
    shares.forEach((share, i) => expect(Math.abs(share - expected[i])).toBeLessThan(4 * Math.sqrt(0.25 / ROUNDS)))
  })

  it('changes no other draw: with weights of 1 it is the fault without them', () => {
    const plain = weatherOf([away(all(), { probability: 0.5, id: 'x' })])
    const equal = { ...knowledge, rows: () => 7 }
    const biased = weatherOf([away(all(), { probability: 0.5, bias: { by: 'rows' }, id: 'x' })], { knowledge: equal })
    for (let round = 1; round < 100; round++) expect(biased.available('client-NL', 0, round)).toBe(plain.available('client-NL', 0, round))
  })

  it('flies as its plan was edited, and a plan that is none is refused', () => {
    const plan = drawPlan([away(all(), { probability: 1, bias: { by: 'rows' } })], three, '7', knowledge)
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    const edited = structuredClone(plan) as unknown as { faults: { drawn: { weights: Record<string, unknown> } }[] }
    edited.faults[0].drawn.weights['client-NL'] = 0
    expect(checkedPlan(edited, three)).toEqual(edited)
    edited.faults[0].drawn.weights['client-NL'] = 'often'
    expect(() => checkedPlan(edited, three)).toThrow(/plan\.faults\[0\]\.drawn\.weights\.client-NL/)
  })

  it('says that a plan without a world knows nothing of its clients', () => {
    expect(() => drawPlan([away(all(), { probability: 1, bias: { by: 'rows' } })], three, '7')).toThrow('without a world')
  })
})

describe('absence by the time of day', () => {
  it('multiplies the bias by the factor of the hour at which the round opens', () => {
    const daily: [string, number][] = [['6 h', 2], ['18 h', 0.5]]
    const share = (hour: number) =>
      shareAway([away(all(), { probability: 0.3, daily, id: 'x' })], 'client-NL', (round) => hours(24 * round + hour))
    const within = 4 * Math.sqrt(0.25 / ROUNDS)
    expect(Math.abs(share(6) - 0.6)).toBeLessThan(within)
    expect(Math.abs(share(17) - 0.6)).toBeLessThan(within)
    expect(Math.abs(share(18) - 0.15)).toBeLessThan(within)
    // Before the first hour it is as it was last.
    expect(Math.abs(share(5) - 0.15)).toBeLessThan(within)
  })

  it('is that of the opening throughout the round', () => {
    const daily: [string, number][] = [['0 h', 0], ['1 h', 1]]
    const weather = weatherOf([away('client-NL', { phase: 'before-upload', probability: 1, daily, id: 'x' })])
    weather.opens(1, 0)
    weather.opens(2, hours(1))
    expect([weather.stays('client-NL', hours(2), 1), weather.stays('client-NL', hours(2), 2)]).toEqual([true, false])
  })
})

describe('a shared cause', () => {
  const clients = federation(...Array.from({ length: 20 }, (_, i) => `c${10 + i}`))
  const patterns = (fault: FaultInput) => {
    const weather = weatherOf([fault], { participants: clients })
    return clients.slice(3).map(({ name }) =>
      Array.from({ length: 200 }, (_, i) => (weather.available(name, i, i + 1) ? '.' : 'x')).join(''))
  }

  it('takes all with it, or a scenario, or a group that was drawn', () => {
    const kinds = (together: 'all' | 'scenario' | number) =>
      new Set(patterns(away(all(), { probability: 0.4, together, id: 'x' }))).size
    expect([kinds('all'), kinds('scenario')]).toEqual([1, 20])
    const plan = drawPlan([away(all(), { probability: 0.4, together: 4, id: 'x' })], clients, '7')
    const { groups } = plan.faults[0].drawn as { groups: Record<string, string> }
    expect(kinds(4)).toBe(new Set(Object.values(groups)).size)
    expect(kinds(4)).toBeLessThanOrEqual(4)
  })

  it('leaves everybody’s own probability as it is', () => {
    const [pattern] = patterns(away(all(), { probability: 0.4, together: 'all', id: 'x' }))
    expect(Math.abs(pattern.split('x').length - 1 - 80)).toBeLessThan(4 * Math.sqrt(200 * 0.24))
  })

  it('needs a coin', () => {
    expect(faultsSchema.safeParse([{ kind: 'away', who: 'all', together: 'all' }]).error!.issues[0].message).toContain('give a `probability`')
  })
})

describe('joining and quitting', () => {
  it('by rounds', () => {
    const weather = weatherOf([joins('client-NL', { round: 3, id: 'j' }), quits('client-NL', { round: 5, id: 'q' })])
    expect([1, 2, 3, 4, 5, 99].map((round) => weather.available('client-NL', round, round))).toEqual([false, false, true, true, false, false])
    expect(weather.report().map(({ text, outcome }) => `${text}: ${outcome}`)).toEqual([
      'client-NL joins in round 3: not selectable 2 times', 'client-NL quits from round 5 on: not selectable 2 times',
    ])
  })

  it('by times: out of reach before, and from then on for good', () => {
    const weather = weatherOf([joins('client-NL', { at: 100, id: 'j' }), quits('client-NL', { at: 500, id: 'q' })])
    expect([0, 99, 100, 499, 500].map((at) => weather.absence('client-NL', at))).toEqual(['j', 'j', undefined, undefined, 'q'])
    expect(weather.nextChange(0)).toBe(100)
    expect(weather.nextChange(100)).toBeUndefined()
    expect(weather.span('client-NL', 450, 100, 1)).toEqual({ until: 500, interrupted: 'away', whole: 550 })
  })
})

describe('churn', () => {
  const rates = { births: 0.5, deaths: 1.5, comesBack: true, horizon: hours(20_000) }

  it('is there for the share and the time that its rates say', () => {
    const sessions = drawSessions(rates, streams('7')('churn'))
    const lengths = sessions.slice(0, -1).map(([from, until]) => until! - from)
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    // Exponential: the deviation is the mean, so that of the mean of n is 1/sqrt(n) of it.
    expect(Math.abs(mean / hours(1) - 1 / 1.5)).toBeLessThan((4 / 1.5) / Math.sqrt(lengths.length))
    const there = lengths.reduce((sum, length) => sum + length, 0) / rates.horizon
    expect(there).toBeGreaterThan(0.24)
    expect(there).toBeLessThan(0.26)
  })

  it('begins as in the long run, and a dead one stays dead where nobody comes back', () => {
    const lives = Array.from({ length: 2000 }, (_, i) => drawSessions({ ...rates, comesBack: false }, streams('7')('churn', i)))
    const atFirst = lives.filter((sessions) => sessions[0]?.[0] === 0).length
    expect(Math.abs(atFirst / 2000 - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / 2000))
    for (const sessions of lives) expect(sessions).toHaveLength(1)
  })

  it('is in the plan, client by client, whoever else takes part', () => {
    const plan = (actors: typeof three) => drawPlan([churn(all(), { births: 1, deaths: 1, id: 'x' })], actors, '7').faults[0].drawn as { sessions: object }
    const [few, many] = [plan(three), plan(federation('BR', 'NL', 'US', 'ZA'))]
    expect(many.sessions).toMatchObject(few.sessions)
    expect(JSON.parse(JSON.stringify(few))).toEqual(few)
  })

  it('keeps a client away outside its sessions, in mid-phase too, and says when it is back', () => {
    const drawn = { sessions: { 'client-NL': [[0, 100], [200, null]] } }
    const plan = { ...drawPlan([churn('client-NL', { births: 1, deaths: 1, id: 'x' })], three, '7') }
    const edited = { ...plan, faults: [{ ...plan.faults[0], drawn }] }
    const weather = weatherOf([churn('client-NL', { births: 1, deaths: 1, id: 'x' })], { plan: edited })
    expect([0, 99, 100, 199, 200, 1e9].map((at) => weather.available('client-NL', at, 1))).toEqual([true, true, false, false, true, true])
    expect(weather.awayUntil('client-NL', 150)).toBe(200)
    expect(weather.nextChange(0)).toBe(200)
    expect(weather.leaves('client-NL', 0)).toBe(100)
    expect(weather.absence('client-NL', 150)).toBe('x')
    expect(weather.span('client-NL', 50, 100, 1)).toEqual({ until: 100, interrupted: 'away', whole: 150 })
    expect(weather.report()[0].outcome).toBe('not selectable once; 1 training cut short (0.000 s charged for nothing)')
  })

  it('never has more changes than can be drawn', () => {
    expect(faultsSchema.safeParse([{ kind: 'churn', who: 'all', births: 1e6, deaths: 1e6 }]).success).toBe(false)
  })

  it('gives sessions in order that do not touch', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 5, noNaN: true }), fc.double({ min: 0.01, max: 5, noNaN: true }), fc.nat(), (births, deaths, seed) => {
        const sessions = drawSessions({ births, deaths, comesBack: true, horizon: hours(100) }, streams(String(seed))('churn'))
        sessions.forEach(([from, until], i) => {
          expect(until === null || until > from).toBe(true)
          if (i > 0) expect(from).toBeGreaterThan(sessions[i - 1][1]!)
        })
      }),
    )
  })
})

it('a share of clients that joins late is drawn', () => {
  expect(drawPlan([joins(fraction(0.34), { round: 9 })], three, '7').faults[0].targets).toHaveLength(1)
})
