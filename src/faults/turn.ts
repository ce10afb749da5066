import { type Dial, type Fields, pick, type Scene, type Toss } from '../dials/dial.js'
import type { FaultEntry } from './fault.js'
import { entryOf, faultEntries, faultSchema, type FaultInput } from './registry.js'

/** The kinds of faults that can be drawn: those whose file says how they are turned. */
export const drawnKinds: readonly string[] = faultEntries.filter(({ dials }: { readonly dials?: unknown }) => dials !== undefined).map(({ kind }) => kind)

const dialsOf = (kind: string): { readonly fields: Fields; readonly ways: readonly Fields[] } => {
  const { fields = {}, ways = [{}] } = (entryOf({ kind }) as FaultEntry).dials ?? {}
  return { fields, ways }
}

/** A `stretch` is two fields of a fault. */
const written = (settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { stretch, ...rest } = settings
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), ...(stretch as object | undefined) }
}

/** Is it one that a specification may hold? */
const isSound = (fault: unknown): fault is FaultInput => faultSchema.safeParse(fault).success

/** A fault of a kind, at most so wild: from 0, as mild as can be, to 1. */
export const drawFault = (kind: string, toss: Toss, intensity: number, scene: Scene): FaultInput => {
  const { fields, ways } = dialsOf(kind)
  // A few draws do not go together, such as a window that is shorter than its smallest part.
  for (let tries = 0; tries < 20; tries++) {
    const all = { ...fields, ...pick(toss, ways) }
    const settings = Object.entries(all).map(([field, dial]) => [field, dial.draw(toss, intensity, scene)] as const)
    const fault = { kind, ...written(Object.fromEntries(settings)) }
    if (isSound(fault)) return fault
  }
  throw new TypeError(`no sound fault of kind '${kind}' was drawn: look at its dials`)
}

/** A field of a fault that can be turned, and what it is set to. */
export interface Setting {
  readonly field: string
  readonly dial: Dial
  readonly value: unknown
}

const valueOf = (fault: Readonly<Record<string, unknown>>, field: string): unknown => {
  if (field !== 'stretch') return fault[field]
  const { from, until } = fault
  return from !== undefined && until !== undefined ? { from, until } : undefined
}

/** The fields of a fault, and the way that it is: the one of which it gives most. */
const dialsIn = (fault: FaultInput): { readonly fields: Fields; readonly way: Fields } => {
  const { fields, ways } = dialsOf(fault.kind)
  const given = (way: Fields): number =>
    Object.keys(way).filter((field) => valueOf(fault as Readonly<Record<string, unknown>>, field) !== undefined).length
  const [way] = [...ways].sort((a, b) => given(b) - given(a) || Object.keys(a).length - Object.keys(b).length)
  return { fields, way }
}

const settingsIn = (fault: FaultInput, dials: Fields): readonly Setting[] =>
  Object.entries(dials).map(([field, dial]) => ({ field, dial, value: valueOf(fault as Readonly<Record<string, unknown>>, field) }))

/** What of a fault can be turned. */
export const settingsOf = (fault: FaultInput): readonly Setting[] => {
  const { fields, way } = dialsIn(fault)
  return settingsIn(fault, { ...fields, ...way }).filter(({ value }) => value !== undefined)
}

/** The fault with one field set otherwise. */
const reset = (fault: FaultInput, field: string, value: unknown): unknown => {
  const { [field]: _, ...rest } = fault as Readonly<Record<string, unknown>>
  return written({ ...rest, [field]: value })
}

/** Faults that are milder in one field each, or simpler and as mild; those that cannot be are left out. */
export const milderFaults = (fault: FaultInput, scene: Scene): readonly FaultInput[] =>
  settingsOf(fault).flatMap(({ field, dial, value }) =>
    dial.milder(value, scene).map((milder) => reset(fault, field, milder)).filter(isSound))

/** The same fault with one field drawn anew; undefined: that cannot be. */
export const varied = (fault: FaultInput, field: string, toss: Toss, scene: Scene): FaultInput | undefined => {
  const setting = settingsOf(fault).find((one) => one.field === field)
  const other = setting && reset(fault, field, setting.dial.draw(toss, 1, scene))
  return isSound(other) ? other : undefined
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/**
 * How wild a fault is, from 0 to 1: the mean over its fields that can be turned, of which the way that it is, such as its
 * window, is one. What is left out is as mild as can be, but to be on always is 1; so is a fault that cannot be turned.
 */
export const wildness = (fault: FaultInput, scene: Scene): number => {
  const { fields, way } = dialsIn(fault)
  const measures = (dials: Fields): number[] =>
    settingsIn(fault, dials).map(({ dial, value }) => (value === undefined ? 0 : dial.measure(value, scene)))
  const ofWay = measures(way)
  return mean([...measures(fields), ofWay.length === 0 ? 1 : mean(ofWay)])
}
