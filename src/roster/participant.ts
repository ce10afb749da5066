/** An actor's name: `aggregator`, `expert-2`, `client-NL`. Names outlive incarnations. */
export type Name = string

/** What an actor is: decides selectors, default links and how the report groups it. */
export type Role = 'client' | 'expert' | 'aggregator'

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
