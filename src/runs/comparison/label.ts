import { sha256 } from '../hash.js'
import type { Manifest } from '../manifest.js'

/** What a run is called in a table. */
export interface Labels {
  readonly condition: string
  readonly variant: string
}

/** Every leaf of a specification by its path; empty groups and lists are leaves. */
const leavesOf = (value: unknown, path: string, into: Map<string, string>): Map<string, string> => {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (inner.length === 0) into.set(path, JSON.stringify(value) ?? 'nothing')
  for (const [name, each] of inner) leavesOf(each, path === '' ? name : `${path}.${name}`, into)
  return into
}

const plain = (text: string): string => text.replaceAll('"', '')

/** The most characters of a name in a table. */
const most = 120

/** A name that fits into a table; of a longer one the beginning, and what tells it from others that begin alike. */
export const fitted = (name: string): string => (name.length <= most ? name : `${name.slice(0, most - 10)}… ${sha256(name).slice(0, 8)}`)

/** The leaf of a `kind` stands for itself; any other is told with its path. */
const shown = (path: string, value: string): string =>
  path.endsWith('.kind') ? plain(value) : `${path.split('.').slice(1).join('.') || path}=${plain(value)}`

type Leaves = ReadonlyMap<string, string>

/** The `kind` of the innermost group that a field lies in and that has one; of a `kind` itself, that of the next. */
const kindOf = (field: string, leaves: Leaves): string | undefined => {
  const path = field.replace(/\.kind$/, '')
  for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
    const kind = leaves.get(`${path.slice(0, end)}.kind`)
    if (kind !== undefined) return kind
  }
  return undefined
}

/** Does a field tell runs apart? The options of one kind need no telling where another has none of them. */
const setsApart = (path: string, all: readonly Leaves[]): boolean => {
  const values = new Map<string | undefined, Set<string | undefined>>()
  for (const leaves of all) {
    const kind = kindOf(path, leaves)
    values.set(kind, (values.get(kind) ?? new Set()).add(leaves.get(path)))
  }
  return [...values.values()].some(({ size }) => size > 1)
}

interface Weathered {
  readonly faults?: readonly { readonly kind?: string }[]
}

/** The faults of a specification by their kinds: `lose + slow`, `no faults`. */
const weatherOf = ({ faults = [] }: Weathered): string =>
  faults.length === 0 ? 'no faults' : [...new Set(faults.map(({ kind }) => kind))].join(' + ')

/** Names faults by their kinds where that is enough to tell them apart, else by every field that differs. */
const faultsIn = (manifests: readonly Manifest[]): readonly (string | undefined)[] => {
  const all = manifests.map(({ specification }) => specification as Weathered)
  const whole = new Set(all.map(({ faults }) => JSON.stringify(faults ?? [])))
  const names = all.map(weatherOf)
  return whole.size > 1 && new Set(names).size === whole.size ? names : manifests.map(() => undefined)
}

/** Runs that differ in this field of their specifications differ in condition; in any other, in variant. */
export const isOfCondition = (path: string): boolean => /^(world|labels|schedule|network|devices|faults|link)(\.|$)/.test(path)

/** The leaves of every specification, and the paths of those that set runs apart. */
const apartIn = (manifests: readonly Pick<Manifest, 'specification' | 'world'>[]): { readonly all: readonly Leaves[]; readonly apart: readonly string[] } => {
  const all = manifests.map(({ specification, world }) => {
    const { name: _name, ...fields } = specification
    return leavesOf({ ...fields, world: { ...(fields.world as object), name: world.name } }, '', new Map())
  })
  const paths = [...new Set(all.flatMap((leaves) => [...leaves.keys()]))]
  return { all, apart: paths.filter((path) => setsApart(path, all)) }
}

/** What sets each run apart from the others, field by field of its specification: `strategy.mu=0.1`, or a kind alone. */
export const apartOf = (manifests: readonly Pick<Manifest, 'specification' | 'world'>[]): readonly (readonly string[])[] => {
  const { all, apart } = apartIn(manifests)
  return all.map((leaves) => apart.filter((path) => leaves.has(path)).map((path) =>
    path.endsWith('.kind') ? plain(leaves.get(path)!) : `${path}=${plain(leaves.get(path)!)}`))
}

/**
 * Labels of runs that are not of a study: where specifications differ under `world`, `labels`, `schedule`, `network`,
 * `devices` or `faults`, the runs differ in condition; where they differ elsewhere, in variant. Runs that differ in
 * condition alone are compared by it: then it is their variant.
 */
const derived = (manifests: readonly Manifest[]): Labels[] => {
  const { all, apart } = apartIn(manifests)
  const weathers = faultsIn(manifests)
  return all.map((leaves, i) => {
    const name = (fits: (path: string) => boolean): string =>
      apart
        .filter((path) => fits(path) && leaves.has(path))
        .map((path) => shown(path, leaves.get(path)!))
        .join(', ')
    const { strategy } = manifests[i].specification as { strategy?: { kind?: unknown } }
    const weather = weathers[i]
    const others = name((path) => isOfCondition(path) && (weather === undefined || !path.startsWith('faults')))
    return {
      condition: fitted([others, weather].filter((part) => part !== undefined && part !== '').join(', ') || manifests[i].world.name),
      variant: fitted(name((path) => !isOfCondition(path)) || (typeof strategy?.kind === 'string' && strategy.kind) || manifests[i].name),
    }
  })
}

/** Where there is one variant and several conditions, the conditions are what is compared. */
const turned = (labels: readonly Labels[]): readonly Labels[] => {
  const many = (of: keyof Labels): boolean => new Set(labels.map((label) => label[of])).size > 1
  if (many('variant') || !many('condition')) return labels
  return labels.map(({ condition, variant }) => ({ condition: variant, variant: condition }))
}

/** The labels of every run: those that its study gave it, or what sets it apart from the others. */
export const labelsOf = (manifests: readonly Manifest[]): Labels[] => {
  const found = turned(derived(manifests))
  return manifests.map(({ study }, i) => study ?? found[i])
}
