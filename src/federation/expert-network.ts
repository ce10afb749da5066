import type { Behaviour, Context, Received } from '../actors/actor.js'
import type { Envelope } from '../network/envelope.js'
import type { ControlHead, Instructions } from '../network/frame.js'
import type { Content } from '../network/network.js'
import { fateOf } from '../record/happenings.js'
import type { Name } from '../roster/participant.js'
import type { ActorLife } from './life.js'
import {
  type Answer, type Arrival, type CloseNotice, type ExpertMessage, isCloseNotice, isNotice, isOpenNotice, isStandings, type MissedEnding, type Standings,
} from './messages.js'
import {
  close, copyHolding, firstHolding, type Holding, knowAsked, openRound, type Ownership, receive, sendModels, stillToAsk,
  undoneOf,
} from './owner.js'
import type { PartTemplate } from './parts.js'
import { forget } from './coded-exchange.js'
import { beginCohort, rearmCohort } from './secure-aggregation/cohort.js'
import { isMasked } from './secure-aggregation/secure-aggregation.js'
import { beginUnmasking, hearStep, type Outcome, stepRanOut } from './secure-aggregation/steps.js'
import { settleNotice } from './settle-notice.js'
import type { Terms } from './terms.js'

/** An expert network's state: its part, as any owner holds one. Plain data. */
export interface ExpertState {
  readonly holding: Holding
  /** Whom it has sent its part in the round that is open, and what they were told. */
  asked: Asked | undefined
  /** It has come back, and finds out where the others are. */
  recovery: Recovery | undefined
  /** Notices of rounds to come that wait until the sum of this one is unmasked. */
  behind: readonly Received<Arrival>[]
}

interface Asked {
  readonly round: number
  readonly clients: ReadonlySet<Name>
  readonly instructions: Instructions
}

/** The end of a round that it was away for. */
type MissedNotice = Pick<MissedEnding, 'round' | 'notice'>

interface Recovery {
  /** The round that it had kept. */
  readonly kept: number
  readonly patience: number
  /** What came meanwhile, but for answers that are asked for again. */
  readonly waiting: Received<Arrival>[]
  /** What the aggregator has said, once it has. */
  where: { readonly round: number; readonly standings: Standings } | undefined
  /** Clients whose answers were lost with it and are asked for again: for a round that is open, or has ended meanwhile. */
  wants: { readonly clients: Set<Name>; readonly ending: MissedNotice | undefined }
}

/** An opening: whoever has not been sent the part for that round is sent it. */
const open = (state: ExpertState, envelope: Envelope, ownership: Ownership, context: Context): void => {
  const { part, terms } = ownership
  const { holding } = state
  const notice = terms.wire.decodeControl(envelope.bytes, 'open', isOpenNotice)
  const asked = notice.ok ? stillToAsk(holding, notice.head.round, notice.body.selected, terms) : []
  if (!notice.ok || asked.length === 0) {
    settleNotice(envelope.id, notice, context, 'duplicate')
    return
  }
  context.record(fateOf(envelope.id, 'control'))
  const { head } = notice
  openRound(holding, head.round, ownership, context)
  state.asked = { round: head.round, clients: new Set(asked), instructions: head }
  if (part.length > 0) sendModels(holding, asked, head.round, head, ownership, context)
}

/** The end of a round: what is held is folded, or thrown away; under masks, once their sum is unmasked. */
const end = (
  { holding }: ExpertState, envelope: Envelope, ownership: Ownership, context: Context, ended: (round: number, context: Context) => void,
): Outcome | undefined => {
  const { wire, rounds: { admission } } = ownership.terms
  const notice = wire.decodeControl(envelope.bytes, 'close', isCloseNotice)
  const round = notice.ok ? notice.head.round : 0
  const expected = admission.overlapping
    ? !holding.over && round >= holding.round
    : round === holding.round && holding.endings[round] === undefined && !isUnmasking(holding)
  if (!notice.ok || !expected) {
    settleNotice(envelope.id, notice, context, 'duplicate')
    const isOver = notice.ok && notice.body.outcome === 'closed' && hasEnded(holding) && round === holding.round
    if (isOver && isMasked(ownership.terms, ownership.part, round)) ended(round, context)
    return undefined
  }
  context.record(fateOf(envelope.id, 'control'))
  if (notice.body.outcome === 'closed' && isMasked(ownership.terms, ownership.part, round)) {
    return beginUnmasking(holding, round, notice.body, ownership, context)
  }
  close(holding, round, notice.body, ownership, context)
  return undefined
}

/** Has it heard of the end of its round, and waits for what unmasks the sum? */
const isUnmasking = ({ cohort, endings }: Holding): boolean => cohort?.closing !== undefined && endings[cohort.round] === undefined

/**
 * An expert network: coordinates one expert's parameters across clients. At `open` it sends its part to the selected
 * clients, collects what comes back, and folds what it holds when `close` reaches it. Whom it holds may differ from
 * whom the aggregator holds: a fault on one expert is felt by that expert alone. Where rounds overlap, a notice that it
 * missed costs it that fold: what it holds then waits for the next.
 *
 * One that has died and come back asks the aggregator where the round is, and clients for the answers that were lost with
 * it: of the round that is open, and of the one before if that ended while it was away. Until then what comes waits.
 */
export const expertNetwork = (terms: Terms, part: PartTemplate): Behaviour<ExpertState, ExpertMessage> => {
  const ownership: Ownership = { part, terms }
  const { wire, rounds: { admission } } = terms

  const say = (to: Name, head: ControlHead, body: object, context: Context): void => {
    const content: Content = { kind: head.kind, round: head.round, part: part.name, bytes: wire.encodeControl(head, body) }
    context.send(to, content)
  }

  const recover = (state: ExpertState, context: Context): void => {
    const { round } = state.holding
    rearmCohort(state.holding, context)
    say(terms.aggregator, { kind: 'recover', round: hasEnded(state.holding) ? round : Math.max(0, round - 1) }, {}, context)
    const patience = context.after(terms.recoveryPatience, { kind: 'recovered' } satisfies ExpertMessage)
    state.recovery = { kept: round, patience, waiting: [], where: undefined, wants: { clients: new Set(), ending: undefined } }
  }

  /** A client has come back: it is sent this part again, even if it has answered, for it may have to train anew for others. */
  const sendAgain = ({ holding, asked }: ExpertState, client: Name, context: Context): void => {
    if (asked === undefined || asked.round !== holding.round || hasEnded(holding) || !asked.clients.has(client)) return
    if (part.length === 0) return
    sendModels(holding, [client], asked.round, asked.instructions, ownership, context, 1)
  }

  /** A client was sent changes of a model that it does not have. */
  const sendWhole = (state: ExpertState, client: Name, { id, bytes }: Envelope, context: Context): void => {
    const asks = wire.decodeControl(bytes, 'resend', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return
    forget(state.holding, client)
    sendAgain(state, client, context)
  }

  /** The aggregator asks, or a client has come back and says so. */
  const tellWhere = (state: ExpertState, from: Name, { id, bytes }: Envelope, context: Context): void => {
    const { holding } = state
    const asks = wire.decodeControl(bytes, 'recover', isNotice)
    settleNotice(id, asks, context)
    if (!asks.ok) return
    if (from === terms.aggregator) say(from, { kind: 'status', round: holding.round }, { ended: hasEnded(holding) }, context)
    else sendAgain(state, from, context)
  }

  /** The aggregator says where the round is. */
  const hear = (state: ExpertState, { id, bytes }: Envelope, context: Context): void => {
    const { recovery, holding } = state
    const status = wire.decodeControl(bytes, 'status', isStandings)
    const awaited = recovery !== undefined && recovery.where === undefined
    settleNotice(id, status, context, awaited ? 'control' : 'duplicate')
    if (!status.ok || !awaited) return
    const { head: { round }, body: standings } = status
    const { missed } = standings
    recovery.where = { round, standings }
    if (admission.overlapping) {
      if (part.length > 0 && missed !== null && missed.round >= holding.round && !holding.over) {
        const { clients, rounds = [], notice } = missed
        const answers = clients.map((client, i) => [client, rounds[i]] as const)
        // Who is at work for the round that it was in was sent the part as it is now, before the fold that is caught up with.
        for (const [client, its] of standings.working ?? []) if (its === holding.round) knowAsked(holding, client, its)
        return waitFor(state, recovery, notice.outcome === 'closed' ? answers : [], { round: missed.round, notice }, context)
      }
      return part.length === 0 ? isBack(state, recovery, context) : takeUp(state, recovery, context)
    }
    if (part.length === 0) return isBack(state, recovery, context)
    if (missed === null || missed.round < holding.round || (missed.round === holding.round && hasEnded(holding))) {
      return catchUp(state, recovery, context)
    }
    if (missed.round > holding.round) openRound(holding, missed.round, ownership, context)
    if (isMasked(terms, part, missed.round)) {
      // Who would give it shares for another sum of that round gave away single inputs.
      close(holding, missed.round, lostMasks, ownership, context)
      return catchUp(state, recovery, context)
    }
    askAgain(recovery, missed.notice.outcome === 'closed' ? missed.clients : [], missed.round, missed, context)
    goOn(state, recovery, context)
  }

  /**
   * Where rounds overlap: whoever is at work for the round that is open is sent the part again, and whoever has answered with
   * more than reached the aggregator sends that again. What waits there for the fold it waits for here.
   */
  const takeUp = (state: ExpertState, recovery: Recovery, context: Context): void => {
    const { holding } = state
    const { round, standings: { instructions, working = [], held = [] } } = recovery.where!
    openRound(holding, round, ownership, context)
    const others: Name[] = []
    for (const [client, its] of working) {
      if ((holding.answered.get(client) ?? 0) >= its) continue
      knowAsked(holding, client, its)
      if (its === round) others.push(client)
      say(client, { kind: 'resend', round: its }, {}, context)
    }
    if (instructions !== null) sendModels(holding, others, round, instructions, ownership, context, context.incarnation - 1)
    waitFor(state, recovery, held, undefined, context)
  }

  /** Asks for answers of before that were lost with it, and goes on when they are there. */
  const waitFor = (
    state: ExpertState, recovery: Recovery, answers: readonly Answer[], ending: MissedNotice | undefined, context: Context,
  ): void => {
    const { holding } = state
    const lost = answers.filter(([client, its]) => (holding.answered.get(client) ?? 0) < its)
    recovery.wants = { clients: new Set(lost.map(([client]) => client)), ending }
    for (const [client, its] of lost) {
      knowAsked(holding, client, its)
      say(client, { kind: 'resend', round: its }, {}, context)
    }
    goOn(state, recovery, context)
  }

  const askAgain = (
    recovery: Recovery, clients: readonly Name[], round: number, ending: MissedNotice | undefined, context: Context,
  ): void => {
    recovery.wants = { clients: new Set(clients), ending }
    for (const client of clients) say(client, { kind: 'resend', round }, {}, context)
  }

  /** What ended meanwhile has ended here, too: it takes its place in the round that is open. */
  const catchUp = (state: ExpertState, recovery: Recovery, context: Context): void => {
    const { holding } = state
    const { round, standings: { opened, instructions, selected, answered } } = recovery.where!
    if (!opened || instructions === null || round < holding.round || (round === holding.round && hasEnded(holding))) {
      return isBack(state, recovery, context)
    }
    if (round > holding.round) openRound(holding, round, ownership, context)
    const has = new Set(answered)
    const others = selected.filter((client) => !has.has(client))
    state.asked = { round, clients: new Set(selected), instructions }
    const masked = isMasked(terms, part, round)
    // Whoever has keys of this round that it has lost is a dropout; others may still do.
    if (masked) beginCohort(holding, others, selected.length, round, instructions.deadline, ownership, context)
    sendModels(holding, others, round, instructions, ownership, context, context.incarnation - 1)
    askAgain(recovery, masked ? [] : answered.filter((client) => holding.answered.get(client) !== round), round, undefined, context)
    goOn(state, recovery, context)
  }

  /** Goes on once all answers that were asked for are there. */
  const goOn = (state: ExpertState, recovery: Recovery, context: Context): void => {
    const { clients, ending } = recovery.wants
    if (clients.size > 0) return
    if (ending === undefined) return isBack(state, recovery, context)
    close(state.holding, ending.round, ending.notice, ownership, context)
    if (admission.overlapping) takeUp(state, recovery, context)
    else catchUp(state, recovery, context)
  }

  const isBack = (state: ExpertState, { patience, waiting, kept, where }: Recovery, context: Context): void => {
    const { holding } = state
    context.cancel(patience)
    state.recovery = undefined
    context.record({ kind: 'recovered', round: holding.round, kept })
    if (where !== undefined) say(terms.aggregator, { kind: 'status', round: holding.round }, { ended: hasEnded(holding), ready: true }, context)
    for (const received of waiting) behave(state, received, context)
  }

  /** It has waited long enough for what is missing. */
  const runOut = (state: ExpertState, recovery: Recovery, context: Context): void => {
    const { ending } = recovery.wants
    if (ending !== undefined) close(state.holding, ending.round, ending.notice, ownership, context)
    isBack(state, recovery, context)
  }

  /** The round that the aggregator closes is over here. */
  const sayEnded = (round: number, context: Context): void => say(terms.aggregator, { kind: 'status', round }, { ended: true }, context)

  /** What has come of a step of secure aggregation. */
  const settle = (state: ExpertState, outcome: Outcome | undefined, context: Context): ExpertState => {
    const { holding } = state
    if (outcome === undefined || outcome.kind === 'waits' || outcome.kind === 'left out') return state
    const notice: CloseNotice = outcome.kind === 'ended' ? outcome.notice : { outcome: 'aborted', reason: outcome.reason, after: 'aborted' }
    const { round } = holding.cohort!
    close(holding, round, notice, ownership, context)
    // The round is over once all parts are through; of one that broke before its close this is said when that comes.
    if (outcome.kind === 'ended') sayEnded(round, context)
    const { behind } = state
    state.behind = []
    for (const received of behind) behave(state, received, context)
    return state
  }

  const behave: Behaviour<ExpertState, ExpertMessage> = (state, received, context) => {
    const { from, message } = received
    if (message.kind === 'wake') {
      if (message.whole) rearmCohort(state.holding, context)
      else recover(state, context)
      return state
    }
    if (message.kind === 'step') return settle(state, stepRanOut(state.holding, message, ownership, context), context)
    const { recovery } = state
    if (message.kind === 'recovered') {
      if (recovery !== undefined) runOut(state, recovery, context)
      return state
    }
    const { envelope } = message
    switch (envelope.kind) {
      case 'recover':
        tellWhere(state, from, envelope, context)
        return state
      case 'status':
        hear(state, envelope, context)
        return state
      case 'update':
        if (recovery !== undefined && recovery.where === undefined) break
        if (receive(state.holding, envelope, from, ownership, context) === 'asked') return state
        if (recovery !== undefined && recovery.wants.clients.delete(from)) goOn(state, recovery, context)
        return state
      case 'open':
        if (recovery !== undefined) break
        if (isUnmasking(state.holding) && envelope.round > state.holding.round) return putOff(state, { from, message })
        open(state, envelope, ownership, context)
        return state
      case 'close':
        if (recovery !== undefined) break
        if (isUnmasking(state.holding) && envelope.round > state.holding.round) return putOff(state, { from, message })
        return settle(state, end(state, envelope, ownership, context, sayEnded), context)
      case 'resend':
        sendWhole(state, from, envelope, context)
        return state
      case 'model':
      case 'ack':
      case 'probe':
        context.record(fateOf(envelope.id, 'rejected'))
        return state
      case 'keys':
      case 'shares':
      case 'unmask':
        return settle(state, hearStep(state.holding, envelope, from, ownership, context), context)
      default:
        return envelope.kind satisfies never
    }
    recovery.waiting.push({ from, message })
    return state
  }
  return behave
}

/** A round whose end came after its owner had lost what unmasks its sum. */
const lostMasks: CloseNotice = { outcome: 'aborted', reason: 'its owner has lost the keys', after: 'aborted' }

const putOff = (state: ExpertState, received: Received<Arrival>): ExpertState => {
  state.behind = [...state.behind, received]
  return state
}

const hasEnded = ({ round, endings }: Holding): boolean => endings[round] !== undefined

export const expertLife = (terms: Terms, part: PartTemplate): ActorLife<ExpertState, ExpertState, ExpertMessage> => {
  const copyOf = ({ holding, asked, behind }: ExpertState): ExpertState => ({ holding: copyHolding(holding), asked, recovery: undefined, behind })
  return {
    behaviour: expertNetwork(terms, part),
    begin: () => ({ holding: firstHolding(part, terms), asked: undefined, recovery: undefined, behind: [] }),
    checkpoint: copyOf,
    restore: copyOf,
    wake: (whole) => ({ kind: 'wake', whole }),
    recovers: ({ recovery }) => recovery !== undefined,
    undone: ({ holding, recovery, behind }, kept) => {
      const lost = behind.filter((one) => kept?.behind.includes(one) !== true)
      return undoneOf(holding, kept?.holding, [...(recovery?.waiting ?? []), ...lost])
    },
  }
}
