import type { Core } from '../faults/core.js'
import { type Name, regionalsOf } from '../roster/participant.js'
import type { Micros } from '../time/micros.js'
import type { Setup } from './setup.js'

type Regional = Pick<Setup, 'participants' | 'resolved'>

const roundsIn = ({ resolved: { topology } }: Pick<Setup, 'resolved'>) =>
  topology?.kind === 'hierarchical' ? { every: topology.every, rounds: topology.rounds } : undefined

/** Rounds of a region for each of the aggregator's; 1 where there are no regions. */
export const everyOf = (setup: Pick<Setup, 'resolved'>): number => roundsIn(setup)?.every ?? 1

/** Regional aggregators with the clients of their regions; empty where there are none. */
const membersOf = ({ participants }: Regional): ReadonlyMap<Name, readonly Name[]> => {
  const members = new Map<Name, Name[]>()
  for (const [client, regional] of regionalsOf(participants)) members.set(regional, [...(members.get(regional) ?? []), client])
  return members
}

/**
 * What a round takes each that the aggregator may ask, if nothing disturbs it. A regional aggregator: what it takes the slowest
 * of its clients, and as long as rounds of its region wait for others at most.
 */
export const undisturbedOf = (setup: Regional, rounds: readonly { readonly client: Name; readonly total: Micros }[]): ReadonlyMap<Name, Micros> => {
  const takes = new Map(rounds.map(({ client, total }) => [client, total]))
  const { every = 1, rounds: own } = roundsIn(setup) ?? {}
  const waits = every * (own !== undefined && 'after' in own ? own.after ?? 0 : 0)
  for (const [regional, clients] of membersOf(setup)) takes.set(regional, waits + Math.max(...clients.map((client) => takes.get(client)!)))
  return takes
}

/**
 * Why one cannot answer now, as far as that is not its own affair: of a regional aggregator, that too few clients of its region
 * can for its rounds to fold anything, or that one of them is broken for good whom those wait for without end.
 */
export const regionUnable = (setup: Regional, unable: (name: Name) => string | undefined, core: Core | undefined) => {
  const members = membersOf(setup)
  const { rounds } = roundsIn(setup) ?? {}
  const needs = rounds !== undefined && 'quorum' in rounds ? rounds.quorum : 1
  const ends = rounds !== undefined && 'after' in rounds && rounds.after !== undefined
  return (name: Name): string | undefined => {
    const own = unable(name)
    const clients = members.get(name)
    if (own !== undefined || clients === undefined) return own
    if (clients.filter((client) => unable(client) === undefined && core?.members.has(client) !== false).length < needs) return 'its region is away'
    return !ends && clients.some((client) => core?.members.has(client) === false) ? 'its region waits for one outside the core' : undefined
  }
}
