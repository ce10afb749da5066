import { clientName, type Name } from '../../roster/participant.js'
import type { SelectorInput } from '../../roster/selectors.js'
import type { Specification } from '../../simulation/specification.js'
import { renamed } from './resize.js'

/** Who is not there any more. */
interface Gone {
  readonly names: ReadonlySet<Name>
  readonly scenarios: ReadonlySet<string>
  readonly regions: ReadonlySet<string>
}

/** A selector of those who are left; undefined: nobody of them is. */
const left = (who: SelectorInput, { names, scenarios, regions }: Gone): SelectorInput | undefined => {
  if (typeof who === 'string') return names.has(who) ? undefined : who
  switch (who.select) {
    case 'named': {
      const stay = who.names.filter((name) => !names.has(name))
      return stay.length === who.names.length ? who : stay.length === 0 ? undefined : { ...who, names: stay }
    }
    case 'scenario':
      return scenarios.has(who.scenario) ? undefined : who
    case 'region':
      return regions.has(who.region) ? undefined : who
    default:
      return who
  }
}

/** Entries without those who are gone; an entry of which nobody is left goes. Of one that is about everybody nothing is said. */
const leftOf = <T extends { readonly who?: SelectorInput | undefined }>(entries: readonly T[] | undefined, gone: Gone): readonly T[] | undefined => {
  const stay = entries?.flatMap((entry) => {
    if (entry.who === undefined) return [entry]
    const who = left(entry.who, gone)
    return who === undefined ? [] : [who === entry.who ? entry : { ...entry, who }]
  })
  return stay?.length === entries?.length && stay?.every((entry, i) => entry === entries![i]) ? entries : stay
}

/** Fields of a group set otherwise; the group itself where none is another. */
const changed = <T extends object>(group: T, fields: Partial<T>): T => {
  const other = Object.entries(fields).filter(([name, value]) => value !== (group as Record<string, unknown>)[name])
  if (other.length === 0) return group
  return Object.fromEntries(Object.entries({ ...group, ...Object.fromEntries(other) }).filter(([, value]) => value !== undefined)) as T
}

type Regions = NonNullable<NonNullable<Specification['network']>['regions']>

const regionsLeft = (regions: Regions | undefined, gone: Gone): Regions | undefined => {
  if (regions === undefined) return undefined
  const entries = Object.entries(regions).flatMap(([name, who]): [string, Regions[string]][] => {
    const all = Array.isArray(who) ? (who as readonly SelectorInput[]) : [who as SelectorInput]
    const stay = all.flatMap((one) => left(one, gone) ?? [])
    return stay.length === 0 ? [] : [[name, stay.length === 1 && !Array.isArray(who) ? stay[0] : stay]]
  })
  return JSON.stringify(entries) === JSON.stringify(Object.entries(regions)) ? regions : Object.fromEntries(entries)
}

type Regional = NonNullable<NonNullable<Specification['network']>['regional']>

const regionalLeft = (regional: Regional | undefined, { regions }: Gone): Regional | undefined => {
  if (regional === undefined || !Object.keys(regional).some((name) => regions.has(name))) return regional
  const stay = Object.entries(regional).filter(([name]) => !regions.has(name))
  return stay.length === 0 ? undefined : Object.fromEntries(stay)
}

const scenariosGone = (was: readonly Name[], there: readonly Name[], scenarios: readonly string[]): string[] =>
  scenarios.filter((scenario) => {
    const own = clientName(scenario)
    const holds = (name: Name): boolean => name === own || (name.startsWith(own) && /^[^A-Za-z0-9]/.test(name.slice(own.length)))
    return was.some(holds) && !there.some(holds)
  })

/** All strings in data. */
const wordsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsIn) : []
}

/**
 * A specification for some of its clients and expert networks: what its schedule, network, devices, costs, local training and calm
 * phase say by name of those who are not there goes, and so do regions of which nobody is left. The same specification where
 * nothing is said of them. `was`, `there`: everybody, and who is left.
 */
export const forThose = (of: Specification, was: readonly Name[], there: readonly Name[]): Specification => {
  const { schedule, network, devices, costs, local, calm } = of
  const stays = new Set(there)
  const named = { names: new Set(was.filter((name) => !stays.has(name))), scenarios: new Set(scenariosGone(was, there, wordsIn([schedule, network, devices, costs?.overrides, local?.clients, calm]))) }
  const regions = regionsLeft(network?.regions, { ...named, regions: new Set() })
  const gone: Gone = { ...named, regions: new Set(Object.keys(network?.regions ?? {}).filter((name) => regions?.[name] === undefined)) }
  const entries = schedule === undefined ? undefined : Array.isArray(schedule) ? schedule : [schedule]
  const kept = leftOf(entries, gone)
  const core = calm?.core === undefined ? undefined : left(calm.core, gone)
  return changed(of, {
    schedule: (kept === entries ? schedule : kept) as Specification['schedule'],
    ...(network !== undefined && {
      network: changed(network, {
        regions: regions !== undefined && Object.keys(regions).length === 0 ? undefined : regions,
        regional: regionalLeft(network.regional, gone),
        overrides: leftOf(network.overrides, gone) as typeof network.overrides,
      }),
    }),
    ...(devices !== undefined && { devices: changed(devices, { overrides: leftOf(devices.overrides, gone) as typeof devices.overrides }) }),
    ...(costs !== undefined && { costs: changed(costs, { overrides: leftOf(costs.overrides, gone) as typeof costs.overrides }) }),
    ...(local !== undefined && { local: changed(local, { clients: leftOf(local.clients, gone) as typeof local.clients }) }),
    // Without anybody who is healed alone, everybody is.
    ...(calm !== undefined && { calm: core === undefined ? changed(calm, { core: undefined, rest: undefined }) : changed(calm, { core }) }),
  })
}

/**
 * The same with others in their place: what is said by name of somebody who is not there is said of an heir. `heirs`: by the
 * names of those who are gone.
 */
export const ofHeirs = (of: Specification, heirs: ReadonlyMap<Name, Name>): Specification => {
  const before = clientName('')
  const scenarioOf = (name: Name): string => name.slice(before.length)
  const by = new Map([...heirs].flatMap(([gone, heir]): [string, string][] =>
    gone.startsWith(before) && heir.startsWith(before) ? [[gone, heir], [scenarioOf(gone), scenarioOf(heir)]] : [[gone, heir]]))
  const { schedule, network, devices, costs, local, calm } = of
  const fields = {
    ...(schedule !== undefined && { schedule }), ...(network !== undefined && { network }), ...(devices !== undefined && { devices }),
    ...(local !== undefined && { local }), ...(calm !== undefined && { calm }),
  }
  const priced = costs?.overrides && { costs: { ...costs, overrides: renamed(costs.overrides, by) as typeof costs.overrides } }
  return { ...of, ...(renamed(fields, by) as typeof fields), ...priced }
}

/** Who is in a federation does not depend on what is said of its clients by name: a specification that says nothing of them. */
export const ofNobody = (of: Specification): Specification => {
  const { network, devices, costs, local, calm } = of
  return changed(of, {
    schedule: undefined,
    ...(costs !== undefined && { costs: changed(costs, { overrides: undefined }) }),
    ...(network !== undefined && { network: changed(network, { regions: undefined, regional: undefined, overrides: undefined }) }),
    ...(devices !== undefined && { devices: changed(devices, { overrides: undefined }) }),
    ...(local !== undefined && { local: changed(local, { clients: undefined }) }),
    ...(calm !== undefined && { calm: changed(calm, { core: undefined, rest: undefined }) }),
  })
}
