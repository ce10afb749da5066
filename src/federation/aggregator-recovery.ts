import type { Behaviour, Context, Received } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { ControlHead } from '../network/frame.js'
import type { Content } from '../network/network.js'
import type { Name } from '../roster/participant.js'
import type { AggregatorState, Recovery } from './aggregator-state.js'
import { type AggregatorMessage, type Arrival, isNotice, isWhereabouts, type Standings } from './messages.js'
import { type Ownership, sendModels } from './owner.js'
import { forget } from './coded-exchange.js'
import { takePlaces } from './places.js'
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
  /** The owner of another part has unmasked its sum of a round that is to close, or cannot. */
  readonly isThrough: (state: AggregatorState, owner: Name, round: number, context: Context) => AggregatorState
  readonly behave: Behaviour<AggregatorState, AggregatorMessage>
}

type Hears = (state: AggregatorState, from: Name, envelope: Envelope, context: Context) => AggregatorState

/** An aggregator that has come back, and one whose peers have. */
interface AggregatorRecovery {
  recover(state: AggregatorState, context: Context): AggregatorState
  readonly hear: Hears
  /** Keeps what comes meanwhile. */
  keep(state: AggregatorState, recovery: Recovery, received: Received<Arrival>, context: Context): AggregatorState
  /** It has waited long enough. */
  runOut(state: AggregatorState, recovery: Recovery, context: Context): AggregatorState
  readonly tellWhere: Hears
  isBack(state: AggregatorState, who: Name, context: Context): AggregatorState
  readonly sendWhole: Hears
}

/**
 * How an aggregator finds its place again after a crash, and gives others theirs. `placeOf`: of each client among all, where
 * rounds overlap.
 */
export const aggregatorRecovery = (
  ownership: Ownership,
  placeOf: ReadonlyMap<Name, number> | undefined,
  { advance, wake, excuse, isThrough, behave }: Ways,
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
    const peers = admission.overlapping ? [...experts, ...clients] : experts.length > 0 ? experts : clients
    for (const peer of peers) say(peer, { kind: 'recover', round: state.round }, {}, context)
    const patience = waitFor(peers.length, context)
    state.recovery = {
      awaited: new Set(peers), reached: state.round, patience, waiting: [], learnt: new Map(), wanted: undefined, again: [],
    }
    return state
  }

  const waitFor = (awaited: number, context: Context): number => {
    const enough: AggregatorMessage = { kind: 'recovered' }
    return context.after(awaited === 0 ? 0 : terms.recoveryPatience, enough)
  }

  /** A peer says where it is. */
  const hear = (state: AggregatorState, from: Name, { id, bytes }: Envelope, context: Context): AggregatorState => {
    const status = wire.decodeControl(bytes, 'status', isWhereabouts)
    settleNotice(id, status, context)
    if (!status.ok) return state
    const { head: { round }, body: { ended, ready, out, works, answered } } = status
    const { recovery } = state
    if (recovery !== undefined && recovery.awaited.delete(from)) {
      recovery.reached = Math.max(recovery.reached, ended ? round + 1 : round)
      if (answered !== undefined) recovery.learnt.set(from, { round, works, answered })
      return recovery.awaited.size === 0 ? find(state, recovery, context) : state
    }
    if (out === true) return recovery === undefined ? excuse(state, from, round, context) : state
    if (ended && recovery === undefined) isThrough(state, from, round, context)
    return ready === true ? isBack(state, from, context) : state
  }

  /** It knows where its peers are: where rounds overlap it takes their places, and asks for the answers that it has lost. */
  const find = (state: AggregatorState, recovery: Recovery, context: Context): AggregatorState => {
    const { reached, learnt } = recovery
    if (!admission.overlapping || reached > state.round || state.phase === 'idle') return goOn(state, recovery, context)
    const { wanted, lacking } = takePlaces(state, learnt, placeOf!, context.now)
    recovery.wanted = wanted
    sendWhatLacks(state, lacking, context)
    if (wanted.size === 0) return goOn(state, recovery, context)
    for (const [client, round] of wanted) say(client, { kind: 'resend', round }, {}, context)
    context.cancel(recovery.patience)
    recovery.patience = waitFor(wanted.size, context)
    return state
  }

  const sendWhatLacks = ({ holding, round, instructions }: AggregatorState, lacking: readonly Name[], context: Context): void => {
    if (lacking.length === 0 || instructions === undefined) return
    for (const expert of experts) say(expert, { kind: 'open', round, ...instructions }, { selected: lacking }, context)
    sendModels(holding, lacking, round, instructions, ownership, context, context.incarnation - 1)
  }

  const keep = (state: AggregatorState, recovery: Recovery, received: Received<Arrival>, context: Context): AggregatorState => {
    const { from, message: { envelope: { kind, round } } } = received
    const { wanted, again, waiting } = recovery
    if (kind !== 'update' || wanted?.get(from) !== round || !wanted.delete(from)) {
      waiting.push(received)
      return state
    }
    again.push(received)
    return wanted.size === 0 ? goOn(state, recovery, context) : state
  }

  const runOut = (state: AggregatorState, recovery: Recovery, context: Context): AggregatorState =>
    recovery.wanted === undefined ? find(state, recovery, context) : goOn(state, recovery, context)

  /** It goes on where its peers are. */
  const goOn = (state: AggregatorState, { reached, patience, waiting, again }: Recovery, context: Context): AggregatorState => {
    const kept = state.round
    context.cancel(patience)
    state.recovery = undefined
    context.record({ kind: 'recovered', round: reached, kept })
    if (reached > kept || state.phase === 'idle') skipTo(state, reached, context)
    else goOnHere(state, context)
    // What had come up while it waited for an expert network, and was written down so.
    if (state.judging === undefined) comeUp(state, context)
    for (const received of [...again, ...waiting]) behave(state, received, context)
    if (admission.overlapping && state.judging === undefined && state.phase === 'flying') advance(state, { kind: 'available' }, context)
    return state
  }

  /** Rounds have passed of which it knows nothing: it opens the one that its peers are in. */
  const skipTo = (state: AggregatorState, round: number, context: Context): void => {
    for (const client of state.atWork.keys()) state.idle?.add(placeOf!.get(client)!, false)
    state.timers.clear()
    state.atWork.clear()
    Object.assign(state, {
      phase: 'flying', round, since: context.now, opened: undefined, selected: [], refused: [], excused: [], instructions: undefined,
      look: undefined, probing: undefined, roll: undefined, judging: undefined, meanwhile: [], closing: undefined, broken: undefined, attempt: context.incarnation - 1,
    } satisfies Partial<AggregatorState>)
    advance(state, { kind: 'begin' }, context)
  }

  /**
   * It is in the round that it knows. In common rounds whoever was asked is asked again: one that has answered answers again,
   * one that is at work goes on.
   */
  const goOnHere = (state: AggregatorState, context: Context): void => {
    const { round, opened, instructions, atWork } = state
    wake(state, context)
    // What it waits to open, a life before may have opened since: whoever has answered is to answer again.
    if (!admission.overlapping && opened === undefined) state.attempt = context.incarnation - 1
    if (admission.overlapping || opened === undefined || instructions === undefined) return
    sendModels(state.holding, [...atWork.keys()], round, instructions, ownership, context, context.incarnation - 1)
  }

  /** A client has come back: if its answer is waited for, it is asked again. */
  const sendAgain = (state: AggregatorState, client: Name, context: Context): AggregatorState => {
    const { round, instructions, atWork, holding } = state
    if (instructions === undefined || atWork.get(client)?.round !== round) return state
    sendModels(holding, [client], round, instructions, ownership, context, 1)
    return state
  }

  /** A client was sent changes of a model that it does not have. */
  const sendWhole = (state: AggregatorState, client: Name, { id, bytes }: Envelope, context: Context): AggregatorState => {
    const asks = wire.decodeControl(bytes, 'resend', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return state
    forget(state.holding, client)
    return sendAgain(state, client, context)
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
    const working = [...state.atWork].map(([client, work]) => [client, work.round] as const)
    const held = holding.held.map(({ update }) => [update.client, update.round] as const)
    const standings: Standings = {
      opened: opened !== undefined, instructions, selected, answered, missed, ...(admission.overlapping && { working, held }),
    }
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
    if (state.lagging.size === 0) comeUp(state, context)
    return state
  }

  /** The round machine is told what it was not told at its time. */
  const comeUp = (state: AggregatorState, context: Context): void => {
    const { meanwhile } = state
    state.meanwhile = []
    for (const moment of meanwhile) advance(state, moment, context)
  }

  return { recover, hear, keep, runOut, tellWhere, isBack, sendWhole }
}
