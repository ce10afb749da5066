import { z } from 'zod'

import { AGGREGATOR, expertName, type Name, type Participant } from '../../roster/participant.js'
import { aggregatorLife } from '../aggregator.js'
import { ScenarioClient } from '../client.js'
import { expertLife } from '../expert-network.js'
import { type AnyLife, anyLife } from '../life.js'
import { byExpert } from '../parts.js'
import type { Terms } from '../terms.js'
import { topologyEntry } from './topology.js'

/** An aggregator, the owners of the other parts, and clients that have all of them to themselves. */
export const livesOfStar = (terms: Terms): Map<Name, AnyLife> => {
  const [, ...others] = terms.parts
  const lives = new Map<Name, AnyLife>([[terms.aggregator, anyLife(aggregatorLife(terms))]])
  for (const part of others) lives.set(part.owner, anyLife(expertLife(terms, part)))
  for (const client of terms.clients) lives.set(client.name, anyLife(new ScenarioClient(terms, client)))
  return lives
}

/** The aggregator, and one expert network for each expert. */
export const serversOfStar = (experts: number): Participant[] => [
  { name: AGGREGATOR, role: 'aggregator' },
  ...Array.from({ length: experts }, (_, e): Participant => ({ name: expertName(e), role: 'expert' })),
]

/** Every client talks to the aggregator, and to one expert network for each expert of its model. */
export const asStar = topologyEntry({
  kind: 'star',
  sentence: 'clients talk to one aggregator, and to one network for each expert of the model',
  source: 'McMahan et al., AISTATS 2017; expert networks: design of this library',
  schema: z.strictObject({ kind: z.literal('star') }),
  servers: (_, { layout: { experts } }) => serversOfStar(experts),
  cuts: (_, layout) => byExpert(layout),
  lives: (_, terms) => livesOfStar(terms),
})
