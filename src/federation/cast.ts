import { AGGREGATOR, clientName, expertName, type Participant } from '../roster/participant.js'
import type { Layout } from '../models/layout.js'
import type { Arrangement } from './strategies/strategy.js'

/** Everybody: the aggregator, one expert network per expert, the clients in the order of their names. */
export const castOf = (arrangement: Arrangement, layout: Layout): Participant[] => [
  { name: AGGREGATOR, role: 'aggregator' },
  ...Array.from({ length: layout.experts }, (_, e): Participant => ({ name: expertName(e), role: 'expert' })),
  ...arrangement.members
    .map(({ name, serves }): Participant => ({
      name: clientName(name), role: 'client', scenario: serves.length === 1 ? serves[0].scenario : name,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
]
