import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { SpecificationError } from '../../src/errors.js'
import { clog, delay, duplicate, lose, partition, reorder } from '../../src/faults/all.js'
import { burstPresets } from '../../src/faults/bursts.js'
import { badShare, type GilbertElliott, lossRate, meanBadSpell, meanLossRun } from '../../src/faults/gilbert-elliott.js'
import { checkedPlan, drawPlan } from '../../src/faults/plan.js'
import { describe as inWords, type FaultInput, faultSchema } from '../../src/faults/registry.js'
import { fraction, named, region, scenario, share } from '../../src/roster/selectors.js'
import { networkSchema } from '../../src/schedules/network.js'
import { withRegions } from '../../src/schedules/regions.js'
import { streams } from '../../src/random/streams.js'
import { ms } from '../../src/time/micros.js'
import { envelope, federation, three, weatherOf } from './weather.js'

/** One link's messages, sent one after the other. */
const sent = (faults: readonly FaultInput[], count: number, seed = '7') => {
  const weather = weatherOf(faults, { seed })
  const verdicts = Array.from({ length: count }, (_, i) => weather.judge(envelope({ id: i, round: 1 + i }), 0))
  return { weather, verdicts }
}

const lostOf = (faults: readonly FaultInput[], count: number, seed?: string): boolean[] =>
  sent(faults, count, seed).verdicts.map(({ lost }) => lost !== undefined)

/** Lengths of the runs of `true`; one that the end cuts off is left out. */
const runs = (hits: readonly boolean[]): number[] => {
  const found: number[] = []
  let length = 0
  for (const hit of hits) {
    if (hit) length++
    else if (length > 0) {
      found.push(length)
      length = 0
    }
  }
  return found
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

/** How far a mean over the chain may be off: four standard errors, of a chain whose second eigenvalue is 1 - p - r. */
const slack = ({ p, r }: GilbertElliott, rate: number, n: number): number => {
  const eigenvalue = 1 - p - r
  return 4 * Math.sqrt((rate * (1 - rate) * Math.max(1, (1 + eigenvalue) / (1 - eigenvalue))) / n)
}

describe('losses in bursts', () => {
  const n = 100_000
  const models: readonly (readonly [string, GilbertElliott])[] = [
    ['rare and long', { p: 1e-4, r: 0.01, good: 0, bad: 1 }],
    ['rare and short', { p: 1e-3, r: 0.5, good: 0, bad: 1 }],
    ['1 in 100, 5 long', { p: 0.01, r: 0.2, good: 0, bad: 1 }],
    ['leaky', { p: 0.02, r: 0.1, good: 0.01, bad: 0.6 }],
    ['half the time', { p: 0.5, r: 0.5, good: 0, bad: 1 }],
    ['to and fro', { p: 0.5, r: 0.9, good: 0.1, bad: 0.8 }],
    ['in-flight', burstPresets['in-flight']],
  ]

  test.each(models)('%s: rate and length agree with the formulas over 100,000 messages', (_, model) => {
    const { p, r, good, bad } = model
    const lost = lostOf([lose({}, { burst: { p, r, good, bad }, id: 'burst' })], n)
    const rate = (r * good + p * bad) / (p + r)
    expect(lossRate(model)).toBeCloseTo(rate, 14)
    expect(Math.abs(mean(lost.map(Number)) - rate)).toBeLessThan(slack(model, rate, n))
    const lengths = runs(lost)
    const expected = meanLossRun(model)
    const length = mean(lengths)
    const deviation = Math.sqrt(mean(lengths.map((one) => (one - length) ** 2)))
    expect(Math.abs(length - expected)).toBeLessThan((4 * deviation) / Math.sqrt(lengths.length))
    if (good === 0 && bad === 1) expect(expected).toBeCloseTo(meanBadSpell(model), 10)
  })

  test('runs of losses, summed from the chain itself, are as the formula says', () => {
    for (const [, model] of models) {
      const { p, r, good, bad } = model
      // A run of k or more that begins in state s: k times lost, moving in between.
      let [fromGood, fromBad] = [1 - badShare(model), badShare(model)]
      // Of the messages after one that arrived: how they are spread over the states.
      const arrived = [fromGood * (1 - good), fromBad * (1 - bad)]
      ;[fromGood, fromBad] = [arrived[0] * (1 - p) + arrived[1] * r, arrived[0] * p + arrived[1] * (1 - r)]
      const begun = fromGood * good + fromBad * bad
      let total = 0
      for (let k = 0; k < 200_000; k++) {
        const [lostGood, lostBad] = [fromGood * good, fromBad * bad]
        total += lostGood + lostBad
        ;[fromGood, fromBad] = [lostGood * (1 - p) + lostBad * r, lostGood * p + lostBad * (1 - r)]
      }
      expect(meanLossRun(model)).toBeCloseTo(total / begun, 6)
    }
  })

  test('the first message of a link is lost as often as any other', () => {
    const about = { burst: { p: 0.1, r: 0.3 }, id: 'b' }
    const clients = Array.from({ length: 8000 }, (_, i) => `c${i}`)
    const weather = weatherOf([lose({}, about)], { participants: federation(...clients) })
    const first = clients.map((code, i) => weather.judge(envelope({ id: i, from: `client-${code}` }), 0).lost !== undefined)
    expect(Math.abs(mean(first.map(Number)) - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 8000))
  })

  test('a message has one fate however often it is asked for, and links do not touch each other', () => {
    const burst = lose({}, { burst: { p: 0.3, r: 0.3 }, id: 'b' })
    const alone = lostOf([burst], 200)
    const weather = weatherOf([burst])
    const mixed = Array.from({ length: 200 }, (_, i) => {
      weather.judge(envelope({ id: 1000 + i, round: 1 + i, from: 'client-US' }), 0)
      weather.judge(envelope({ id: 2000 + i, round: 1 + i, from: 'aggregator', to: 'client-NL', kind: 'model' }), 0)
      const once = weather.judge(envelope({ id: i, round: 1 + i }), 0).lost
      if (i > 5) weather.judge(envelope({ id: i - 5, round: i - 4 }), 0)
      return once !== undefined
    })
    expect(mixed).toEqual(alone)
    const again = alone.map((_, i) => weather.judge(envelope({ id: i, round: 1 + i }), 0).lost !== undefined)
    expect(again).toEqual(alone)
  })

  test('what is sent again under the same name meets the state of its own time', () => {
    const weather = weatherOf([lose({}, { burst: { p: 0.1, r: 0.1 }, id: 'b' })])
    const first = Array.from({ length: 200 }, (_, i) => weather.judge(envelope({ id: i, round: 1 + i }), 0).lost !== undefined)
    const second = first.map((_, i) => weather.judge(envelope({ id: 1000 + 7 * i, round: 1 + ((7 * i) % 200) }), 0).lost !== undefined)
    const again = first.map((_, i) => first[(7 * i) % 200])
    expect(second.filter((lost, i) => lost !== again[i]).length).toBeGreaterThan(40)
  })

  test('no other fault moves the chain, and copies meet the state of their original', () => {
    const burst = lose({}, { burst: { p: 0.2, r: 0.4, bad: 1 }, id: 'b' })
    const alone = lostOf([burst], 300)
    expect(lostOf([burst, duplicate({}, { times: 2 }), lose({}, { probability: 0 }), delay({}, { by: 5, correlation: 0.5 })], 300)).toEqual(alone)
    const weather = weatherOf([burst, duplicate({})])
    for (let i = 0; i < 300; i++) {
      const original = envelope({ id: 2 * i, round: 1 + i })
      const { lost, copies } = weather.judge(original, 0)
      expect(copies).toHaveLength(1)
      expect(weather.judge({ ...original, id: 2 * i + 1, copy: 1 }, 0).lost).toEqual(lost)
    }
  })

  test('presets are models with a source, and the report speaks of them', () => {
    for (const { source, ...model } of Object.values(burstPresets)) {
      expect(source).toMatch(/as restated by/)
      expect(faultSchema.safeParse(lose({}, { burst: model })).success).toBe(true)
    }
    expect(lossRate(burstPresets.backbone)).toBeCloseTo(0.00098, 4)
    const planned = drawPlan([lose({ from: 'client' }, { burst: 'in-flight' }), lose({}, { probability: 0.1, correlation: 0.3 })], three, '7')
    expect(planned.faults.map(inWords)).toEqual([
      'messages from any client to anyone lost in bursts (in-flight): 13.63 % of them, 2.8 in a row on average',
      'messages from anyone to anyone lost, correlated by 30 %, with 10 % probability',
    ])
  })

  test.each([
    [{ burst: { p: 0, r: 0.1 } }, /expected number to be >0/],
    [{ burst: 'wifi' }, /backbone, in-flight/],
    [{ burst: { p: 0.1, r: 0.1 }, probability: 0.5 }, /leave out `probability`/],
    [{ burst: { p: 0.1, r: 0.1 }, correlation: 0.5 }, /leave out `probability`/],
  ])('%j is refused', (about, message) => {
    const result = faultSchema.safeParse({ kind: 'lose', link: {}, ...about })
    expect(result.error?.message).toMatch(message)
  })
})

describe('correlation', () => {
  const n = 40_000
  const lagged = (hits: readonly number[], lag: number): number => {
    const m = mean(hits)
    const both = mean(hits.slice(lag).map((hit, i) => (hit - m) * (hits[i] - m)))
    return both / mean(hits.map((hit) => (hit - m) ** 2))
  }

  test.each([0.2, 0.6, 0.9])('of %d: the share stays, and lag k has its k-th power', (correlation) => {
    for (const probability of [0.05, 0.5]) {
      const hits = lostOf([lose({}, { probability, correlation, id: 'c' })], n).map(Number)
      const stretch = (1 + correlation) / (1 - correlation)
      expect(Math.abs(mean(hits) - probability)).toBeLessThan(4 * Math.sqrt((probability * (1 - probability) * stretch) / n))
      // Rare hits in long runs are few runs.
      for (const lag of [1, 2, 5]) expect(Math.abs(lagged(hits, lag) - correlation ** lag)).toBeLessThan(5 * Math.sqrt(stretch / (n * probability)))
    }
  })

  test('of jitter: the numbers are uniform, and as near to the one before', () => {
    const delays = sent([delay({}, { by: 0, jitter: 1_000_000, correlation: 0.5, id: 'j' })], n).verdicts.map(({ delay: by }) => by)
    expect(Math.abs(mean(delays) / 1e6 - 0.5)).toBeLessThan(4 * Math.sqrt((3 / 12) / n))
    for (const k of [0, 1, 2, 3]) {
      const share = mean(delays.map((by) => Number(Math.floor(by / 250_000) === k)))
      expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((3 * 0.25 * 0.75) / n))
    }
    expect(Math.abs(lagged(delays, 1) - 0.5)).toBeLessThan(0.04)
    expect(Math.abs(lagged(delays, 3) - 0.125)).toBeLessThan(0.04)
  })

  test('of copies made: they come in runs', () => {
    const made = sent([duplicate({}, { probability: 0.3, correlation: 0.8, id: 'd' })], n).verdicts.map(({ copies }) => copies.length)
    expect(Math.abs(mean(made) - 0.3)).toBeLessThan(4 * Math.sqrt((0.21 * 9) / n))
    expect(Math.abs(lagged(made, 1) - 0.8)).toBeLessThan(0.03)
  })

  test('is of those sent: a loss beside it changes no delay, and a delay is the same however often it is asked', () => {
    const late = delay({}, { by: 0, jitter: 1000, correlation: 0.7, id: 'j' })
    const alone = sent([late], 300).verdicts.map(({ delay: by }) => by)
    const { weather, verdicts } = sent([late, lose({}, { probability: 0.4, id: 'l' })], 300)
    expect(verdicts.some(({ lost }) => lost !== undefined)).toBe(true)
    verdicts.forEach(({ lost, delay: by }, i) => lost === undefined && expect(by).toBe(alone[i]))
    for (const i of [250, 3, 77]) expect(weather.judge(envelope({ id: i, round: 1 + i }), 0)).toEqual(verdicts[i])
  })

  test('of 0 is none', () => {
    expect(lostOf([lose({}, { probability: 0.3, correlation: 0, id: 'c' })], 500)).toEqual(lostOf([lose({}, { probability: 0.3, id: 'c' })], 500))
  })
})

describe('reorder', () => {
  const ahead = (about: Partial<Parameters<typeof reorder>[1]>, count: number, extra: readonly FaultInput[] = []) =>
    sent([reorder({}, { by: 50, id: 'r', ...about }), ...extra], count).verdicts.map(({ delay: by }) => by === 0)

  test('with a gap of 4, every fourth of a link goes ahead', () => {
    expect(ahead({ gap: 4 }, 12)).toEqual(Array.from({ length: 12 }, (_, i) => i % 4 === 3))
    const weather = weatherOf([reorder({}, { by: 50, gap: 2 })])
    const delays = ['client-NL', 'client-US', 'client-NL', 'client-US', 'client-US'].map(
      (from, i) => weather.judge(envelope({ id: i, round: 1 + i, from }), 0).delay)
    expect(delays).toEqual([50, 50, 0, 0, 50])
    expect(weather.report()[0]).toMatchObject({
      text: 'messages from anyone to anyone kept back by 0.000 s, every 2nd sent ahead of them', fired: 5,
      outcome: '3 messages kept back (0.000 s in all); 2 messages sent ahead',
    })
  })

  test('as in netem: after gap - 1 that were kept back each may go ahead, until one does', () => {
    for (const [gap, share] of [[1, 0.25], [3, 0.5], [5, 0.2]] as const) {
      const n = 20_000
      const went = ahead({ gap, share }, n)
      // Messages from one that went ahead to the next: gap - 1, and then a geometric number of tries.
      const rate = 1 / (gap - 1 + 1 / share)
      expect(Math.abs(mean(went.map(Number)) - rate)).toBeLessThan(4 * Math.sqrt(rate / n))
      const places = went.flatMap((hit, i) => (hit ? [i] : []))
      expect(Math.min(...places.slice(1).map((place, i) => place - places[i]))).toBe(gap)
    }
  })

  test('copies go as their original, and other faults move nobody’s turn', () => {
    const alone = ahead({ gap: 3, share: 0.6 }, 200)
    const { weather, verdicts } = sent([reorder({}, { by: 50, gap: 3, share: 0.6, id: 'r' }), duplicate({}), lose({}, { probability: 0.3 })], 200)
    verdicts.forEach(({ lost, delay: by }, i) => lost === undefined && expect(by === 0).toBe(alone[i]))
    const copy = envelope({ id: 900, round: 7, copy: 1 })
    const verdict = weather.judge(copy, 0)
    if (verdict.lost === undefined) expect(verdict.delay === 0).toBe(alone[6])
  })

  test('that keeps nobody back is refused', () => {
    expect(faultSchema.safeParse({ kind: 'reorder', link: {}, by: 5 }).error?.message).toMatch(/nothing would be kept back/)
  })
})

describe('partition', () => {
  const groupsOf = (fault: FaultInput, actors = three, seed = '7') => drawPlan([fault], actors, seed).faults[0].groups
  const passes = (fault: FaultInput, from: string, to: string, at = 5) =>
    weatherOf([fault]).judge(envelope({ from, to, sent: at }), at).lost === undefined

  test('one group is cut off from everyone else; with more, those in none are not', () => {
    const alone = partition([scenario('NL')])
    expect([passes(alone, 'client-NL', 'aggregator'), passes(alone, 'expert-1', 'client-NL'), passes(alone, 'client-US', 'aggregator')])
      .toEqual([false, false, true])
    const two = partition([['client-NL', 'client-US'], 'aggregator'])
    expect([passes(two, 'client-US', 'aggregator'), passes(two, 'client-US', 'expert-1'), passes(two, 'client-BR', 'aggregator'), passes(two, 'client-NL', 'client-US')])
      .toEqual([false, true, true, true])
  })

  test('one way', () => {
    const out = partition(['client', 'aggregator'], { oneWay: 'out' })
    expect([passes(out, 'client-US', 'aggregator'), passes(out, 'aggregator', 'client-US')]).toEqual([false, true])
    const into = partition(['client', 'aggregator'], { oneWay: 'in' })
    expect([passes(into, 'client-US', 'aggregator'), passes(into, 'aggregator', 'client-US')]).toEqual([true, false])
    expect(drawPlan([out, into], three, '7').faults.map(inWords)).toEqual([
      'nothing passes client-BR, client-NL, client-US > aggregator',
      'nothing passes aggregator > client-BR, client-NL, client-US',
    ])
  })

  test('is asked at the send and at the door, in its window', () => {
    const weather = weatherOf([partition(['client-NL'], { from: 100, until: 200, id: 'cut' })])
    const judged = (at: number) => weather.judge(envelope({ id: at, sent: at }), at).lost
    expect([99, 100, 199, 200].map(judged)).toEqual([undefined, { travelled: 0, fault: 'cut' }, { travelled: 0, fault: 'cut' }, undefined])
    expect([99, 100, 199, 200].map((at) => weather.door(envelope({ id: 1 }), at))).toEqual(['deliver', { drop: 'cut' }, { drop: 'cut' }, 'deliver'])
    expect(weather.lives.map(({ kind, at }) => [kind, at])).toEqual([['cut', 100], ['heal', 200]])
  })

  test('by rounds: from the opening of the first to the close of the last, whatever round a message is of', () => {
    const weather = weatherOf([partition([named('client-NL')], { rounds: [2, 3], id: 'cut', travelled: 0.5 })])
    const isLost = (round: number, at: number) => weather.judge(envelope({ id: at, round, sent: at }), at).lost !== undefined
    weather.opens(1, 0)
    expect([isLost(1, 1), isLost(3, 2)]).toEqual([false, false])
    weather.opens(2, 10)
    expect([isLost(1, 11), isLost(9, 12)]).toEqual([true, true])
    // What was sent before it opened may come in the same instant; then the links are cut.
    expect(weather.door(envelope({ id: 900 }), 10)).toBe('deliver')
    weather.happen(10, 'client-NL', { kind: 'link', what: 'cut', fault: 'cut' })
    expect(weather.door(envelope({ id: 901 }), 10)).toEqual({ drop: 'cut' })
    weather.closes(2, 20)
    weather.opens(3, 20)
    expect(isLost(3, 21)).toBe(true)
    weather.closes(3, 30)
    expect(isLost(3, 31)).toBe(false)
    weather.opens(4, 40)
    expect([isLost(3, 41), isLost(4, 42)]).toEqual([false, false])
    expect(weather.setOff.map(({ kind, at }) => [kind, at])).toEqual([['cut', 10], ['heal', 30]])
    expect(weather.report()[0].outcome).toBe('3 messages lost that were sent into it (1,500 bytes had left the sender)')
  })

  test('nobody is in two groups, whoever draws them', () => {
    const many = federation(...Array.from({ length: 9 }, (_, i) => `c${i}`))
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0.2, 0.4, 0.5), { minLength: 1, maxLength: 3 }), fc.nat(20), (shares, seed) => {
        const groups = groupsOf(partition([...shares.map((of) => fraction(of)), ['client', 'aggregator']]), many, String(seed))!
        const all = groups.flat()
        expect(new Set(all).size).toBe(all.length)
        expect(all).toHaveLength(10)
      }),
      { numRuns: 40 },
    )
    expect(() => groupsOf(partition(['client', 'client-NL']))).toThrow(/'client-NL' is in an earlier group/)
    expect(() => groupsOf(partition(['client', scenario('NL')]))).toThrow(SpecificationError)
    expect(() => groupsOf(partition([share(0.5)]))).toThrow(/redrawn in each round/)
    expect(faultSchema.safeParse({ ...partition(['client']), rounds: [1, 2], until: 5 }).error?.message).toMatch(/either `rounds` or/)
  })

  test('a plan keeps its groups, and can be edited', () => {
    const plan = drawPlan([partition([fraction(0.5), 'aggregator'], { id: 'cut' })], three, '7')
    expect(checkedPlan(JSON.parse(JSON.stringify(plan)), three)).toEqual(plan)
    const [fault] = plan.faults
    const edited = { ...plan, faults: [{ ...fault, groups: [['client-US'], ['expert-2', 'nobody']] }] }
    expect(() => checkedPlan(edited, three)).toThrow(/nobody is called 'nobody'/)
  })

  test('by region, where the network has them', () => {
    const { regions } = networkSchema.parse({ regions: { eu: ['client-NL', 'expert-1'], us: scenario('US') } })
    const actors = withRegions(regions, three, streams('7'))
    expect(groupsOf(partition([region('eu'), region('us')]), actors)).toEqual([['client-NL', 'expert-1'], ['client-US']])
    expect(() => groupsOf(partition([region('asia')]), actors)).toThrow(/nobody is in region 'asia'.*There are: eu, us/)
    expect(() => withRegions({ a: [named('client-NL')], b: [named('client-NL')] }, three, streams('7'))).toThrow(/in a already/)
  })
})

describe('clog', () => {
  const door = (weather: ReturnType<typeof weatherOf>, id: number, at: number, from = 'client-NL') =>
    weather.door(envelope({ id, round: 1 + id, from }), at)

  test('holds at the door until it is over; together', () => {
    const weather = weatherOf([clog({ from: 'client' }, { from: 100, until: 200, id: 'jam' })])
    expect([door(weather, 0, 99), door(weather, 1, 100), door(weather, 2, 150)]).toEqual(['deliver', { hold: 200, by: 'jam' }, { hold: 200, by: 'jam' }])
    expect(weather.door(envelope({ from: 'aggregator', to: 'client-NL', kind: 'model' }), 150)).toBe('deliver')
    expect([door(weather, 1, 200), door(weather, 2, 200), door(weather, 3, 200)]).toEqual(['deliver', 'deliver', 'deliver'])
    expect(weather.report()[0]).toMatchObject({ fired: 2, outcome: '2 messages held; 2 released after 0.000 s in all' })
  })

  test('one by one: by link, in the order in which they came, and nobody overtakes', () => {
    const weather = weatherOf([clog({}, { from: 100, until: 200, release: 'one by one', gap: 30, id: 'jam' })])
    const hold = (until: number) => ({ hold: until, by: 'jam' })
    expect([door(weather, 5, 110), door(weather, 2, 120), door(weather, 7, 130, 'client-US'), door(weather, 1, 140)])
      .toEqual([hold(200), hold(230), hold(200), hold(260)])
    expect([door(weather, 5, 200), door(weather, 7, 200, 'client-US')]).toEqual(['deliver', 'deliver'])
    expect([door(weather, 8, 231), door(weather, 9, 231, 'client-US')]).toEqual([hold(290), 'deliver'])
    expect([door(weather, 2, 230), door(weather, 1, 260), door(weather, 8, 290), door(weather, 10, 290)])
      .toEqual(['deliver', 'deliver', 'deliver', 'deliver'])
  })

  test('by rounds nobody knows its end: until it is released', () => {
    const weather = weatherOf([clog({}, { rounds: [1, 1], release: 'one by one', gap: 5, id: 'jam' })])
    expect(door(weather, 0, 0)).toBe('deliver')
    weather.opens(1, 10)
    expect([door(weather, 1, 11), door(weather, 2, 12)]).toEqual([{ hold: Infinity, by: 'jam' }, { hold: Infinity, by: 'jam' }])
    weather.closes(1, 50)
    expect(weather.setOff).toEqual([expect.objectContaining({ kind: 'release', at: 50, fault: 'jam' })])
    expect([door(weather, 1, 50), door(weather, 2, 50), door(weather, 2, 55)]).toEqual(['deliver', { hold: 55, by: 'jam' }, 'deliver'])
  })

  test('a gap goes with one by one', () => {
    for (const wrong of [{ gap: 5 }, { release: 'one by one' }]) {
      expect(faultSchema.safeParse({ kind: 'clog', link: {}, ...wrong }).error?.message).toMatch(/`gap` goes with/)
    }
    const [planned] = drawPlan([clog({ to: 'aggregator' }, { until: '1 s', release: 'one by one', gap: ms(20) })], three, '7').faults
    expect(inWords(planned)).toBe('messages from anyone to the aggregator held, then released one by one, 0.020 s apart, until 1.000 s')
  })
})
