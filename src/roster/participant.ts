/** An actor's name: `aggregator`, `expert-2`, `shard-tower`, `client-NL`. Names outlive incarnations. */
export type Name = string

/**
 * What an actor is: decides selectors, default links and how the report groups it. The place in this list is the role's
 * number: append only. `shard`: owns some of what the aggregator would, where that is split.
 */
export const roles = ['client', 'expert', 'aggregator', 'shard'] as const

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
export const shardName = (of: string): Name => `shard-${of}`

/** The role of an actor of the library's own naming. */
export const roleOfName = (name: Name): Role => roles.find((role) => name === role || name.startsWith(`${role}-`)) ?? 'client'
