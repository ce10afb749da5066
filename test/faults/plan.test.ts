import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SpecificationError } from '../../src/errors.js'
import { faultSchema, faultsSchema, type FaultInput } from '../../src/faults/registry.js'
import {
  away, battery, churn, clog, corrupt, crash, delay, duplicate, full, joins, lose, mislabel, narrow, partial, partition, poison, quits,
  reorder, skew, slow,
} from '../../src/faults/all.js'
import { canonical, identities } from '../../src/roster/identity.js'
import { drawPlan } from '../../src/faults/plan.js'
import { fraction, named, one } from '../../src/roster/selectors.js'
import { minutes } from '../../src/time/micros.js'
import { federation, three } from './weather.js'

const many = federation(...Array.from({ length: 12 }, (_, i) => `c${i}`))

const faultArbitrary: fc.Arbitrary<FaultInput> = fc.oneof(
  fc.record({ by: fc.integer({ min: 2, max: 4 }) }).map(({ by }) => slow(one(), { by })),
  fc.constantFrom(0.2, 0.5).map((share) => away(fraction(share), { rounds: [1, 2] })),
  fc.constantFrom('training' as const, 'upload' as const).map((phase) => away(one(), { phase })),
  fc.constantFrom(0.25, 0.5).map((epochs) => partial(fraction(0.3), { epochs })),
  fc.constantFrom(1, 2).map((births) => churn(fraction(0.5), { births, deaths: 1, horizon: '9 h' })),
  fc.constantFrom(0.2, 0.5).map((from) => battery(fraction(0.5), { start: { from, to: 1 } })),
  fc.constantFrom(2, 3).map((together) => away(fraction(0.5), { probability: 0.5, together })),
  fc.constantFrom(0.1, 0.2).map((probability) => lose({ from: one() }, { probability })),
)

test('the faults have a JSON Schema, and every constructor fits it', () => {
  const schema = JSON.stringify(z.toJSONSchema(faultsSchema, { io: 'input' }))
  const kinds = [
    'away', 'slow', 'partial', 'delay', 'lose', 'duplicate', 'crash', 'narrow', 'partition', 'clog', 'reorder', 'battery', 'churn', 'full',
    'joins', 'quits', 'skew', 'corrupt', 'poison', 'mislabel',
  ]
  for (const kind of kinds) {
    expect(schema).toContain(`"const":"${kind}"`)
  }
  const faults = [
    away('client-NL'),
    slow('client', { profile: [['1 min', 2]] }),
    partial(one(), { epochs: 0.5 }),
    delay({ from: 'client' }, { by: '1 s' }),
    lose({}),
    duplicate({ part: 'trunk' }),
    crash('expert-1', { when: { round: 1, after: 2 } }),
    narrow(fraction(0.5), { by: 2 }),
    partition(['client-NL', ['aggregator', 'expert']], { rounds: [1, 2], oneWay: 'in' }),
    clog({ to: 'aggregator' }, { until: '1 min', release: 'one by one', gap: '1 s' }),
    reorder({}, { by: '1 s', gap: 3 }),
    lose({}, { burst: 'backbone' }),
    lose({}, { burst: { p: 0.1, r: 0.5 } }),
    duplicate({}, { probability: 0.5, correlation: 0.2 }),
    corrupt({ message: 'update' }, { rate: 1e-6 }),
    poison(fraction(0.2), { send: 'sign-flip' }),
    poison(one(), { send: { attack: 'noise', relative: 2 } }),
    mislabel(one(), { flip: 0.5, swap: [0, 1] }),
    away('client', { probability: 0.1, bias: { by: 'label', task: 'ctr' }, daily: [['1 h', 2]], together: 4 }),
    slow('client', { throttle: 'phone' }),
    battery('client', { charge: { watts: 5, windows: [['1 h', '2 h']], every: '24 h' } }),
    churn('client', { births: 1, deaths: 2 }),
    full('aggregator', { service: '1 ms', inbox: 0 }),
    joins('client-NL', { round: 2 }),
    quits('client-NL', { at: '1 h' }),
    skew('client-NL', { behind: '1 s' }),
  ]
  const once = faultsSchema.parse(faults)
  expect(faultsSchema.parse(JSON.parse(JSON.stringify(once)))).toEqual(once)
})

describe('drawing a plan', () => {
  test('is plain JSON, the same for the same seed, another for another', () => {
    const faults = [away(fraction(0.5), { phase: 'training' }), lose({ from: 'client', to: 'aggregator' })]
    const plan = drawPlan(faults, many, '7')
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(drawPlan(faults, many, '7')).toEqual(plan)
    expect(plan.faults[0].targets).toHaveLength(6)
    const others = ['1', '2', '3', '4'].map((seed) => drawPlan(faults, many, seed).faults[0].targets.join())
    expect(new Set(others).size).toBeGreaterThan(1)
    expect(plan.faults[1]).toMatchObject({ to: ['aggregator'], from: many.slice(3).map((p) => p.name).sort() })
  })

  test('adding, removing or moving a fault changes no target of another', () => {
    const some = fc.array(faultArbitrary, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(some, faultArbitrary, fc.nat(), (faults, extra, at) => {
        const place = at % (faults.length + 1)
        const targets = (list: readonly FaultInput[]) =>
          drawPlan(list, many, '7').faults.map(({ key, targets: who, from, drawn }) => `${key} ${who.join()} ${from?.join()} ${JSON.stringify(drawn)}`)
        const before = targets(faults)
        const after = targets([...faults.slice(0, place), extra, ...faults.slice(place)])
        expect(after).toEqual(expect.arrayContaining(before))
        expect(after).toHaveLength(before.length + 1)
        expect(targets(faults.toReversed()).sort()).toEqual([...before].sort())
      }),
      { numRuns: 60 },
    )
  })

  test('identical faults are drawn apart, and an id keeps the draws while the intensity changes', () => {
    const twins = drawPlan(Array.from({ length: 8 }, () => slow(one(), { by: 2 })), many, '7').faults
    expect(new Set(twins.flatMap(({ targets }) => targets)).size).toBeGreaterThan(1)
    expect(new Set(twins.map(({ id }) => id)).size).toBe(8)
    const drawn = (by: number) => drawPlan([slow(one(), { by, id: 'laggard' })], many, '7').faults[0].targets
    for (const by of [3, 4, 5, 6, 7, 8]) expect(drawn(by)).toEqual(drawn(2))
  })

  test('texts and numbers are one identity, however the fault was written', () => {
    const script = drawPlan([crash('expert-2', { at: minutes(20), restartAfter: minutes(3) })], three, '7')
    const who = { select: 'named', names: ['expert-2'] }
    const yaml: unknown = { restartAfter: '3 min', at: '20 min', keeps: 'nothing', who, kind: 'crash' }
    expect(drawPlan([faultSchema.parse(yaml)], three, '7')).toEqual(script)
    expect(canonical({ b: [1, { d: 'x', c: undefined }], a: null })).toBe('{"a":null,"b":[1,{"d":"x"}]}')
    expect(identities([{ id: 'x' }, { a: 1 }, { a: 1 }])).toEqual(['id x', 'content 0 {"a":1}', 'content 1 {"a":1}'])
  })

  test('refuses what cannot be', () => {
    const draw = (...faults: FaultInput[]) => () => drawPlan(faults, three, '7')
    expect(draw(slow('client-XX', { by: 2 }))).toThrow("faults[0].who: nobody is named 'client-XX'")
    expect(draw(lose({ from: 'client-NL', to: 'agregator' }))).toThrow("Did you mean 'aggregator'?")
    expect(draw(away('expert-1'))).toThrow("'expert-1' is an expert, and 'away' happens to clients only")
    const twice = draw(slow('client-NL', { by: 2, id: 'a' }), slow('client-US', { by: 2, id: 'a' }))
    expect(twice).toThrow('names another fault')
    expect(draw(lose({}, { probability: 1.5 }))).toThrow('faults[0].probability')
    expect(draw(delay({}, { by: '5 parsecs' }))).toThrow('such as "5 min"')
    expect(draw(delay({}, { by: '5 parsecs' }))).toThrow(SpecificationError)
  })

  test('the schema knows contradictions', () => {
    const bad: readonly unknown[] = [
      // @ts-expect-error the compiler knows
      slow(one(), {}),
      // @ts-expect-error the compiler knows
      slow(one(), { by: 2, profile: [[0, 2]] }),
      slow(one(), { profile: [[5, 2], [5, 3]] }),
      // @ts-expect-error the compiler knows
      crash(one(), {}),
      // @ts-expect-error the compiler knows
      crash(one(), { at: 5, when: { round: 1, after: 1 } }),
      // @ts-expect-error the compiler knows
      narrow(one(), {}),
      away(one(), { for: '1 min' }),
      away(one(), { from: 10, until: 10 }),
      away(one(), { rounds: [3, 2] }),
      { kind: 'away', who: 'client', fase: 'training' },
      { kind: 'explode', who: 'client' },
    ]
    for (const fault of bad) expect(faultsSchema.safeParse([fault]).success, JSON.stringify(fault)).toBe(false)
    expect(faultsSchema.parse(undefined)).toEqual([])
    expect(faultsSchema.parse([narrow(named('client-NL'), { to: '5 Mbps', from: '2 h' })])).toEqual([
      { kind: 'narrow', who: { select: 'named', names: ['client-NL'] }, to: 5e6, from: 7_200e6 },
    ])
  })
})
