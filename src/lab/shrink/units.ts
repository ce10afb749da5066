import { faultSchema, type FaultInput } from '../../faults/registry.js'
import { canonical } from '../../roster/identity.js'
import type { Micros } from '../../time/micros.js'

const units = [['d', 86_400e6], ['h', 3600e6], ['min', 60e6], ['s', 1e6], ['ms', 1e3], ['us', 1]] as const

/** `80 ms`, `1500 us`, `2 min`: exactly this time, as a script gives it. */
export const written = (time: Micros): string => {
  const [unit, size] = units.find(([, micros]) => time % micros === 0)!
  return `${time / size} ${unit}`
}

/** What data means, as text; undefined: nothing. */
type Meaning = (data: unknown) => string | undefined

export interface Parser {
  safeParse(data: unknown): { readonly success: boolean; readonly data?: unknown }
}

export const meaningOf = (schema: Parser): Meaning => (data) => {
  const { success, data: meant } = schema.safeParse(data)
  return success ? canonical(meant ?? null) : undefined
}

type Path = readonly (string | number)[]

const replaced = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by
  if (Array.isArray(value)) return value.map((inner: unknown, i) => (i === step ? replaced(inner, rest, by) : inner))
  const group = value as Readonly<Record<string, unknown>>
  return { ...group, [step]: replaced(group[step], rest, by) }
}

const numbersIn = function* (value: unknown, path: Path = []): Generator<readonly [Path, number]> {
  if (typeof value === 'number') yield [path, value]
  else if (Array.isArray(value)) for (const [i, inner] of value.entries()) yield* numbersIn(inner, [...path, i])
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* numbersIn(inner, [...path, name])
  }
}

/** The most numbers that are looked at, of which one may be a time. */
const most = 300

/** The same data with times as text: a number is a time if it means the same with `us` behind it. */
export const timed = (data: unknown, schema: Parser): unknown => {
  const meaning = meaningOf(schema)
  const meant = meaning(data)
  let looked = 0
  let told = data
  for (const [path, value] of numbersIn(data)) {
    if (value <= 0 || !Number.isInteger(value) || meant === undefined || ++looked > most) continue
    if (meaning(replaced(data, path, `${value} us`)) === meant) told = replaced(told, path, written(value))
  }
  return told
}

/** Data as people write it: times with units, and no field that is so anyway. */
export const plainly = (data: unknown, schema: Parser): unknown => {
  const meaning = meaningOf(schema)
  const meant = meaning(data)
  let told = timed(data, schema)
  if (typeof told !== 'object' || told === null || Array.isArray(told) || meant === undefined) return told
  for (const field of Object.keys(told)) {
    const { [field]: _, ...rest } = told as Readonly<Record<string, unknown>>
    if (meaning(rest) === meant) told = rest
  }
  return told
}

export const plainFault = (fault: FaultInput): FaultInput => plainly(fault, faultSchema) as FaultInput
