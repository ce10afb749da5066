import fc from 'fast-check'

import type { Data } from './sound.js'

/** Texts that are much too long, of these units: no message may hold more than 200 characters of one. */
export const units = ['x', 'ab ', 'é', '\u001b[31m', '\u{1f600}', '"', "'", '\\', '_', '=', '.'] as const
const long = fc.tuple(fc.constantFrom(...units), fc.constantFrom(201, 3_000, 60_000)).map(([unit, n]) => unit.repeat(n))

/** What a terminal must never be sent. */
const control = fc.constantFrom('\u001b[2J\u001b]0;owned\u0007', 'a\nb\rc', '\u0000', '\u009b31m', '\u202egnp.exe', '\u0085', '\ufeff')

const number: fc.Arbitrary<Data> = fc.constantFrom<number>(
  1e-308, 5e-324, 9e15, 2 ** 53, 1e308, -1, -0, 0, 0.5, 1.5, 2, 3, 7, 100, 65_536, 1e6, 1e9, 2 ** 31, 2 ** 32, 2 ** 48, 1e12, NaN,
  Infinity, -Infinity, -1e308, 1e-9, 1e-3,
)
const text: fc.Arbitrary<Data> = fc.oneof(
  long, control,
  fc.constantFrom(
    '', ' ', 'no-such', '__proto__', 'constructor', 'toString', 'client', 'expert', 'aggregator', 'one', 'all', '1e400 s', '99999 d',
    '-1 s', '0 s', '9007199254740993 us', '1.7976931348623157e308', '0 bps', '99999999999 Gbps', '../../../etc/passwd', '/dev/zero',
    'auc', 'auc .5', 'test auc 1e9', 'ctr', 'null', 'true', '2026-01-01', '=', '*', '&a', '!!js/function',
  ),
)
const deep = fc.constantFrom(1, 20, 70, 400).map((depth): Data => {
  let value: Data = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
})
const wide = fc.constantFrom<Data>(
  Array.from({ length: 5_000 }, (_, i) => i), Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field-${i}`, i])),
)
const other: fc.Arbitrary<Data> = fc.oneof(
  fc.constantFrom<Data>(null, true, false, [], {}, [[]], [null], { kind: 'no-such' }, { kind: null }, { select: 'named', names: [''] }),
  deep, wide,
)
const name: fc.Arbitrary<string> = fc.oneof(
  long, control, fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', 'kind', 'knid', '', ' ', '0', 'a.b', '<<', 'link', 'checks', 'who'),
)

/** What is done at one place of a specification; `at` counts its places round and round. */
export type Mutation = { readonly at: number } & (
  | { readonly what: 'put'; readonly value: Data }
  | { readonly what: 'add'; readonly name: string; readonly value: Data }
  | { readonly what: 'rename'; readonly name: string }
  | { readonly what: 'delete' | 'double' }
)

const at = fc.nat(10_000)
const value = fc.oneof({ weight: 5, arbitrary: number }, { weight: 3, arbitrary: text }, { weight: 2, arbitrary: other })

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ at, what: fc.constant('put' as const), value }) },
  { weight: 1, arbitrary: fc.record({ at, what: fc.constant('add' as const), name, value }) },
  { weight: 1, arbitrary: fc.record({ at, what: fc.constant('rename' as const), name }) },
  { weight: 2, arbitrary: fc.record({ at, what: fc.constantFrom('delete' as const, 'double' as const) }) },
)

const duration: fc.Arbitrary<Data> = fc.constantFrom('0 us', '1 us', '3 us', '1 ms', '1 s', '1 d', '999 d', '1000 d', '0.0001 ms')
const bandwidth: fc.Arbitrary<Data> = fc.constantFrom('1 bps', '0.5 bps', '1 Gbps', '999999999 Gbps')

/** Another number, time or bandwidth where one is: many of these resolve, and can be flown. */
export interface Tuning {
  readonly at: number
  readonly number: Data
  readonly duration: Data
  readonly bandwidth: Data
}
export const tuning: fc.Arbitrary<Tuning> = fc.record({ at, number, duration, bandwidth })

type Path = readonly (string | number)[]
type Holder = Record<string | number, Data>

const isHolder = (data: Data): data is Exclude<Data, null | boolean | number | string> => typeof data === 'object' && data !== null

/** Every place in a value but the whole; numbers and texts more often, as there are more of them. */
export const places = (data: Data, path: Path = []): Path[] =>
  !isHolder(data)
    ? []
    : Object.entries(data).flatMap(([step, inner]) => {
        const here = [...path, Array.isArray(data) ? Number(step) : step]
        return [here, ...places(inner as Data, here)]
      })

/** The same group with its fields in their order, one of them another: `__proto__` is a field like any other. */
const withField = (group: Data, step: string | number, change: (value: Data) => readonly (readonly [string, Data])[]): Data => {
  const entries = Object.entries(group as Holder).flatMap(([name, inner]) =>
    name === String(step) ? change(inner) : [[name, inner] as const])
  return Array.isArray(group) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

const edit = (data: Data, path: Path, mutation: Mutation): Data => {
  const [step, ...rest] = path
  if (rest.length > 0) return withField(data, step, (inner) => [[String(step), edit(inner, rest, mutation)]])
  switch (mutation.what) {
    case 'put':
      return withField(data, step, () => [[String(step), mutation.value]])
    case 'add':
      return withField(data, step, (inner) => [[String(step), inner], [mutation.name, mutation.value]])
    case 'rename':
      return withField(data, step, (inner) => [[mutation.name, inner]])
    case 'delete':
      return withField(data, step, () => [])
    case 'double':
      return withField(data, step, (inner) => [[String(step), inner], [Array.isArray(data) ? '' : `${step} `, inner]])
  }
}

/** What a mutation is about. */
export const placeOf = (data: Data, { at }: Mutation): Path => {
  const all = places(data)
  return all.length === 0 ? [] : all[at % all.length]
}

export const mutated = (data: Data, mutations: readonly Mutation[]): Data =>
  mutations.reduce((now, mutation) => {
    const path = placeOf(now, mutation)
    return path.length === 0 ? now : edit(now, path, mutation)
  }, data)

const isTime = (value: Data | undefined): boolean => typeof value === 'string' && /^[\d.]+ (us|ms|s|min|h|d)$/.test(value)
const isRate = (value: Data | undefined): boolean => typeof value === 'string' && /^[\d.]+ .?bps$/.test(value)

const valueAt = (data: Data, path: Path): Data | undefined =>
  path.reduce<Data | undefined>((here, step) => (here !== undefined && isHolder(here) ? (here as Holder)[step] : undefined), data)

/** Turns dials of a specification. */
export const tuned = (data: Data, tunings: readonly Tuning[]): Data =>
  tunings.reduce((now, { at: place, number: n, duration: time, bandwidth: rate }) => {
    const dials = places(now).filter((path) => {
      const value = valueAt(now, path)
      return typeof value === 'number' || isTime(value) || isRate(value)
    })
    const path = dials[place % dials.length]
    const old = valueAt(now, path)
    return edit(now, path, { at: 0, what: 'put', value: isTime(old) ? time : isRate(old) ? rate : n })
  }, data)
