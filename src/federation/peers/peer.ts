import type { Behaviour, Context } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { UpdateHead } from '../../network/frame.js'
import type { Content } from '../../network/network.js'
import type { WirePart } from '../../network/wire.js'
import type { Contribution, PartValues } from '../../record/event.js'
import { admitting, fateOf } from '../../record/happenings.js'
import type { Fate } from '../../record/message.js'
import type { Name } from '../../roster/participant.js'
import { clockEnd, type Micros } from '../../time/micros.js'
import { allFinite } from '../finite.js'
import type { ActorLife } from '../life.js'
import { type Departure, LocalTraining, type Progress } from '../local-training.js'
import { isNotice, isWhereabouts, type Unheard, type Whereabouts } from '../messages.js'
import { isWhole, type PartTemplate, putPart, takePart } from '../parts.js'
import { poisoned } from '../poisoned.js'
import { settleNotice } from '../settle-notice.js'
import type { Vectors } from '../strategies/strategy.js'
import type { ClientTerms, Terms } from '../terms.js'
import { type Come, newPeer, type PeerKept, type PeerMessage, type PeerState } from './peer-state.js'

/** What all peers of a federation go by. */
export interface PeerTerms {
  /** Rounds that are flown. */
  readonly count: number
  /** How long a peer waits for the others once it has trained. */
  readonly patience: Micros
}

/** How an exchange has ended for a peer. */
export interface Exchanged {
  readonly outcome: 'closed' | 'aborted'
  /** What becomes of all that has come for the round. */
  readonly fate: Fate
  /** Of a closed one: whose models counted, by which weights, and what they came to: [length of the part]. */
  readonly updates: readonly Contribution[]
  readonly weights: Float64Array
  readonly values: Float32Array
}

const none: Vectors = Object.freeze({})
const nobody: ReadonlyMap<Name, Float32Array> = new Map()

/**
 * A client in a federation without servers: trains on its own rows from the model that it has, and exchanges what it has
 * made with others, round by round. What a round is to the others it knows by what they send.
 *
 * One whose round others have ended without it goes on in theirs; one that has come back asks first. Nobody waits for
 * anybody longer than its patience, so that every peer comes to the last round, alone if it has to.
 */
export abstract class Peer implements ActorLife<PeerState, PeerKept, PeerMessage> {
  protected readonly part: PartTemplate
  readonly #training: LocalTraining

  constructor(
    protected readonly terms: Terms,
    protected readonly self: ClientTerms,
    protected readonly peers: PeerTerms,
  ) {
    this.part = terms.parts[0]
    this.#training = new LocalTraining(terms, self)
  }

  /** Whom it asks where they are, to begin with `round`. */
  protected abstract partners(round: number): readonly Name[]
  /** It takes no part in the round. */
  protected isAbsent(_state: PeerState, _context: Context): void {}
  /** Can that be a message to it? */
  protected abstract expects(from: Name, round: number, step: number): boolean
  /** Has `from` gone through a round after `after` and before `before` that has a place for it too? */
  protected abstract missed(from: Name, after: number, before: number): boolean
  /** It has trained, and sends what it has made. */
  protected abstract send(state: PeerState, context: Context): void
  /** It exchanges, and something has come, or is known not to come any more. */
  protected abstract look(state: PeerState, context: Context): void
  /** It has waited long enough. */
  protected abstract runOut(state: PeerState, context: Context): void
  /** How a message about its model lies on the wire. */
  protected abstract bodyOf(envelope: Envelope): WirePart | undefined

  begin(): PeerState {
    const { initial, beginnings, strategy: { serves } } = this.terms
    const own = beginnings.clients.get(this.self.name)
    const kept = own !== undefined && beginnings.continues && serves !== 'received' ? { [serves.kept]: own } : {}
    return newPeer({ personal: own ?? initial, kept, ended: 0, reached: 0, seen: new Map(), come: [] })
  }

  /** Vectors are replaced and never written to. */
  checkpoint({ personal, kept, ended, reached, seen, come }: PeerState): PeerKept {
    return { personal, kept, ended, reached, seen: new Map(seen), come: [...come] }
  }

  restore(kept: PeerKept): PeerState {
    return newPeer(kept)
  }

  wake(whole: boolean): PeerMessage {
    return { kind: 'wake', whole }
  }

  recovers({ phase }: PeerState): boolean {
    return phase === 'asking'
  }

  unheard(about: Unheard): PeerMessage {
    return about
  }

  undone({ come }: PeerState, kept: PeerKept | undefined): number[] {
    const known = new Set(kept?.come.map(({ envelope }) => envelope))
    return come.filter(({ envelope, values }) => values !== undefined && !known.has(envelope)).map(({ envelope }) => envelope)
  }

  readonly behaviour: Behaviour<PeerState, PeerMessage> = (state, { message }, context) => {
    if (this.terms.goal?.reached === true && state.phase !== 'over') this.#finish(state, 'surplus', context)
    switch (message.kind) {
      case 'begin':
        if (state.phase === 'idle') this.#enter(state, 1, context)
        break
      case 'wake':
        this.#wakes(state, context)
        break
      case 'recovered':
        if (state.phase === 'asking') this.#goOn(state, context)
        break
      case 'patience':
        if (message.round === state.round) this.#hasWaited(state, context)
        break
      case 'computed': {
        const { job, result } = message
        if ('odd' in result && result.odd !== undefined) context.record({ kind: 'gradients', round: job.round, odd: result.odd })
        if (state.progress !== undefined) this.#proceed(state, this.#training.advance(state.progress, job, result), context)
        break
      }
      case 'interrupted':
        this.#stayOut(state, context.now + this.peers.patience, context)
        break
      case 'unheard':
        this.#isDeaf(state, message, context)
        break
      case 'arrival':
        this.#arrived(state, message.envelope, context)
        break
      default:
        return message satisfies never
    }
    return state
  }

  #arrived(state: PeerState, envelope: Envelope, context: Context): void {
    switch (envelope.kind) {
      case 'update':
        return this.#accept(state, envelope, context)
      case 'recover':
        return this.#tellWhere(state, envelope, context)
      case 'status':
        return this.#hear(state, envelope, context)
      case 'close':
        return this.told(state, envelope, context)
      default:
        return context.record(fateOf(envelope.id, 'rejected', 'kind'))
    }
  }

  /** Another says that a round is over for all. Not a word of every exchange. */
  protected told(_: PeerState, { id }: Envelope, context: Context): void {
    context.record(fateOf(id, 'rejected', 'kind'))
  }

  // What others send.

  #accept(state: PeerState, envelope: Envelope, context: Context): void {
    const { id, from } = envelope
    const body = this.bodyOf(envelope)
    const decoded = body && this.terms.wire.decode(body, 'update', envelope.bytes, from)
    if (decoded?.ok !== true) return context.record(fateOf(id, 'rejected', decoded?.why))
    const { head: { round, examples, steps: step }, body: values } = decoded
    if (round < 1 || round > this.peers.count || !this.expects(from, round, step)) return context.record(fateOf(id, 'rejected', 'head'))
    if (state.phase === 'over' || round <= state.ended) {
      context.record(fateOf(id, this.terms.goal?.reached === true ? 'surplus' : 'late'))
      return this.#isBehind(state, from, round, context)
    }
    if (state.come.some((one) => one.from === from && one.round === round && one.step === step)) return context.record(fateOf(id, 'duplicate'))
    const fits = allFinite(values)
    context.record(fits ? admitting(id, 'update', from, round, this.part.name) : fateOf(id, 'rejected', 'not finite'))
    state.come.push({ envelope: id, from, round, examples, step, values: fits ? values : undefined })
    this.#isAt(state, from, round)
    this.lookAgain(state, context)
  }

  /** It is known how far another is. */
  #isAt(state: PeerState, who: Name, round: number): void {
    state.seen.set(who, Math.max(round, state.seen.get(who) ?? 0))
    if (round > state.round && this.missed(who, state.round, round)) state.reached = Math.max(state.reached, round)
  }

  /** What another sends is of a round that is over here: it is told where the others are, unless it takes no part itself. */
  #isBehind(state: PeerState, who: Name, round: number, context: Context): void {
    this.#isAt(state, who, round)
    if (state.phase === 'out') this.lookAgain(state, context)
    else if (state.phase !== 'asking') this.#sayWhere(state, who, context)
  }

  protected lookAgain(state: PeerState, context: Context): void {
    if (state.phase === 'exchanging') this.look(state, context)
    else if (state.phase === 'out' && this.isPassed(state)) this.next(state, context)
  }

  /** Is the round over for others, of which it takes no part? */
  protected isPassed(state: PeerState): boolean {
    return this.partners(state.round).some((who) => this.isThrough(state, who))
  }

  /** Has another said all that it will for this round? */
  protected isThrough({ seen, deaf, round }: PeerState, who: Name): boolean {
    return deaf.has(who) || (seen.get(who) ?? 0) > round
  }

  /** What has come for this round, in the order of coming. */
  protected comeFor({ come, round }: PeerState): readonly Come[] {
    return come.filter((one) => one.round === round)
  }

  /** Where messages are acknowledged: what does not reach another will not be answered by it either. */
  #isDeaf(state: PeerState, { to, message, round }: Unheard, context: Context): void {
    if (message === 'recover' && state.phase === 'asking') return this.#hasSaid(state, to, context)
    if (message !== 'update' || round !== state.round) return
    state.deaf.add(to)
    this.lookAgain(state, context)
  }

  // Coming back.

  /** It has come back from death: to nothing, where it had gone through all rounds. */
  #wakes(state: PeerState, context: Context): void {
    if (state.ended < this.peers.count) return this.#ask(state, context)
    this.#close(state, state.ended, context)
    this.next(state, context)
  }

  /** It has come back, from death or from out of reach: where are the others? */
  #ask(state: PeerState, context: Context): void {
    state.phase = 'asking'
    const { wire, recoveryPatience } = this.terms
    const asked = this.partners(state.ended + 1)
    for (const who of asked) {
      const round = state.ended
      const content: Content = { kind: 'recover', round, part: '', bytes: wire.encodeControl({ kind: 'recover', round }, {}) }
      context.send(who, content)
    }
    state.asked = new Set(asked)
    if (asked.length === 0) return this.#goOn(state, context)
    const enough: PeerMessage = { kind: 'recovered' }
    state.timer = context.after(recoveryPatience, enough)
  }

  /** Another has come back and asks where the others are: what was sent to it for this round may be lost with it. */
  #tellWhere(state: PeerState, { id, from, bytes }: Envelope, context: Context): void {
    const asks = this.terms.wire.decodeControl(bytes, 'recover', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return
    this.#sayWhere(state, from, context)
    if (state.phase === 'exchanging' && state.sent !== undefined) this.sendAgain(state, from, context)
  }

  #sayWhere(state: PeerState, to: Name, context: Context): void {
    const { wire } = this.terms
    const through = state.phase === 'over'
    const round = through ? this.peers.count : state.round
    const body: Whereabouts = { ended: through || state.ended >= round }
    const content: Content = { kind: 'status', round, part: '', bytes: wire.encodeControl({ kind: 'status', round }, body) }
    context.send(to, content)
  }

  /** Sends another once more what it was sent for this round. Nothing where an exchange cannot go on without all. */
  protected sendAgain(_state: PeerState, _to: Name, _context: Context): void {}

  #hear(state: PeerState, { id, from, bytes }: Envelope, context: Context): void {
    const says = this.terms.wire.decodeControl(bytes, 'status', isWhereabouts)
    settleNotice(id, says, context)
    if (!says.ok) return
    const round = Math.min(this.peers.count + 1, says.head.round + (says.body.ended ? 1 : 0))
    this.#isAt(state, from, round)
    if (state.phase !== 'asking') return this.lookAgain(state, context)
    state.reached = Math.max(state.reached, round)
    this.#hasSaid(state, from, context)
  }

  #hasSaid(state: PeerState, who: Name, context: Context): void {
    state.asked.delete(who)
    if (state.asked.size === 0) this.#goOn(state, context)
  }

  /** Begins with the round that the others are in, or the one after its last. */
  #goOn(state: PeerState, context: Context): void {
    state.asked.clear()
    this.#stopTimer(state, context)
    this.next(state, context)
  }

  // A round.

  #enter(state: PeerState, round: number, context: Context): void {
    const { weather } = this.terms
    state.round = round
    state.deaf = new Set()
    state.own = state.sent = state.hops = undefined
    const { name } = this.self
    if (!weather.available(name, context.now, round)) {
      return this.#stayOut(state, context.now + this.#training.cost(round) + this.peers.patience, context)
    }
    this.#train(state, context)
  }

  #train(state: PeerState, context: Context): void {
    const { round, personal, kept } = state
    state.phase = 'training'
    this.#proceed(state, this.#training.begin(round, personal, none, kept), context)
  }

  #proceed(state: PeerState, progress: Progress, context: Context): void {
    const step = this.#training.next(progress, state.optimizers)
    if (step === undefined) return this.#hasTrained(state, progress, context)
    state.computation = context.compute(step.work, step.cost)
    state.progress = progress
  }

  #hasTrained(state: PeerState, progress: Progress, context: Context): void {
    const { terms: { weather, keepsUnfit }, self: { name }, part } = this
    const { round } = state
    const departure = this.#training.finish(progress)
    state.progress = state.computation = undefined
    if (!keepsUnfit && !allFinite(takePart(departure.sent, part))) {
      context.record({ kind: 'unfit', round, part: part.name, updates: [{ client: name, round, staleness: 0 }] })
      return this.#stayOut(state, context.now + this.peers.patience, context)
    }
    state.phase = 'exchanging'
    state.own = departure
    this.wait(state, this.peers.patience, context)
    if (weather.stays(name, context.now, round)) {
      state.sent = poisoned(this.terms, departure, progress.local.received, { client: name, round })
      this.send(state, context)
    } else context.record({ kind: 'unsent', round })
    this.lookAgain(state, context)
  }

  /**
   * It takes no part in the round, which is over for it, and goes on when that must be over for the others: not later than it
   * would have trained and waited. It may be there again before.
   */
  #stayOut(state: PeerState, until: Micros, context: Context): void {
    const { round } = state
    state.phase = 'out'
    state.progress = state.computation = undefined
    this.#settle(state, (one) => one.round === round, 'aborted', context)
    this.#close(state, round, context)
    const { now } = context
    const back = this.terms.weather.awayUntil(this.self.name, now, round)
    this.wait(state, Math.max(1, (back !== undefined && back > now ? Math.min(back, until) : until) - now), context)
    this.isAbsent(state, context)
    this.lookAgain(state, context)
  }

  /** Its patience ends then. */
  protected wait(state: PeerState, longest: Micros, context: Context): void {
    const enough: PeerMessage = { kind: 'patience', round: state.round }
    this.#stopTimer(state, context)
    state.timer = context.after(Math.min(longest, clockEnd - context.now), enough)
  }

  #stopTimer(state: PeerState, context: Context): void {
    if (state.timer !== undefined) context.cancel(state.timer)
    state.timer = undefined
  }

  #hasWaited(state: PeerState, context: Context): void {
    state.timer = undefined
    if (state.phase === 'exchanging') return this.runOut(state, context)
    if (state.phase !== 'out') return
    // The others may be further, and it has not heard of it.
    const goesOn = state.ended < this.peers.count && this.terms.weather.available(this.self.name, context.now, state.ended + 1)
    if (goesOn) this.#ask(state, context)
    else this.next(state, context)
  }

  /** An exchange has ended here. The model is what it has come to, or what was trained where it has come to nothing. */
  protected end(state: PeerState, { outcome, fate, updates, weights, values }: Exchanged, context: Context): void {
    const { round } = state
    const own = state.own!
    const { part } = this
    this.#settle(state, (one) => one.round === round, fate, context)
    const before = this.#valuesOf(takePart(own.sent, part))
    state.personal = outcome === 'closed' ? this.#mixed(own, values) : own.sent
    state.kept = own.kept
    // A leg that sat this round out keeps what it remembers.
    state.optimizers = state.optimizers ? { ...state.optimizers, ...own.optimizers } : own.optimizers
    this.#close(state, round, context, { outcome, updates })
    if (outcome === 'closed') {
      context.record({ kind: 'fold', round, part: part.name, updates, weights, before, after: this.#valuesOf(values) })
    }
    this.next(state, context)
  }

  #valuesOf(values: Float32Array): PartValues {
    return { values, personal: nobody, memory: none }
  }

  #mixed({ sent }: Departure, values: Float32Array): Float32Array {
    if (isWhole(this.part, sent.length)) return values
    const flat = sent.slice()
    putPart(values, this.part, flat)
    return flat
  }

  #close(state: PeerState, round: number, context: Context, ended: Pick<Exchanged, 'outcome' | 'updates'> = { outcome: 'aborted', updates: [] }): void {
    this.#stopTimer(state, context)
    state.ended = round
    context.record({ kind: 'part-close', round, part: this.part.name, ...ended, ends: 'round' })
  }

  /** The next round, or the one that others have reached without it. */
  protected next(state: PeerState, context: Context): void {
    this.#stopTimer(state, context)
    const round = Math.max(state.ended + 1, state.reached)
    if (round > state.ended + 1) this.#close(state, round - 1, context)
    this.#settle(state, (one) => one.round < round, 'late', context)
    if (round > this.peers.count) this.#finish(state, 'late', context)
    else this.#enter(state, round, context)
  }

  #finish(state: PeerState, fate: Fate, context: Context): void {
    this.#stopTimer(state, context)
    if (state.computation !== undefined) context.abandon(state.computation)
    state.phase = 'over'
    state.progress = state.computation = state.own = state.sent = state.hops = undefined
    this.#settle(state, () => true, fate, context)
  }

  /** What came for nothing any more, or has come to something. */
  #settle(state: PeerState, which: (one: Come) => boolean, fate: Fate, context: Context): void {
    if (state.come.length === 0) return
    const left: Come[] = []
    for (const one of state.come) {
      if (!which(one)) left.push(one)
      else if (one.values !== undefined) context.record(fateOf(one.envelope, fate))
    }
    state.come = left
  }

  /** Sends a message about its model. */
  protected sendTo(to: Name, round: number, bytes: Uint8Array, context: Context, attempt = 0): void {
    const content: Content = { kind: 'update', round, part: this.part.name, bytes, attempt, shares: this.terms.wire.shares(bytes) }
    context.send(to, content)
  }

  protected headOf({ round }: PeerState, { examples, steps }: Pick<Departure, 'examples' | 'steps'>): UpdateHead {
    return { kind: 'update', round, examples, steps }
  }
}
