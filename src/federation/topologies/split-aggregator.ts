import { z } from 'zod'

import { SpecificationError } from '../../errors.js'
import { type Layout, type Segment, segmentRoles } from '../../models/layout.js'
import { shardName } from '../../roster/participant.js'
import { byExpert, type Cut } from '../parts.js'
import { livesOfStar, serversOfStar } from './star.js'
import { topologyEntry } from './topology.js'

const rolesSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-", not starting with a sign'),
  z.array(z.enum(segmentRoles)).min(1),
).refine((shards) => Object.keys(shards).length > 0, 'name at least one shard')

const schema = z.strictObject({
  kind: z.literal('split'),
  shards: z
    .union([z.int().min(2), z.literal('roles'), rolesSchema])
    .prefault('roles')
    .describe('`roles`: one for each role of segments; a number: so many owners, the aggregator among them, of about the same size; or roles by the name of a shard, and the aggregator keeps the rest'),
})

type Shards = z.output<typeof schema>['shards']

/** A shard: what it is called, and the segments of the trunk that it owns. */
interface Shard {
  readonly name: string
  readonly segments: ReadonlySet<string>
}

/** What no expert network owns. */
const trunkOf = (layout: Layout): Segment[] => byExpert(layout)[0].pieces(() => true).map(({ segment }) => segment)

const namesOf = (segments: readonly Segment[]): ReadonlySet<string> => new Set(segments.map(({ name }) => name))

const wrong = (rule: string): SpecificationError => new SpecificationError(`topology.shards: ${rule}`)

/** One for each role, in the order of the layout. The aggregator is left with opening and closing rounds. */
const forEachRole = (trunk: readonly Segment[]): Shard[] =>
  [...new Set(trunk.map(({ role }) => role))].map((role) => ({ name: role, segments: namesOf(trunk.filter((one) => one.role === role)) }))

const byRoles = (shards: Readonly<Record<string, readonly Segment['role'][]>>, trunk: readonly Segment[]): Shard[] => {
  const taken = new Map<Segment['role'], string>()
  return Object.entries(shards).map(([name, roles]) => {
    for (const role of roles) {
      const other = taken.get(role)
      if (other !== undefined) throw wrong(`'${name}' and '${other}' both take ${role}. Give every role to one.`)
      taken.set(role, name)
    }
    const segments = trunk.filter(({ role }) => roles.includes(role))
    if (segments.length === 0) {
      const there = [...new Set(trunk.map(({ role }) => role))].join(', ')
      throw wrong(`'${name}' would own nothing: besides experts this model has ${there}.`)
    }
    return { name, segments: namesOf(segments) }
  })
}

/**
 * The largest segment that is left goes to whoever has least so far, the aggregator first: Graham's longest processing time
 * first, SIAM J. Appl. Math. 1969, at most 4/3 of the best for the largest. Segments stay whole.
 */
const evenly = (owners: number, trunk: readonly Segment[]): Shard[] => {
  if (owners > trunk.length) throw wrong(`${owners} owners for ${trunk.length} segments, and segments stay whole. Give at most ${trunk.length}.`)
  const all = Array.from({ length: owners }, () => ({ size: 0, segments: [] as Segment[] }))
  for (const segment of trunk.toSorted((a, b) => b.size - a.size)) {
    const least = all.reduce((one, other) => (other.size < one.size ? other : one))
    least.size += segment.size
    least.segments.push(segment)
  }
  return all.slice(1).map(({ segments }, i) => ({ name: `${i + 1}`, segments: namesOf(segments) }))
}

const shardsOf = (shards: Shards, layout: Layout): Shard[] => {
  const trunk = trunkOf(layout)
  if (shards === 'roles') return forEachRole(trunk)
  return typeof shards === 'number' ? evenly(shards, trunk) : byRoles(shards, trunk)
}

/** The trunk cut once more. What is left of it stays with the aggregator, even if that is nothing: its message is the answer that rounds count. */
const cutsOf = (shards: Shards, layout: Layout): Cut[] => {
  const [trunk, ...experts] = byExpert(layout)
  const cut = shardsOf(shards, layout)
  const taken = new Set(cut.flatMap(({ segments }) => [...segments]))
  return [
    { ...trunk, pieces: (include) => trunk.pieces((segment) => include(segment) && !taken.has(segment.name)) },
    ...cut.map(({ name, segments }): Cut => ({
      name: shardName(name), owner: shardName(name), expert: undefined,
      pieces: (include) => trunk.pieces((segment) => include(segment) && segments.has(segment.name)),
    })),
    ...experts,
  ]
}

/** What the aggregator would own is cut among several servers, which fold each its own: a parameter server of shards. */
export const splitAggregator = topologyEntry({
  kind: 'split',
  sentence: 'the aggregator is split by part: shards own what no expert network does, fold it, and are asked and told as those are',
  source: 'Li et al., OSDI 2014 (a parameter server of shards); its parts and rounds: design of this library',
  schema,
  servers: ({ shards }, { layout }) => {
    const [aggregator, ...experts] = serversOfStar(layout.experts)
    return [aggregator, ...shardsOf(shards, layout).map(({ name }) => ({ name: shardName(name), role: 'shard' as const })), ...experts]
  },
  cuts: ({ shards }, layout) => cutsOf(shards, layout),
  lives: (_, terms) => livesOfStar(terms),
})
