import type { Name, Participant } from '../roster/participant.js'
import { streams } from '../random/streams.js'
import { resolveOverrides } from '../roster/overrides.js'
import type { Resolved } from '../simulation/specification.js'

/** How a client trains: passes over its rows per round, rows per step. */
export interface Habits {
  readonly epochs: number
  readonly batch: number
}

/** Epochs and batch size of each client: the specification's, or its own. */
export const habitsOf = (resolved: Resolved, cast: readonly Participant[]): ((client: Name) => Habits) => {
  const { epochs, batch, clients } = resolved.local
  const own = resolveOverrides(clients, cast, streams(resolved.seeds.faults), 'local.clients')
  return (client) => ({ epochs, batch, ...own.get(client) })
}
