import type { Context } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { WirePart } from '../../network/wire.js'
import type { Name } from '../../roster/participant.js'
import { isWhole, takePart } from '../parts.js'
import { weightedSum } from '../strategies/fold.js'
import type { ClientTerms, Terms } from '../terms.js'
import type { Graph } from './graph.js'
import { mixingWeights, type WeightRule } from './mixing-weights.js'
import { Peer, type PeerTerms } from './peer.js'
import type { PeerState } from './peer-state.js'

export interface GossipTerms extends PeerTerms {
  readonly graph: Graph
  readonly weights: WeightRule
  /** The place of each client in the order of names. */
  readonly placeOf: ReadonlyMap<Name, number>
}

/**
 * Decentralized parallel SGD over a graph, with local steps: a peer trains, sends its model to its neighbours of the round,
 * and takes the mean of its own and theirs by the mixing weights.
 *
 *   x_i <- sum_j W_ij (x_j after local training)
 *
 * Lian et al., "Can Decentralized Algorithms Outperform Centralized Algorithms?", NeurIPS 2017, algorithm 1 (with one local
 * step); Koloskova et al., "A Unified Theory of Decentralized SGD with Changing Topology and Local Updates", ICML 2020.
 */
export class GossipPeer extends Peer {
  readonly #gossip: GossipTerms
  readonly #place: number

  constructor(terms: Terms, self: ClientTerms, gossip: GossipTerms) {
    super(terms, self, gossip)
    this.#gossip = gossip
    this.#place = gossip.placeOf.get(self.name)!
  }

  protected partners(round: number): readonly Name[] {
    const { clients } = this.terms
    return this.#gossip.graph.neighbours(this.#place, Math.min(round, this.peers.count)).map((place) => clients[place].name)
  }

  protected expects(from: Name, round: number): boolean {
    const place = this.#gossip.placeOf.get(from)
    return place !== undefined && this.#gossip.graph.neighbours(this.#place, round).includes(place)
  }

  protected missed(from: Name, after: number, before: number): boolean {
    for (let round = after + 1; round < before; round++) if (this.expects(from, round)) return true
    return false
  }

  protected bodyOf({ part }: Envelope): WirePart | undefined {
    return part === this.part.name ? this.part : undefined
  }

  protected send(state: PeerState, context: Context): void {
    const bytes = this.#encoded(state)
    const { round } = state
    const partners = this.partners(round)
    const order = this.terms.order(`peers of ${this.self.name}`, round, partners.length)
    partners.forEach((_, i) => this.sendTo(partners[order.at(i)], round, bytes, context))
  }

  protected override sendAgain(state: PeerState, to: Name, context: Context): void {
    if (this.partners(state.round).includes(to)) this.sendTo(to, state.round, this.#encoded(state), context, 1)
  }

  /** One message for all. */
  #encoded(state: PeerState): Uint8Array {
    const { wire } = this.terms
    const sent = state.sent!
    const flat = isWhole(this.part, sent.sent.length)
    const values = flat ? sent.sent : takePart(sent.sent, this.part)
    return wire.encode(this.part, this.headOf(state, sent), values, this.self.name, sent.roomy && flat)
  }

  /** Is there anybody left who could still send something for this round? */
  protected look(state: PeerState, context: Context): void {
    const come = new Set(this.comeFor(state).map(({ from }) => from))
    const waits = this.partners(state.round).some((who) => !come.has(who) && !this.isThrough(state, who))
    if (waits) return
    this.runOut(state, context)
  }

  protected runOut(state: PeerState, context: Context): void {
    const { round, own } = state
    const { name } = this.self
    const { placeOf, graph, weights: rule } = this.#gossip
    const models = [
      { client: name, values: takePart(own!.sent, this.part) },
      ...this.comeFor(state).flatMap(({ from, values }) => (values === undefined ? [] : [{ client: from, values }])),
    ].sort((a, b) => (a.client < b.client ? -1 : 1))
    const weights = mixingWeights(rule, graph, this.#place, round, models.map(({ client }) => placeOf.get(client)!))
    const updates = models.map(({ client }) => ({ client, round, staleness: 0 }))
    this.end(state, { outcome: 'closed', fate: 'used', updates, weights, values: weightedSum(models, weights) }, context)
  }
}
