import type { Scene } from '../../dials/dial.js'
import type { FaultInput } from '../../faults/registry.js'
import type { Name } from '../../roster/participant.js'
import type { Case, Shape } from '../explore/case.js'

/** Who is left of a federation for whom: names of the one, by names of the other. */
export const heirsOf = (before: Scene, after: Scene): ReadonlyMap<Name, Name> => {
  const roles = [[before.clients, after.clients], [before.experts, after.experts], [before.others ?? [], after.others ?? []]]
  return new Map(roles.flatMap(([were, are]) => {
    const stays = new Set(are)
    return were.flatMap((name, i): [Name, Name][] => (stays.has(name) || are.length === 0 ? [] : [[name, are[i % are.length]]]))
  }))
}

/** The same with other names, wherever they stand; nobody is named twice in one list. */
export const renamed = (value: unknown, by: ReadonlyMap<Name, Name>): unknown => {
  if (typeof value === 'string') return by.get(value) ?? value
  if (Array.isArray(value)) {
    const all = value.map((inner) => renamed(inner, by))
    return all.every((one) => typeof one === 'string') ? [...new Set(all)] : all
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, field === 'id' ? inner : renamed(inner, by)]))
}

/** Without those who are gone; undefined where nobody or nothing is left of it. */
const thinned = (value: unknown, gone: ReadonlyMap<Name, Name>): unknown => {
  if (typeof value === 'string') return gone.has(value) ? undefined : value
  if (Array.isArray(value)) {
    const left = value.map((inner) => thinned(inner, gone)).filter((inner) => inner !== undefined)
    return left.length === 0 && value.length > 0 ? undefined : left
  }
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([field, inner]) => [field, field === 'id' ? inner : thinned(inner, gone)] as const)
  return fields.some(([field, inner]) => inner === undefined && (value as Record<string, unknown>)[field] !== undefined) ? undefined : Object.fromEntries(fields)
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** A calm phase, with a core as it is said otherwise; of which nobody is left, it heals everybody. */
const calmed = ({ calm }: Case, say: (core: unknown) => unknown): Pick<Case, 'calm'> => {
  if (calm?.core === undefined) return calm === undefined ? {} : { calm }
  const core = say(calm.core) as typeof calm.core | undefined
  if (core !== undefined) return { calm: { ...calm, core } }
  const { core: _, rest: __, ...all } = calm
  return { calm: all }
}

/**
 * A case for a federation of another shape: what its faults and its calm phase say of those who are not in it is said of
 * others in their place; or else is not said, and a fault of which nobody is left goes.
 */
export const resized = (of: Case, shape: Shape, before: Scene, after: Scene): readonly Case[] => {
  const by = heirsOf(before, after)
  const given = Object.fromEntries(Object.entries(shape).filter(([, size]) => size !== undefined))
  const { shape: _, calm: __, ...rest } = of
  const others = { ...rest, ...(Object.keys(given).length > 0 && { shape: given }) }
  const moved = of.faults.map((fault) => renamed(fault, by) as FaultInput)
  const fewer = of.faults.flatMap((fault) => {
    const left = thinned(fault, by) as FaultInput | undefined
    return left === undefined ? [] : [left]
  })
  const cases = [
    { ...others, ...calmed(of, (core) => thinned(core, by)), faults: fewer },
    { ...others, ...calmed(of, (core) => renamed(core, by)), faults: moved },
  ]
  return same(cases[0], cases[1]) ? [cases[0]] : cases
}
