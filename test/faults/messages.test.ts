import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FaultInput } from '../../src/faults/registry.js'
import { corrupt, delay, duplicate, lose, slow } from '../../src/faults/all.js'
import { one } from '../../src/roster/selectors.js'
import type { Verdict } from '../../src/network/weather.js'
import { envelope, three, weatherOf } from './weather.js'

const calmVerdict = { delay: 0, copies: [] }
const lost = (weather: ReturnType<typeof weatherOf>, about: Parameters<typeof envelope>[0], now = 0) =>
  weather.judge(envelope(about), now).lost !== undefined

describe('which envelopes', () => {
  const table: readonly [string, FaultInput, Parameters<typeof envelope>[0], number, boolean][] = [
    ['anything', lose({}), {}, 0, true],
    ['sender by role', lose({ from: 'client' }), {}, 0, true],
    ['another sender', lose({ from: 'client-US' }), {}, 0, false],
    ['receiver', lose({ to: 'aggregator' }), {}, 0, true],
    ['another receiver', lose({ to: 'expert' }), {}, 0, false],
    ['both ends', lose({ from: 'client', to: 'aggregator' }), {}, 0, true],
    ['the way back', lose({ from: 'aggregator', to: 'client' }), {}, 0, false],
    ['kind', lose({ message: 'update' }), {}, 0, true],
    ['another kind', lose({ message: 'model' }), {}, 0, false],
    ['part', lose({ part: 'trunk' }), {}, 0, true],
    ['another part', lose({ part: 'expert-2' }), {}, 0, false],
    ['up', lose({ direction: 'up' }), {}, 0, true],
    ['down', lose({ direction: 'down' }), {}, 0, false],
    ['inside', lose({ direction: 'inside' }), { from: 'aggregator', to: 'expert-1', kind: 'open' }, 0, true],
    ['not inside', lose({ direction: 'inside' }), {}, 0, false],
    ['rounds', lose({}, { rounds: [2, 3] }), { round: 3 }, 0, true],
    ['before them', lose({}, { rounds: [2, 3] }), { round: 1 }, 0, false],
    ['after them', lose({}, { rounds: [2, 3] }), { round: 4 }, 0, false],
    ['time', lose({}, { from: 10, until: 20 }), {}, 10, true],
    ['before it', lose({}, { from: 10, until: 20 }), {}, 9, false],
    ['when it is over', lose({}, { from: 10, until: 20 }), {}, 20, false],
    ['never', lose({}, { probability: 0 }), {}, 0, false],
  ]
  test.each(table)('%s', (_, fault, about, now, expected) => {
    const weather = weatherOf([fault])
    expect(lost(weather, about, now)).toBe(expected)
    expect(weather.report()[0].fired).toBe(expected ? 1 : 0)
  })
})

describe('folding', () => {
  test('delays add, the earliest loss counts, copies add', () => {
    const weather = weatherOf([
      delay({ message: 'update' }, { by: 100 }),
      delay({ from: 'client' }, { by: '1 ms' }),
      duplicate({ part: 'trunk' }, { times: 2, after: 50, id: 'two' }),
      duplicate({ to: 'aggregator' }, { after: 7, id: 'zone' }),
    ])
    expect(weather.judge(envelope(), 0)).toEqual({
      delay: 1100,
      copies: [
        { delay: 50, fault: 'two' },
        { delay: 100, fault: 'two' },
        { delay: 7, fault: 'zone' },
      ],
    })
    expect(weather.judge(envelope({ id: 1, copy: 1 }), 0)).toEqual({ delay: 1100, copies: [] })
    const both = weatherOf([lose({}, { travelled: 0.5, id: 'half' }), lose({}, { id: 'whole' })])
    expect(both.judge(envelope(), 0)).toEqual({ lost: { travelled: 0.5, fault: 'half' }, delay: 0, copies: [] })
    expect(both.report().map(({ outcome }) => outcome)).toEqual([
      '1 message lost (500 bytes had left the sender)',
      '1 message lost (1,000 bytes had left the sender)',
    ])
  })

  const messageFault: fc.Arbitrary<FaultInput> = fc.oneof(
    fc
      .record({ by: fc.nat(1000), probability: fc.constantFrom(0.3, 1) })
      .map((about) => delay({}, { ...about, jitter: 500 })),
    fc
      .record({ probability: fc.constantFrom(0.2, 0.5), travelled: fc.constantFrom(0, 0.5, 1) })
      .map((about) => lose({ from: 'client' }, about)),
    fc
      .record({ probability: fc.constantFrom(0.3, 1), bits: fc.integer({ min: 1, max: 5 }) })
      .map((about) => corrupt({ message: 'update' }, about)),
    fc
      .record({ probability: fc.constantFrom(0.4, 1), times: fc.integer({ min: 1, max: 3 }) })
      .map((about) => duplicate({}, about)),
  )
  const verdicts = (faults: readonly FaultInput[]): readonly Verdict[] => {
    const weather = weatherOf(faults)
    return Array.from({ length: 30 }, (_, i) =>
      weather.judge(envelope({ id: i, round: 1 + (i % 10), copy: Math.floor(i / 10) }), 0),
    )
  }

  test('the order of faults changes no verdict', () => {
    fc.assert(
      fc.property(fc.array(messageFault, { minLength: 2, maxLength: 5 }), (faults) => {
        expect(verdicts(faults.toReversed())).toEqual(verdicts(faults))
      }),
      { numRuns: 60 },
    )
  })

  test('another fault changes no coin of the others, not even for copies', () => {
    fc.assert(
      fc.property(fc.array(messageFault, { minLength: 1, maxLength: 4 }), fc.nat(4), (faults, at) => {
        const place = at % (faults.length + 1)
        // A duplicating fault that never hits, and a loss on another link, on either side.
        for (const extra of [duplicate({}, { probability: 0 }), lose({ from: 'client-US' }), slow(one(), { by: 2 })]) {
          expect(verdicts([...faults.slice(0, place), extra, ...faults.slice(place)])).toEqual(verdicts(faults))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('a copy keeps its coins when another fault makes copies too', () => {
    const coin = lose({}, { probability: 0.5, id: 'coin' })
    const ours = duplicate({}, { id: 'ours' })
    const fates = (faults: readonly FaultInput[]) => {
      const weather = weatherOf(faults)
      return Array.from({ length: 40 }, (_, round) => {
        const original = envelope({ round })
        return weather.judge(original, 0).copies.flatMap(({ fault }, i) =>
          fault === 'ours' ? [weather.judge({ ...original, id: 1 + i, copy: i + 1 }, 0).lost !== undefined] : [],
        )
      })
    }
    const alone = fates([coin, ours])
    expect(fates([coin, ours, duplicate({}, { id: 'aaa' })])).toEqual(alone)
    expect(new Set(alone.flat())).toEqual(new Set([true, false]))
  })
})

describe('coins', () => {
  test('hit with their probability, in each of four runs in one process, and alike in all', () => {
    const n = 10_000
    const sequences = [1, 2, 3, 4].map(() => {
      const weather = weatherOf([lose({ from: 'client', message: 'update' }, { probability: 0.05 })])
      const hit = Array.from({ length: n }, (_, i) => lost(weather, { id: i, round: 1 + i }))
      expect(weather.report()[0].fired).toBe(hit.filter(Boolean).length)
      return hit
    })
    for (const hit of sequences) {
      expect(hit).toEqual(sequences[0])
      const share = hit.filter(Boolean).length / n
      expect(Math.abs(share - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / n))
    }
  })

  test('do not depend on each other across rounds, senders, parts, attempts, copies and seeds', () => {
    const weather = weatherOf([lose({}, { probability: 0.5 })])
    const other = weatherOf([lose({}, { probability: 0.5 })], { seed: '8' })
    const n = 4000
    const base = Array.from({ length: n }, (_, i) => lost(weather, { round: i }))
    const variants = [
      (i: number) => lost(weather, { round: i + 1 }),
      (i: number) => lost(weather, { round: i, from: 'client-US' }),
      (i: number) => lost(weather, { round: i, to: 'expert-1' }),
      (i: number) => lost(weather, { round: i, part: 'expert-1' }),
      (i: number) => lost(weather, { round: i, kind: 'close' }),
      (i: number) => lost(weather, { round: i, attempt: 1 }),
      (i: number) => lost(weather, { round: i, copy: 1 }),
      (i: number) => lost(weather, { round: i, from: 'aggregator', to: 'client-NL' }),
      (i: number) => lost(other, { round: i }),
    ]
    for (const variant of variants) {
      const agree = base.filter((hit, i) => hit === variant(i)).length / n
      expect(Math.abs(agree - 0.5)).toBeLessThan(4.5 * Math.sqrt(0.25 / n))
    }
    const numbered = base.map((_, i) => lost(weather, { round: i, id: 5000 + i, sent: i, size: i }))
    expect(numbered).toEqual(base)
  })

  test('several losses are independent', () => {
    const weather = weatherOf([lose({}, { probability: 0.3, id: 'a' }), lose({}, { probability: 0.5, id: 'b' })])
    const n = 10_000
    const share = Array.from({ length: n }, (_, i) => lost(weather, { id: i, round: i })).filter(Boolean).length / n
    expect(Math.abs(share - 0.65)).toBeLessThan(4 * Math.sqrt((0.65 * 0.35) / n))
  })

  test('jitter is uniform', () => {
    const weather = weatherOf([delay({}, { by: 100, jitter: 1000 })])
    const delays = Array.from({ length: 5000 }, (_, i) => weather.judge(envelope({ round: i }), 0).delay)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...delays)).toBeLessThan(1100)
    for (const quarter of [0, 1, 2, 3]) {
      const share = delays.filter((d) => Math.floor((d - 100) / 250) === quarter).length / delays.length
      expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / delays.length))
    }
  })
})

test('nothing on: one frozen verdict, nothing drawn', () => {
  const down = envelope({ from: 'aggregator', to: 'client-NL', kind: 'model' })
  const quiet = weatherOf([])
  const uploads = weatherOf([lose({ from: 'client', message: 'update' }, { probability: 0.3 })])
  expect(quiet.judge(down, 0)).toBe(uploads.judge(down, 5))
  expect(Object.isFrozen(quiet.judge(down, 0))).toBe(true)
  expect(quiet.judge(down, 0)).toEqual(calmVerdict)
  let begun = 0
  const counted = weatherOf([lose({ from: 'client' }, { probability: 1 }), delay({}, { by: 1, probability: 0 })], {
    participants: three,
    streams: () => () => {
      begun++
      return 0.5
    },
  })
  const before = begun
  for (let i = 0; i < 100; i++) counted.judge(envelope({ id: i, round: i }), 0)
  expect(begun).toBe(before)
})
