import type { RunSum } from './read-several.js'

type Placed = Pick<RunSum, 'condition' | 'variant'> & { readonly manifest: Pick<RunSum['manifest'], 'study'> }

/** A condition at a level of an axis. */
export interface Level {
  readonly condition: string
  readonly value: number
}

/** Conditions that differ along one axis in numbers, and in no other. */
export interface Slice {
  readonly axis: string
  /** Where it lies on the other axes: `network.up=5`; empty where there is none. */
  readonly others: string
  /** From the lowest to the highest. */
  readonly levels: readonly Level[]
}

type Point = ReadonlyMap<string, unknown>

/** The axes on which each condition has one place, whatever the variant. */
export const placesOf = (runs: readonly Placed[]): ReadonlyMap<string, Point> => {
  const seen = new Map<string, Map<string, Set<string>>>()
  for (const { condition, manifest: { study } } of runs) {
    const own = seen.get(condition) ?? new Map<string, Set<string>>()
    seen.set(condition, own)
    for (const [axis, value] of Object.entries(study?.point ?? {})) own.set(axis, (own.get(axis) ?? new Set()).add(JSON.stringify(value)))
  }
  const values = new Map<string, { readonly all: Set<string>; places: number; moves: boolean }>()
  for (const own of seen.values()) {
    for (const [axis, here] of own) {
      const about = values.get(axis) ?? { all: new Set<string>(), places: 0, moves: false }
      for (const value of here) about.all.add(value)
      about.places++
      about.moves ||= here.size > 1
      values.set(axis, about)
    }
  }
  // An axis along which variants differ is theirs; one that stands still everywhere tells no conditions apart.
  const tells = (axis: string): boolean => {
    const { all, places, moves } = values.get(axis)!
    return !moves && (all.size > 1 || places < seen.size)
  }
  return new Map([...seen].map(([condition, own]) => [
    condition, new Map([...own].filter(([axis]) => tells(axis)).map(([axis, [value]]) => [axis, JSON.parse(value) as unknown])),
  ]))
}

const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Every stretch of at least two levels of an axis in numbers, all else being equal. */
export const slicesOf = (runs: readonly Placed[]): Slice[] => {
  const places = placesOf(runs)
  const slices = new Map<string, { axis: string; others: string; levels: Level[] }>()
  for (const [condition, place] of places) {
    for (const [axis, value] of place) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue
      const others = [...place].filter(([name]) => name !== axis).map(([name, of]) => `${name}=${written(of)}`).sort().join(', ')
      const key = JSON.stringify([axis, others])
      const own = slices.get(key) ?? { axis, others, levels: [] }
      slices.set(key, own)
      if (own.levels.every((level) => level.value !== value)) own.levels.push({ condition, value })
    }
  }
  return [...slices.values()].filter(({ levels }) => levels.length > 1).map((slice) => ({ ...slice, levels: slice.levels.toSorted((a, b) => a.value - b.value) }))
}

/** Conditions that go together in a matrix. */
export interface Columns {
  /** The axis on which they differ, or what they are. */
  readonly title: string
  readonly conditions: readonly string[]
}

/**
 * Columns of matrices: conditions by the axes that they have a place on, each group in the order of its levels, with `calm` before it;
 * all in one group where nothing is said of axes.
 */
export const columnsOf = (runs: readonly Placed[], conditions: readonly string[], calm: string | undefined): Columns[] => {
  const places = placesOf(runs)
  const groups = new Map<string, string[]>()
  for (const condition of conditions) {
    const title = [...(places.get(condition)?.keys() ?? [])].sort().join(' x ')
    groups.set(title, [...(groups.get(title) ?? []), condition])
  }
  const numbers = (condition: string): number[] => [...(places.get(condition) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => Number(value))
  const inOrder = (a: string, b: string): number => {
    const [own, other] = [numbers(a), numbers(b)]
    const i = own.findIndex((value, at) => value !== other[at])
    return i < 0 || Number.isNaN(own[i] - other[i]) ? 0 : own[i] - other[i]
  }
  const alone = groups.size > 1 && groups.get('')?.length === 1 && groups.get('')![0] === calm
  return [...groups].filter(([title]) => !(alone && title === '')).map(([title, own]) => ({
    title: title || 'conditions',
    conditions: [...(calm !== undefined && !own.includes(calm) ? [calm] : []), ...(title === '' ? own : own.toSorted(inOrder))],
  }))
}
