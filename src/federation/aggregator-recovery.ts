import type { Behaviour, Context } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { ControlHead } from '../network/frame.js'
import type { Content } from '../network/network.js'
import type { Name } from '../roster/participant.js'
import type { AggregatorState, Recovery } from './aggregator-state.js'
import { type AggregatorMessage, isNotice, isWhereabouts, type Standings } from './messages.js'
import { type Ownership, sendModels } from './owner.js'
import type { Moment } from './rounds/round.js'
import { settleNotice } from './settle-notice.js'

/** What an aggregator does otherwise, and goes on with once it knows where its peers are. */
interface Ways {
  /** Lets the round machine answer to what has happened. */
  readonly advance: (state: AggregatorState, moment: Moment, context: Context) => AggregatorState
  /** Sets timers again that a crash has withdrawn. */
  readonly wake: (state: AggregatorState, context: Context) => AggregatorState
  /** Waits no longer for a client that cannot answer for a round. */
  readonly excuse: (state: AggregatorState, client: Name, round: number, context: Context) => AggregatorState
  readonly behave: Behaviour<AggregatorState, AggregatorMessage>
}

type Hears = (state: AggregatorState, from: Name, envelope: Envelope, context: Context) => AggregatorState

/** An aggregator that has come back, and one whose peers have. */
interface AggregatorRecovery {
  recover(state: AggregatorState, context: Context): AggregatorState
  readonly hear: Hears
  goOn(state: AggregatorState, recovery: Recovery, context: Context): AggregatorState
  readonly tellWhere: Hears
  isBack(state: AggregatorState, who: Name, context: Context): AggregatorState
}

/**
 * How an aggregator finds its place again after a crash, and gives others theirs. `placeOf`: of each client among all, where
 * rounds overlap.
 */
export const aggregatorRecovery = (
  ownership: Ownership,
  placeOf: ReadonlyMap<Name, number> | undefined,
  { advance, wake, excuse, behave }: Ways,
): AggregatorRecovery => {
  const { terms } = ownership
  const { rounds: { admission }, weather, clients: members, experts, wire } = terms

  const say = (to: Name, head: ControlHead, body: object, context: Context): void => {
    const content: Content = { kind: head.kind, round: head.round, part: '', bytes: wire.encodeControl(head, body) }
    context.send(to, content)
  }

  /** It has come back, and what it kept may be of before: it asks its peers where they are. */
  const recover = (state: AggregatorState, context: Context): AggregatorState => {
    const clients = members.filter(({ name }) => weather.available(name, context.now, state.round)).map(({ name }) => name)
    const peers = experts.length > 0 ? experts : clients
    for (const peer of peers) say(peer, { kind: 'recover', round: state.round }, {}, context)
    const enough: AggregatorMessage = { kind: 'recovered' }
    const patience = context.after(peers.length === 0 ? 0 : terms.recoveryPatience, enough)
    state.recovery = { awaited: new Set(peers), reached: state.round, patience, waiting: [] }
    return state
  }

  /** A peer says where it is. */
  const hear = (state: AggregatorState, from: Name, { id, bytes }: Envelope, context: Context): AggregatorState => {
    const status = wire.decodeControl(bytes, 'status', isWhereabouts)
    settleNotice(id, status, context)
    if (!status.ok) return state
    const { head: { round }, body: { ended, ready, out } } = status
    const { recovery } = state
    if (recovery !== undefined && recovery.awaited.delete(from)) {
      recovery.reached = Math.max(recovery.reached, ended ? round + 1 : round)
      return recovery.awaited.size === 0 ? goOn(state, recovery, context) : state
    }
    if (out === true) return recovery === undefined ? excuse(state, from, round, context) : state
    return ready === true ? isBack(state, from, context) : state
  }

  /** It knows where its peers are, or has waited long enough: it goes on there. */
  const goOn = (state: AggregatorState, { reached, patience, waiting }: Recovery, context: Context): AggregatorState => {
    const kept = state.round
    context.cancel(patience)
    state.recovery = undefined
    context.record({ kind: 'recovered', round: reached, kept })
    if (reached > kept || state.phase === 'idle') skipTo(state, reached, context)
    else goOnHere(state, context)
    for (const received of waiting) behave(state, received, context)
    return state
  }

  /** Rounds have passed of which it knows nothing: it opens the one that its peers are in. */
  const skipTo = (state: AggregatorState, round: number, context: Context): void => {
    for (const client of state.atWork.keys()) state.idle?.add(placeOf!.get(client)!, false)
    state.timers.clear()
    state.atWork.clear()
    Object.assign(state, {
      phase: 'flying', round, since: context.now, opened: undefined, selected: [], refused: [], excused: [], instructions: undefined,
      look: undefined, probing: undefined, roll: undefined, judging: undefined, meanwhile: [], attempt: context.incarnation - 1,
    } satisfies Partial<AggregatorState>)
    advance(state, { kind: 'begin' }, context)
  }

  /**
   * It is in the round that it knows. Whoever was asked is asked again: one that has answered answers again, one that is at
   * work goes on.
   */
  const goOnHere = (state: AggregatorState, context: Context): void => {
    const { round, opened, instructions, atWork, idle } = state
    if (admission.overlapping) {
      for (const client of atWork.keys()) idle?.add(placeOf!.get(client)!, false)
      atWork.clear()
      wake(state, context)
      if (state.judging === undefined) advance(state, { kind: 'available' }, context)
      return
    }
    wake(state, context)
    if (opened === undefined || instructions === undefined) return
    sendModels(state.holding, [...atWork.keys()], round, instructions, ownership, context, context.incarnation - 1)
  }

  /** A client has come back: if its answer is waited for, it is asked again. */
  const sendAgain = (state: AggregatorState, client: Name, context: Context): AggregatorState => {
    const { round, instructions, atWork, holding } = state
    if (instructions === undefined || atWork.get(client)?.round !== round) return state
    sendModels(holding, [client], round, instructions, ownership, context, 1)
    return state
  }

  /** An expert network has come back, and asks where the others are: nothing is decided before it is there, too. */
  const tellWhere = (state: AggregatorState, from: Name, { id, bytes }: Envelope, context: Context): AggregatorState => {
    const asks = wire.decodeControl(bytes, 'recover', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return state
    if (!experts.includes(from)) return sendAgain(state, from, context)
    const { round, opened, selected, instructions = null, holding, ended, lagging } = state
    const answered = selected.filter((client) => holding.answered.get(client) === round)
    const missed = ended !== undefined && ended.round > asks.head.round ? ended : null
    const standings: Standings = { opened: opened !== undefined, instructions, selected, answered, missed }
    say(from, { kind: 'status', round }, standings, context)
    const before = lagging.get(from)
    if (before !== undefined) context.cancel(before)
    const enough: AggregatorMessage = { kind: 'recovered', who: from }
    if (state.phase !== 'done') lagging.set(from, context.after(terms.recoveryPatience, enough))
    return state
  }

  /** An expert network is where the round is, or has been waited for long enough. */
  const isBack = (state: AggregatorState, who: Name, context: Context): AggregatorState => {
    const patience = state.lagging.get(who)
    if (patience === undefined) return state
    context.cancel(patience)
    state.lagging.delete(who)
    if (state.lagging.size > 0) return state
    const { meanwhile } = state
    state.meanwhile = []
    for (const moment of meanwhile) advance(state, moment, context)
    return state
  }

  return { recover, hear, goOn, tellWhere, isBack }
}
