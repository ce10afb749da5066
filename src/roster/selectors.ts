import { z } from 'zod'

import { SpecificationError } from '../errors.js'
import { shareNearest } from '../shares.js'
import { nearest } from '../documents/nearest.js'
import { type Name, type Participant, type Role, roles } from './participant.js'

const roleSchema = z.enum(roles)
const among = roleSchema.optional().describe('Among whom to draw; clients when absent')

const oneSchema = z.strictObject({ select: z.literal('one'), role: among })
const allSchema = z.strictObject({ select: z.literal('all') })
const fractionSchema = z.strictObject({
  select: z.literal('fraction'),
  of: z.number().gt(0).max(1).describe('Share of them, rounded to the nearest number, at least one'),
  role: among,
})
const shareSchema = z.strictObject({
  select: z.literal('share'),
  share: z.number().gt(0).max(1).describe('Share of them, rounded to the nearest number'),
  of: z.literal('selected').prefault('selected').describe('Of the clients that a round selects, redrawn in each'),
})
const scenarioSchema = z.strictObject({ select: z.literal('scenario'), scenario: z.string().min(1) })
const regionSchema = z.strictObject({ select: z.literal('region'), region: z.string().min(1).describe('Of `network.regions`') })
const roleSelectorSchema = z.strictObject({ select: z.literal('role'), role: roleSchema })
const namedSchema = z.strictObject({ select: z.literal('named'), names: z.array(z.string().min(1)).min(1) })

const unionSchema = z.discriminatedUnion('select', [
  oneSchema,
  allSchema,
  fractionSchema,
  shareSchema,
  scenarioSchema,
  regionSchema,
  roleSelectorSchema,
  namedSchema,
])

/** Who a fault or a setting is about, as data. Random ones are drawn once, before the run. */
export type Selector = z.output<typeof unionSchema>

const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text)

/** `one` and `all` mean clients, a role word (`client`, `expert`, `aggregator`, `shard`, `regional`) everyone of that role, the rest is a name. */
const fromText = (text: string): Selector => {
  if (text === 'one' || text === 'all') return { select: text }
  return isRole(text) ? { select: 'role', role: text } : { select: 'named', names: [text] }
}

/** Parses a selector, a role word or a name. */
export const selectorSchema = z
  .union([z.string().min(1).transform(fromText), unionSchema])
  .describe('A name, `one`, `all`, a role word (client, expert, aggregator, shard, regional), or { select: one | all | fraction | share | scenario | ... }')

export type SelectorInput = z.input<typeof selectorSchema>

/** One client drawn at random (or one `expert`). */
export const one = (role?: Role): Selector => (role === undefined ? { select: 'one' } : { select: 'one', role })
/** Every client. */
export const all = (): Selector => ({ select: 'all' })
/** A share of the clients (or of the experts), drawn at random: the nearest number, at least one. */
export const fraction = (of: number, role?: Role): Selector =>
  role === undefined ? { select: 'fraction', of } : { select: 'fraction', of, role }
/** A share of the clients that each round selects, redrawn in each: the nearest number. For faults that strike in mid-round. */
export const share = (of: number, { of: whom = 'selected' }: { readonly of?: 'selected' } = {}): Selector => ({
  select: 'share', share: of, of: whom,
})
/** Every client of a scenario. */
export const scenario = (name: string): Selector => ({ select: 'scenario', scenario: name })
/** Everyone in a region of `network.regions`. */
export const region = (name: string): Selector => ({ select: 'region', region: name })
/** Everyone of a role. */
export const role = (which: Role): Selector => ({ select: 'role', role: which })
/** These actors and no others. */
export const named = (...names: string[]): Selector => ({ select: 'named', names })

const list = (names: readonly string[]): string =>
  names.length <= 24 ? names.join(', ') : `${names.slice(0, 24).join(', ')} and ${names.length - 24} more`

const nobody = (where: string, what: string, given: string | undefined, known: readonly string[]): never => {
  const meant = given === undefined ? undefined : nearest(given, known)
  const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`
  throw new SpecificationError(`${where}: ${what}.${hint} There are: ${list(known) || 'none'}.`)
}

/** Plain comparison of code units: the same order on every machine. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The actors that a selector means, in the order of names. Random selectors rank everyone by `lot`, a number in [0, 1)
 * of their own, so that another participant changes no one's lot, and a larger fraction contains the smaller one.
 * Throws `SpecificationError` when that is nobody; `where` is the path of the selector in the specification.
 */
export const resolve = (
  selector: Selector,
  participants: readonly Participant[],
  lot: (name: Name) => number,
  where: string,
): readonly Name[] => {
  const names = (of: (p: Participant) => boolean) => participants.filter(of).map((p) => p.name).sort(byText)
  const ofRole = (which: Role) => {
    const found = names((p) => p.role === which)
    return found.length > 0 ? found : nobody(where, `there is no ${which} to select`, undefined, names(() => true))
  }
  const draw = (from: readonly Name[], count: number) =>
    from
      .map((name) => ({ name, lot: lot(name) }))
      .sort((a, b) => a.lot - b.lot || byText(a.name, b.name))
      .slice(0, count)
      .map((drawn) => drawn.name)
      .sort(byText)
  switch (selector.select) {
    case 'one':
      return draw(ofRole(selector.role ?? 'client'), 1)
    case 'all':
    case 'share':
      return ofRole('client')
    case 'fraction': {
      const from = ofRole(selector.role ?? 'client')
      return draw(from, Math.max(1, shareNearest(selector.of, from.length)))
    }
    case 'role':
      return ofRole(selector.role)
    case 'scenario': {
      const found = names((p) => p.scenario === selector.scenario)
      if (found.length > 0) return found
      const known = participants.flatMap((p) => (p.scenario === undefined ? [] : [p.scenario]))
      const scenarios = [...new Set(known)].sort(byText)
      return nobody(where, `no client holds scenario '${selector.scenario}'`, selector.scenario, scenarios)
    }
    case 'region': {
      const found = names((p) => p.region === selector.region)
      if (found.length > 0) return found
      const regions = [...new Set(participants.flatMap((p) => (p.region === undefined ? [] : [p.region])))].sort(byText)
      return nobody(where, `nobody is in region '${selector.region}' (see network.regions)`, selector.region, regions)
    }
    case 'named': {
      const known = names(() => true)
      const absent = selector.names.find((name) => !known.includes(name))
      if (absent !== undefined) nobody(where, `nobody is named '${absent}'`, absent, known)
      return [...new Set(selector.names)].sort(byText)
    }
    default:
      return selector satisfies never
  }
}
