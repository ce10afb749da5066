import type { Context } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { Content } from '../../network/network.js'
import type { WirePart } from '../../network/wire.js'
import type { Name } from '../../roster/participant.js'
import { isNotice } from '../messages.js'
import { takePart } from '../parts.js'
import { settleNotice } from '../settle-notice.js'
import type { ClientTerms, Terms } from '../terms.js'
import { Peer, type PeerTerms } from './peer.js'
import type { Come, Hops, PeerState } from './peer-state.js'
import { addsAt, chunked, gotAt, hopsOf, joined, sentAt } from './ring.js'

/** Everybody in the order of a ring, and where each is. */
export interface Ring {
  readonly names: readonly Name[]
  readonly placeOf: ReadonlyMap<Name, number>
}

export interface RingTerms extends PeerTerms {
  /** The ring of a round. */
  ring(round: number): Ring
  /** How a chunk of the model lies on the wire. */
  readonly chunk: WirePart
}

/**
 * A peer of a ring: once it has trained, the mean of all models, weighted by examples, is made by an all-reduce over a ring
 * that is drawn for the round. A message is one chunk on its way to the next peer, with the weights behind it; its head's
 * `steps` is the hop.
 *
 * A ring needs everybody. Where a hop does not come within patience the round comes to nothing: who waits in vain tells all
 * others, each keeps what it has trained, and they try again in the next. One that was through by then has the mean already.
 */
export class RingPeer extends Peer {
  readonly #ring: RingTerms

  constructor(terms: Terms, self: ClientTerms, ring: RingTerms) {
    super(terms, self, ring)
    this.#ring = ring
  }

  get #all(): number {
    return this.terms.clients.length
  }

  #placeIn(round: number): number {
    return this.#ring.ring(round).placeOf.get(this.self.name)!
  }

  /** The peer so many places further in the ring of a round. */
  #beside(round: number, by: 1 | -1): Name {
    const { names } = this.#ring.ring(round)
    return names[(this.#placeIn(round) + by + names.length) % names.length]
  }

  get #others(): readonly Name[] {
    return this.terms.clients.filter(({ name }) => name !== this.self.name).map(({ name }) => name)
  }

  protected partners(round: number): readonly Name[] {
    if (this.#all === 1) return []
    const of = Math.min(round, this.peers.count)
    return [...new Set([this.#beside(of, -1), this.#beside(of, 1)])]
  }

  protected expects(from: Name, round: number, step: number): boolean {
    return from === this.#beside(round, -1) && step < hopsOf(this.#all)
  }

  /** Every round has a place for everybody. */
  protected missed(_: Name, after: number, before: number): boolean {
    return before > after + 1
  }

  protected bodyOf({ part }: Envelope): WirePart | undefined {
    return part === this.part.name ? this.#ring.chunk : undefined
  }

  protected send(state: PeerState, context: Context): void {
    const sent = state.sent!
    const weight = sent.examples
    const chunks = chunked(takePart(sent.sent, this.part), weight, this.#all)
    state.hops = { done: 0, chunks, weights: chunks.map(() => weight) }
    if (state.off !== state.round && this.#all > 1) this.#pass(state, state.hops, context)
  }

  /** Sends the chunk of the next hop on. */
  #pass(state: PeerState, { done, chunks, weights }: Hops, context: Context): void {
    const { round } = state
    const chunk = sentAt(done, this.#placeIn(round), this.#all)
    const head = this.headOf(state, { examples: weights[chunk], steps: done })
    const bytes = this.terms.wire.encode(this.#ring.chunk, head, chunks[chunk], this.self.name)
    this.sendTo(this.#beside(round, 1), round, bytes, context)
  }

  protected look(state: PeerState, context: Context): void {
    const { round } = state
    if (state.off === round) return this.#abort(state, context)
    if (state.hops === undefined) return
    const all = this.#all
    const before = state.hops.done
    for (let next = this.#next(state); next !== undefined; next = this.#next(state)) {
      if (next.values === undefined) return this.#giveUp(state, context)
      this.#take(state.hops, next, round)
      if (state.hops.done < hopsOf(all)) this.#pass(state, state.hops, context)
    }
    if (state.hops.done === hopsOf(all)) return this.#complete(state, state.hops, context)
    // What went before a message of a later round has not come, and will not; nor will what the next peer does not get.
    if (this.isThrough(state, this.#beside(round, -1)) || state.deaf.has(this.#beside(round, 1))) return this.#giveUp(state, context)
    if (state.hops.done > before) this.wait(state, this.peers.patience, context)
  }

  #next(state: PeerState): Come | undefined {
    return this.comeFor(state).find(({ step }) => step === state.hops!.done)
  }

  /** A hop is taken in: added to what the peer has of the chunk, or put in its place. */
  #take(hops: Hops, { values, examples }: Come, round: number): void {
    const all = this.#all
    const { done, chunks, weights } = hops
    const at = gotAt(done, this.#placeIn(round), all)
    const adds = addsAt(done, all)
    const weight = adds ? weights[at] + examples : examples
    // One that has gone once around is divided by what it weighs: this is the mean.
    const divisor = done === all - 2 ? weight : 1
    chunks[at] = adds ? values!.map((value, i) => (value + chunks[at][i]) / divisor) : values!.slice()
    weights[at] = weight
    hops.done++
  }

  /** Others are in a later round, or have given this one up. */
  protected override isPassed(state: PeerState): boolean {
    return state.off === state.round || this.#others.some((who) => this.isThrough(state, who))
  }

  #complete(state: PeerState, { chunks }: Hops, context: Context): void {
    const { clients } = this.terms
    const { round } = state
    const rows = clients.reduce((sum, one) => sum + one.rows, 0)
    const updates = clients.map(({ name }) => ({ client: name, round, staleness: 0 }))
    const weights = Float64Array.from(clients, (one) => one.rows / rows)
    // Alone it has nothing to divide.
    const values = this.#all === 1 ? takePart(state.own!.sent, this.part) : joined(chunks, this.part.length)
    this.end(state, { outcome: 'closed', fate: 'used', updates, weights, values }, context)
  }

  protected runOut(state: PeerState, context: Context): void {
    this.#giveUp(state, context)
  }

  /** One that takes no part says so, if it can. */
  protected override isAbsent(state: PeerState, context: Context): void {
    this.#tellOff(state.round, context)
  }

  /** It waits in vain, and tells the others. */
  #giveUp(state: PeerState, context: Context): void {
    this.#tellOff(state.round, context)
    this.#abort(state, context)
  }

  #tellOff(round: number, context: Context): void {
    const bytes = this.terms.wire.encodeControl({ kind: 'close', round }, {})
    for (const to of this.#others) {
      const content: Content = { kind: 'close', round, part: '', bytes }
      context.send(to, content)
    }
  }

  /** It keeps what it has trained. */
  #abort(state: PeerState, context: Context): void {
    this.end(state, { outcome: 'aborted', fate: 'aborted', updates: [], weights: new Float64Array(), values: new Float32Array() }, context)
  }

  /** Another says that a round comes to nothing. */
  protected override told(state: PeerState, { id, bytes }: Envelope, context: Context): void {
    const says = this.terms.wire.decodeControl(bytes, 'close', isNotice)
    settleNotice(id, says, context)
    if (!says.ok || says.head.round > this.peers.count || state.phase === 'over') return
    const { round } = says.head
    if (round > state.round) state.reached = Math.max(state.reached, round + 1)
    if (round !== state.round) return
    state.off = round
    this.lookAgain(state, context)
  }
}
