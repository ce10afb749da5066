/** An actor's name: `aggregator`, `expert-2`, `shard-tower`, `client-NL`. Names outlive incarnations. */
export type Name = string

/**
 * What an actor is: decides selectors, default links and how the report groups it. The place in this list is the role's
 * number: append only. `shard`: owns some of what the aggregator would, where that is split. `regional`: an aggregator to the
 * clients of its region, and a client to the servers.
 */
export const roles = ['client', 'expert', 'aggregator', 'shard', 'regional'] as const

export type Role = (typeof roles)[number]

/** Who takes part in a federation, as far as selectors can see. */
export interface Participant {
  readonly name: Name
  readonly role: Role
  /** For a client: the scenario it holds, without the prefix of its name. */
  readonly scenario?: string
  /** Where it is, if the network says so. */
  readonly region?: string
}

export const AGGREGATOR: Name = 'aggregator'
export const clientName = (member: string): Name => `client-${member}`
export const expertName = (index: number): Name => `expert-${index + 1}`
export const regionalName = (region: string): Name => `regional-${region}`
export const shardName = (of: string): Name => `shard-${of}`

/** The role of an actor of the library's own naming. */
export const roleOfName = (name: Name): Role => roles.find((role) => name === role || name.startsWith(`${role}-`)) ?? 'client'

/** The regional aggregator of each client that has one: that of its region. */
export const regionalsOf = (participants: readonly Participant[]): ReadonlyMap<Name, Name> => {
  const byRegion = new Map(participants.flatMap(({ name, role, region }) => (role === 'regional' ? [[region, name] as const] : [])))
  return new Map(participants.flatMap(({ name, role, region }) => {
    const regional = byRegion.get(region)
    return role === 'client' && regional !== undefined ? [[name, regional] as const] : []
  }))
}
