import type { Name, Participant } from '../roster/participant.js'
import { SpecificationError } from '../errors.js'
import { streams, type Streams } from '../random/streams.js'
import { faultsSchema, type Fault, type FaultInput, type Link } from './fault.js'
import { identities, shortHash } from '../roster/identity.js'
import { resolve } from '../roster/selectors.js'

/** One fault with all that chance decides about it before the run. */
export interface PlannedFault {
  /** Its `id`, or its kind and a hash of its content. Unique in a plan. */
  readonly id: string
  /** What its random draws are named by. */
  readonly key: string
  readonly fault: Fault
  /** Whom it hits; for a fault on links, everyone that `from` and `to` name. */
  readonly targets: readonly Name[]
  /** Senders that its link allows; absent: anyone. */
  readonly from?: readonly Name[]
  /** Receivers that its link allows; absent: anyone. */
  readonly to?: readonly Name[]
}

/** All faults of one run, drawn from the seed before it begins: plain JSON. */
export interface Plan {
  readonly seed: string
  readonly faults: readonly PlannedFault[]
}

/** A run without faults. */
export const calm: Plan = { seed: '', faults: [] }

const parse = (faults: readonly FaultInput[]): readonly Fault[] => {
  const result = faultsSchema.safeParse(faults)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  throw new SpecificationError(`faults${where}: ${message}. See docs/faults.md for the fields of every fault.`)
}

const clientsOnly = (targets: readonly Name[], actors: readonly Participant[], kind: string, where: string): void => {
  const servers = new Map(actors.filter((actor) => actor.role !== 'client').map((actor) => [actor.name, actor.role]))
  for (const target of targets) {
    const role = servers.get(target)
    if (role === undefined) continue
    throw new SpecificationError(
      `${where}: '${target}' is an ${role}, and '${kind}' happens to clients only. ` +
        'Use delay, lose and duplicate for the links of servers.',
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

const planOne = (
  id: string,
  key: string,
  fault: Fault,
  where: string,
  actors: readonly Participant[],
  stream: Streams,
): PlannedFault => {
  if ('link' in fault) {
    const { from, to } = drawLink(fault.link, actors, stream, key, `${where}.link`)
    const targets = [...new Set([...(from ?? []), ...(to ?? [])])].sort()
    return { id, key, fault, targets, ...(from && { from }), ...(to && { to }) }
  }
  const targets = resolve(fault.who, actors, (name) => stream('faults', key, 'who', name)(), `${where}.who`)
  if (fault.kind !== 'crash' && fault.kind !== 'slow') clientsOnly(targets, actors, fault.kind, `${where}.who`)
  return { id, key, fault, targets }
}

/**
 * Resolves every selector. A fault's targets depend on the seed, its identity (see `identities`) and who takes part,
 * and on no other fault. Throws `SpecificationError` for a selector that finds nobody and for an id that is used twice.
 */
export const drawPlan = (faults: readonly FaultInput[], actors: readonly Participant[], seed: string): Plan => {
  const parsed = parse(faults)
  const keys = identities(parsed)
  const stream = streams(seed)
  const ids = new Set<string>()
  const planned = parsed.map((fault, i): PlannedFault => {
    const key = keys[i]
    const id = fault.id ?? `${fault.kind}-${shortHash(key)}`
    const where = `faults[${i}]`
    if (ids.has(id)) throw new SpecificationError(`${where}.id: '${id}' names another fault already. Give it its own.`)
    ids.add(id)
    return planOne(id, key, fault, where, actors, stream)
  })
  return { seed, faults: planned }
}
