import { z } from 'zod'

import type { Name } from '../../roster/participant.js'
import { anyLife } from '../life.js'
import { whole } from '../parts.js'
import { courseOfPeers } from '../peers/course.js'
import { GossipPeer } from '../peers/gossip-peer.js'
import { type Graph, type GraphOptions, graphKinds, graphOf, regularDegree } from '../peers/graph.js'
import { weightRules } from '../peers/mixing-weights.js'
import type { Terms } from '../terms.js'
import { demandTravels, fixedAmongPeers, NOBODY, patienceField, peerProblems } from './peers.js'
import { topologyEntry, type TopologyProblem } from './topology.js'

const schema = z.strictObject({
  kind: z.literal('gossip'),
  graph: z.enum(graphKinds).prefault('ring').describe('Who exchanges with whom: the two beside it on a drawn ring; everybody; `degree` others at random; those at distances 1, 2, 4, 8 and on of a drawn ring'),
  degree: z.int().min(1).optional().describe('Neighbours of each, of a `regular` graph: all others where there are fewer, and one less where so many clients cannot each have an odd number. Default: 2'),
  redraw: z.boolean().prefault(false).describe('Draws the graph anew for every round'),
  weights: z.enum(weightRules).prefault('metropolis').describe('`metropolis`: 1 / (1 + the larger degree) for each neighbour, and the rest, with all that has not come, its own; `uniform`: the plain mean of what has come'),
  patience: patienceField,
})

type Gossip = z.output<typeof schema>

const graphOptions = ({ graph, degree = 2, redraw }: Gossip): GraphOptions => ({ graph, degree, redraw })

/** The most neighbours that one has among so many. */
const degreeOf = ({ graph, degree = 2 }: Gossip, clients: number): number => {
  const others = clients - 1
  if (graph === 'full') return others
  if (graph === 'regular') return regularDegree(degree, clients)
  return Math.min(others, graph === 'ring' ? 2 : 2 * Math.ceil(Math.log2(Math.max(2, clients))))
}

const degreeProblems = ({ graph, degree }: Gossip): TopologyProblem[] =>
  degree === undefined || graph === 'regular' ? [] : [{
    path: ['topology', 'degree'], rule: `is given, and the graph is '${graph}', which has one of its own`,
    advice: "Leave it out, or give graph: 'regular'.",
  }]

/** Who knows whom. */
const acquaintance = (options: Gossip, { clients, order }: Terms): { readonly graph: Graph; readonly placeOf: ReadonlyMap<Name, number> } => ({
  graph: graphOf(graphOptions(options), clients.length, order),
  placeOf: new Map(clients.map(({ name }, place) => [name, place])),
})

/** No server: clients are peers, who exchange models with their neighbours in a graph and mix them. */
export const gossip = topologyEntry({
  kind: 'gossip',
  sentence: 'no server: every client trains its own model, and takes the mean with those of its neighbours in a graph',
  source: 'Lian et al., NeurIPS 2017, algorithm 1; weights: Xiao and Boyd 2004',
  schema,
  peers: true,
  fixes: fixedAmongPeers,
  servers: () => [],
  cuts: (_, layout) => whole(layout, NOBODY),
  lives: (options, terms) => {
    demandTravels(terms)
    const { clients, count = 0 } = terms
    const own = { count, patience: options.patience, weights: options.weights, ...acquaintance(options, terms) }
    return new Map(clients.map((client) => [client.name, anyLife(new GossipPeer(terms, client, own))]))
  },
  course: (options, terms) => {
    const { graph, placeOf } = acquaintance(options, terms)
    const partners = (peer: Name, round: number): Name[] => graph.neighbours(placeOf.get(peer)!, round).map((place) => terms.clients[place].name)
    return courseOfPeers(terms, { partners, agree: false })
  },
  moves: (options, clients) => ({ down: 0, up: degreeOf(options, clients), among: true }),
  problems: (options, asked) => [...peerProblems(asked), ...degreeProblems(options)],
})
