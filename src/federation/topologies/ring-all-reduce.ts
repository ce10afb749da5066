import { z } from 'zod'

import { anyLife } from '../life.js'
import { whole } from '../parts.js'
import { courseOfPeers } from '../peers/course.js'
import { chunkPart, hopsOf } from '../peers/ring.js'
import { type Ring, RingPeer, type RingTerms } from '../peers/ring-peer.js'
import type { Terms } from '../terms.js'
import { demandTravels, fixedAmongPeers, NOBODY, patienceField, peerProblems } from './peers.js'
import { type Asked, topologyEntry, type TopologyProblem } from './topology.js'

const schema = z.strictObject({
  kind: z.literal('ring-all-reduce'),
  patience: patienceField.describe('How long a peer that has trained waits for each hop before the round comes to nothing. Default: 7 days'),
})

/** Everybody in the order of a round's ring: drawn, anew for each. */
const ringOf = ({ clients, order }: Terms): RingTerms['ring'] => {
  const known = new Map<number, Ring>()
  return (round) => {
    let ring = known.get(round)
    if (ring === undefined) {
      const drawn = order('ring', round, clients.length)
      const names = clients.map((_, place) => clients[drawn.at(place)].name)
      known.set(round, (ring = { names, placeOf: new Map(names.map((name, place) => [name, place])) }))
      for (const old of known.keys()) if (known.size > 4) known.delete(old)
    }
    return ring
  }
}

const codecProblems = ({ codec }: Asked): TopologyProblem[] =>
  codec === undefined ? [] : [{
    path: ['codec'], rule: 'codes models, and what goes around a ring are sums of chunks of them, which would lose something at every hop',
    advice: 'Leave it out, or take topology: gossip().',
  }]

/** No server: the mean of all models is made by an all-reduce over a ring of all clients. */
export const ringAllReduce = topologyEntry({
  kind: 'ring-all-reduce',
  sentence: 'no server: every client trains its own model, and chunks of all go around a ring twice until everybody has their mean',
  source: 'Patarasuk and Yuan, JPDC 2009; Gibiansky 2017',
  schema,
  peers: true,
  fixes: [...fixedAmongPeers, 'codec'],
  servers: () => [],
  cuts: (_, layout) => whole(layout, NOBODY),
  lives: ({ patience }, terms) => {
    demandTravels(terms)
    const { clients, count = 0, parts: [part] } = terms
    const own = { count, patience, ring: ringOf(terms), chunk: chunkPart(part.name, part.length, clients.length) }
    return new Map(clients.map((client) => [client.name, anyLife(new RingPeer(terms, client, own))]))
  },
  course: (_, terms) => {
    const names = terms.clients.map(({ name }) => name)
    return courseOfPeers(terms, { partners: (peer) => names.filter((name) => name !== peer), agree: true })
  },
  moves: (_, clients) => ({ down: 0, up: hopsOf(clients) / clients, among: true }),
  problems: (_, asked) => [...peerProblems({ ...asked, codec: undefined }), ...codecProblems(asked)],
})
