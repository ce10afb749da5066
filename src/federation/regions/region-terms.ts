import type { Name, Participant } from '../../roster/participant.js'
import type { RoundRules } from '../rounds/round.js'
import { sampleWeights, weightedSum } from '../strategies/fold.js'
import type { Strategy } from '../strategies/strategy.js'
import type { ClientTerms, Terms } from '../terms.js'

/** A regional aggregator, and whom it has. */
export interface Region {
  readonly name: Name
  readonly clients: ReadonlySet<Name>
}

/** Regional aggregators, in the order of their names. */
export const regionsOf = (participants: readonly Participant[]): Region[] =>
  participants.filter(({ role }) => role === 'regional').map(({ name, region }) => ({
    name, clients: new Set(participants.flatMap((one) => (one.role === 'client' && one.region === region ? [one.name] : []))),
  }))

/** What all that are above regions go by; and of each, what its aggregator is to those, and what it and its clients go by. */
export interface Tiers {
  readonly top: Terms
  readonly regions: readonly { readonly self: ClientTerms; readonly region: Terms }[]
}

/**
 * A region takes the mean of what its clients send, weighted by examples; what the strategy makes of a mean is the servers':
 * the mean of such means by the examples behind them is that of all clients.
 */
const meanOnly = (strategy: Strategy): Strategy => ({
  ...strategy,
  convex: true,
  weights: sampleWeights,
  fold: (state, updates) => ({ ...state, values: weightedSum(updates, sampleWeights(updates)) }),
})

/** A regional aggregator as a client: it has all rows of its region, and trains none of them itself. */
const asClient = (name: Name, clients: readonly ClientTerms[]): ClientTerms => ({
  name,
  rows: clients.reduce((sum, { rows }) => sum + rows, 0),
  epochs: 1, batch: 1, rate: undefined, rateSchedule: undefined, keepsOptimizer: false,
  programs: [], data: '', trial: clients[0].trial, stepCosts: [],
})

const membersOf = (clients: readonly ClientTerms[]): Terms['members'] => clients.map(({ name, rows: examples }) => ({ name, examples }))

/** `terms`: of a federation without regions, of which the clients are all; `rounds`: of every region. */
export const regionTerms = (terms: Terms, regions: readonly Region[], rounds: RoundRules): Tiers => {
  const { carried, wire, rounds: { selection } } = terms
  const strategy = meanOnly(terms.strategy)
  const all = regions.map(({ name, clients: names }) => {
    const clients = terms.clients.filter((client) => names.has(client.name))
    const parts = carried.map((part) => ({ ...part, owner: name }))
    const region: Terms = {
      ...terms,
      strategy, rounds, clients, parts,
      aggregator: name,
      travelling: parts,
      members: membersOf(clients),
      experts: [],
      room: wire.room(parts[0]),
      goal: undefined,
      // It writes down what it holds, and is busy meanwhile: see `Writing`.
      checkpointTime: () => 0,
      // One order for all regions would ask the first of each together.
      order: (decided, round, of) => terms.order(`${decided} of ${name}`, round, of),
      draw: (decided, round, who) => terms.draw(`${decided} of ${name}`, round, who),
    }
    return { self: asClient(name, clients), region }
  })
  const clients = all.map(({ self }) => self).sort((a, b) => (a.name < b.name ? -1 : 1))
  // Whom to choose is said of clients: the aggregator asks regions in the drawn order.
  return { top: { ...terms, clients, members: membersOf(clients), rule: selection }, regions: all }
}
