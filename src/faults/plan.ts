import { z } from 'zod'

import type { JsonSchema } from '../documents/names.js'
import { nearest } from '../documents/nearest.js'
import type { Path } from '../documents/path.js'
import { fromZod } from '../documents/problem.js'
import type { Source } from '../documents/source.js'
import { SpecificationError } from '../errors.js'
import { streams, type Streams } from '../random/streams.js'
import { identities, shortHash } from '../roster/identity.js'
import type { Name, Participant } from '../roster/participant.js'
import { resolve, type Selector } from '../roster/selectors.js'
import { type Knowledge, nothingKnown } from './knowledge.js'
import type { Planned } from './fault.js'
import type { Link } from './link.js'
import { lineOf } from './shared-line.js'
import { entryOf, type Fault, faultEntries, faultSchema, faultsSchema, type FaultInput } from './registry.js'

/** All faults of one flight, drawn from the seed before it begins: plain JSON, which can be edited and flown. */
export interface Plan {
  readonly seed: string
  readonly faults: readonly Planned<Fault>[]
}

/** A flight without faults. */
export const calm: Plan = { seed: '', faults: [] }

const parse = (faults: readonly FaultInput[]): readonly Fault[] => {
  const result = faultsSchema.safeParse(faults)
  if (result.success) return result.data
  throw badFault('faults', result.error)
}

const badFault = (of: string, { issues: [{ path, message }] }: z.ZodError): SpecificationError => {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return new SpecificationError(`${of}${where}: ${message}. See docs/faults.md for the fields of every fault.`)
}

const clientsOnly = (targets: readonly Name[], actors: readonly Participant[], kind: string, where: string): void => {
  const servers = new Map(actors.filter((actor) => actor.role !== 'client').map((actor) => [actor.name, actor.role]))
  for (const target of targets) {
    const role = servers.get(target)
    if (role === undefined) continue
    throw new SpecificationError(
      `${where}: '${target}' is an ${role}, and '${kind}' happens to clients only. ` +
        'Use delay, lose, partition and the like for the links of servers.',
    )
  }
}

const drawLink = (link: Link, actors: readonly Participant[], stream: Streams, key: string, where: string) => {
  const side = (end: 'from' | 'to') => {
    const selector = link[end]
    if (selector === undefined) return undefined
    return resolve(selector, actors, (name) => stream('faults', key, end, name)(), `${where}.${end}`)
  }
  return { from: side('from'), to: side('to') }
}

/**
 * Who is in each group. Nobody is in two: a random selector draws among those who are in no earlier group, and of what
 * another means they are left out. Throws where that leaves nobody, or where somebody is named twice.
 */
const drawGroups = (
  groups: readonly (readonly Selector[])[],
  actors: readonly Participant[],
  stream: Streams,
  key: string,
  where: string,
): readonly (readonly Name[])[] => {
  const taken = new Set<Name>()
  return groups.map((selectors, i) => {
    const free = actors.filter(({ name }) => !taken.has(name))
    const found = selectors.flatMap((selector, j) => {
      const path = `${where}[${i}]${selectors.length > 1 ? `[${j}]` : ''}`
      if (selector.select === 'share') {
        throw new SpecificationError(`${path}: groups are drawn once, before the flight, and a share is redrawn in each round. Use fraction.`)
      }
      const drawn = selector.select === 'one' || selector.select === 'fraction'
      const named = resolve(selector, drawn ? free : actors, (name) => stream('faults', key, 'groups', name)(), path)
      const twice = selector.select === 'named' ? named.find((name) => taken.has(name)) : undefined
      if (twice !== undefined) throw new SpecificationError(`${path}: '${twice}' is in an earlier group. Name everyone once.`)
      return named.filter((name) => !taken.has(name))
    })
    if (found.length === 0) throw new SpecificationError(`${where}[${i}]: whoever it means is in an earlier group.`)
    const group = [...new Set(found)].sort()
    for (const name of group) taken.add(name)
    return group
  })
}

const planOne = (
  id: string,
  key: string,
  fault: Fault,
  where: string,
  actors: readonly Participant[],
  stream: Streams,
  knowledge: Knowledge,
): Planned<Fault> => {
  const { kind, targets: hits, drawing } = entryOf(fault)
  if (hits === 'messages') {
    const { from, to } = drawLink((fault as { link: Link }).link, actors, stream, key, `${where}.link`)
    const targets = [...new Set([...(from ?? []), ...(to ?? [])])].sort()
    return { id, key, fault, targets, ...(from && { from }), ...(to && { to }) }
  }
  if (hits === 'groups') {
    const groups = drawGroups((fault as { groups: Selector[][] }).groups, actors, stream, key, `${where}.groups`)
    return { id, key, fault, targets: groups.flat().sort(), groups }
  }
  // What many share is nobody's.
  const place = lineOf(fault)
  if (place !== undefined) {
    if (typeof place === 'object' && 'host' in place) {
      const servers = actors.filter(({ role }) => role !== 'client')
      resolve({ select: 'named', names: [place.host] }, servers, () => 0, `${where}.line.host`)
    }
    return { id, key, fault, targets: [] }
  }
  const { who } = fault as { who: Selector }
  if (who.select === 'share' && entryOf(fault).midRound !== true) {
    const able = faultEntries.flatMap(({ kind: other, midRound }) => (midRound === true ? [other] : [])).join(', ')
    throw new SpecificationError(
      `${where}.who: '${kind}' does not strike in mid-round, so it cannot be about a share of those selected (${able} can).`,
    )
  }
  const targets = resolve(who, actors, (name) => stream('faults', key, 'who', name)(), `${where}.who`)
  if (hits === 'clients') clientsOnly(targets, actors, kind, `${where}.who`)
  const lots = { actors, knowledge, stream: (what: string, name: Name) => stream('faults', key, what, name) }
  const drawn = drawing?.draw(fault, targets, lots)
  return drawn === undefined ? { id, key, fault, targets } : { id, key, fault, targets, drawn }
}

const placeSchema = z.strictObject({ at: z.int().min(0), event: z.int().min(0) })

const plannedSchema = z.strictObject({
  id: z.string().min(1),
  key: z.string(),
  fault: faultSchema,
  targets: z.array(z.string()),
  from: z.array(z.string()).optional(),
  to: z.array(z.string()).optional(),
  groups: z.array(z.array(z.string())).optional(),
  drawn: z.unknown().optional(),
  injected: placeSchema.optional(),
  healed: placeSchema.optional(),
})

const planSchema = z.strictObject({ seed: z.string(), faults: z.array(plannedSchema) })

/** What is wrong with a plan, with its place in the file that it came from, if any. */
const wrongPlan = (source: Source | undefined, path: Path, what: string): SpecificationError => {
  if (source === undefined) return new SpecificationError(what)
  const { where, excerpt } = source.place(path, 'value')
  return new SpecificationError([`${where}: ${what}`, ...(excerpt === undefined ? [] : [excerpt])].join('\n'))
}

/**
 * A plan that came from outside: drawn before, edited, read from a file. Throws a `SpecificationError` that says where it
 * is none, where it names somebody who does not take part, and which id is there twice.
 */
export const checkedPlan = (value: unknown, actors: readonly Participant[], source?: Source): Plan => {
  const result = planSchema.safeParse(value)
  if (!result.success) {
    if (source === undefined) throw badFault('plan', result.error)
    throw fromZod(result.error, value, z.toJSONSchema(planSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, source, { whole: 'the plan' })
  }
  const plan = result.data as Plan
  const names = actors.map(({ name }) => name)
  const known = new Set(names)
  const ids = new Set<string>()
  plan.faults.forEach(({ id, fault, targets, from = [], to = [], groups = [], drawn }, i) => {
    const where = `plan.faults[${i}]`
    if (ids.has(id)) throw wrongPlan(source, ['faults', i, 'id'], `${where}.id: '${id}' names another fault already. Give it its own.`)
    ids.add(id)
    for (const [field, given] of Object.entries({ targets, from, to, groups: groups.flat() })) {
      const place = given.findIndex((name) => !known.has(name))
      if (place < 0) continue
      const path = field === 'groups' ? ['faults', i, field] : ['faults', i, field, place]
      const meant = nearest(given[place], names)
      const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`
      throw wrongPlan(source, path, `${where}: nobody is called '${given[place]}'.${hint} There are ${names.slice(0, 24).join(', ')}.`)
    }
    const { kind, targets: hits, drawing } = entryOf(fault)
    if (lineOf(fault) !== undefined && targets.length > 0) {
      throw wrongPlan(source, ['faults', i, 'targets'], `${where}.targets: a line that many share is nobody's. Give targets: [], or \`who\` in place of \`line\`.`)
    }
    if (hits === 'clients') clientsOnly(targets, actors, kind, `${where}.targets`)
    const settled = drawn === undefined ? undefined : drawing?.schema.safeParse(drawn)
    if (settled?.success === false) throw badFault(`${where}.drawn`, settled.error)
  })
  return plan
}

/** A fault as a plan would have drawn it, had it been the last of its faults: for one that is injected. */
export const planAnother = (plan: Plan, fault: FaultInput, actors: readonly Participant[], knowledge = nothingKnown): Planned<Fault> => {
  const [parsed] = parse([fault])
  const key = identities([...plan.faults.map((planned) => planned.fault), parsed]).at(-1)!
  const ids = new Set(plan.faults.map(({ id }) => id))
  const own = parsed.id ?? `${parsed.kind}-${shortHash(key)}`
  if (ids.has(own)) throw new SpecificationError(`inject: '${own}' names another fault already. Give it its own id.`)
  return planOne(own, key, parsed, 'inject', actors, streams(plan.seed), knowledge)
}

/**
 * Resolves every selector. A fault's targets depend on the seed, its identity (see `identities`) and who takes part,
 * and on no other fault; what is worked out about them may depend on what they have. Throws `SpecificationError` for a selector that finds nobody and for an id that is used twice.
 * `keys`: what the draws of faults are named by, by their ids, where that is not to follow from what they say now.
 */
export const drawPlan = (
  faults: readonly FaultInput[], actors: readonly Participant[], seed: string, knowledge = nothingKnown,
  keys: Readonly<Record<string, string>> = {},
): Plan => {
  const parsed = parse(faults)
  const names = identities(parsed)
  const stream = streams(seed)
  const ids = new Set<string>()
  const planned = parsed.map((fault, i): Planned<Fault> => {
    const own = names[i]
    const id = fault.id ?? `${fault.kind}-${shortHash(own)}`
    const key = Object.hasOwn(keys, id) ? keys[id] : own
    const where = `faults[${i}]`
    if (ids.has(id)) throw new SpecificationError(`${where}.id: '${id}' names another fault already. Give it its own.`)
    ids.add(id)
    return planOne(id, key, fault, where, actors, stream, knowledge)
  })
  return { seed, faults: planned }
}
